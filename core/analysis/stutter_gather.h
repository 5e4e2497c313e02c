// SPDX-License-Identifier: Apache-2.0
// Brings together what whyStuttered() judges: the series of one client and its server around a moment, out of a store,
// each sample with the tick that it is about. How the client's samples find their tick: interp.render_tick where it was
// joined, else the server's tick at that time less interp.view_age. Reads the store only; any thread, for a panel off
// the frame path.
#pragma once

#include <optional>

#include "core/analysis/stutter.h"
#include "core/base/error.h"
#include "core/ingest/directory.h"
#include "core/ingest/event_log.h"
#include "core/series/store.h"

namespace qd::analysis {

struct StutterQuestion {
  ProcessId client;  // an editor, or a server: then its first editor; empty: the first editor there is
  // One of the two. A tick: where it was simulated, sent and shown. A time: what the client showed then and what the
  // server did then, which lie one view age apart.
  std::optional<Tick> tick;
  std::optional<TimeNs> time;
  TimeNs reach = 250 * kNsPerMs;        // the window on both sides of the moment
  TimeNs baseline = 10 * kNsPerSecond;  // how much before it says what is usual
};

// Errors: NotFound, in one sentence, where there is no such process, tick or time. `refining`: better data is on its
// way, ask again.
struct Gathered {
  StutterInput input;
  bool refining = false;
};
Result<Gathered> gatherStutter(const series::Store& store, const ingest::Directory& directory,
                               const ingest::EventLog& log, const StutterQuestion& question);

// The names that are read, for whoever loads series selectively.
const std::vector<std::string>& stutterSeries();

}  // namespace qd::analysis
