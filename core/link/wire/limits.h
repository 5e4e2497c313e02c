// SPDX-License-Identifier: Apache-2.0
// What a block of samples off the wire may hold at most, for all who read one.
#pragma once

namespace qd::link {

inline constexpr int kMaxRows = 1 << 17;  // of one block; a batch aims at 1,024
inline constexpr int kMaxColumns = 4096;

}  // namespace qd::link
