// SPDX-License-Identifier: Apache-2.0
// Makes a repaired recording whole in itself: columns without their chunk go, chunks name the columns that are left,
// processes and series that lost their names get new ones, what is derived from columns is made again, and a gap says
// where samples are missing. Private to the room; one thread.
#pragma once

#include "core/recording/repair_copy.h"

namespace qd::recording {

Result<> mendLinks(Database& out, int format, RowCopy& rows, RepairReport& report);

}  // namespace qd::recording
