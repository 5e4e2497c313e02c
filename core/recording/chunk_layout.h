// SPDX-License-Identifier: Apache-2.0
// What both sides of the chunk's coding agree upon. Private to the room.
#pragma once

#include "core/recording/chunk_codec.h"

namespace qd::recording {

enum Rows : std::uint8_t { kEveryRow = 0, kOwnList = 1, kSharedList = 2 };  // where a column's values stand

}  // namespace qd::recording
