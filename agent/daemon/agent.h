// SPDX-License-Identifier: Apache-2.0
// quarterdeckd without its command line: the log, the probes, the gRPC service and the metrics page, wired together.
// start() binds everything; run() is the loop, on the calling thread, until stop() (from any thread or a signal).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "agent/daemon/adopter.h"
#include "agent/daemon/flight_log.h"
#include "agent/daemon/source_driver.h"
#include "core/serve/server.h"

namespace qd::daemon {

struct AgentConfig {
  serve::ServerConfig serve;
  std::string socket;
  std::filesystem::path data;  // empty: what is kept goes with the process
  std::string probeListen;     // HOST:PORT for probes over TCP; empty: none
  std::string probeToken;      // what they must know; empty: nothing
  std::string metrics;         // HOST:PORT; empty: none
  std::string etcd;            // HOST:PORT of the cluster's shared state; empty: the data folder's own
  LogLimits log;
  std::vector<DebuggerRule> debuggers;
  std::vector<AdoptedProcess> adopted;
  std::int64_t scrapeEveryNs = kNsPerSecond;
  std::string version;
};

class Agent {
 public:
  static Result<std::unique_ptr<Agent>> start(const AgentConfig& config);
  virtual ~Agent() = default;
  virtual std::string address() const = 0;
  virtual std::string probeAddress() const = 0;  // of probeListen, as bound
  virtual void run() = 0;
  virtual void stop() = 0;
};

}  // namespace qd::daemon
