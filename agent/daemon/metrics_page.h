// SPDX-License-Identifier: Apache-2.0
// The Prometheus page: the agent's own counters, and the last value of every series without dimensions as
// quarterdeck_series{process,series}. Collects on the exposer's thread by asking the loop thread, which answers between
// two drains. Errors: InvalidArgument, Unavailable when the address cannot be bound.
#pragma once

#include <memory>
#include <string>

#include "agent/daemon/event_loop.h"
#include "agent/daemon/flight_log.h"
#include "agent/daemon/probe_hub.h"
#include "core/serve/server.h"

namespace qd::daemon {

class MetricsPage {
 public:
  // What it points at outlives it.
  static Result<std::unique_ptr<MetricsPage>> start(const std::string& listen, EventLoop& loop, FlightLog& log,
                                                    ProbeHub& hub, const serve::Server& server);
  virtual ~MetricsPage() = default;
};

}  // namespace qd::daemon
