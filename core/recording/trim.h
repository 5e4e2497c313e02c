// SPDX-License-Identifier: Apache-2.0
// Events reduced to a stretch of time: rows of [from, to], both included. What is trimmed keeps its identity (instance,
// ring, sequence), so that merge puts the parts of a block together again. Pure functions; any thread.
#pragma once

#include <functional>

#include "core/ingest/events.h"

namespace qd::recording {

using KeepSeries = std::function<bool(SeriesIndex)>;  // empty: all

// False: nothing is left. Row order is kept; a block without rows is kept where its first sequence is all it says.
bool trim(ingest::SampleBlock& block, TimeNs from, TimeNs to, const KeepSeries& keep);
bool trim(ingest::FrameBlock& block, TimeNs from, TimeNs to);

// The rows of `block` that `rows` names (ascending indices), its columns reduced to them.
void keepRows(ingest::SampleBlock& block, const std::vector<std::size_t>& rows);

}  // namespace qd::recording
