// SPDX-License-Identifier: Apache-2.0
// The server's fixed-step loop: deadlines on the monotonic clock, work and sleep measured apart, no catch-up after a
// park, deadlines given up (and counted) when more than five ticks behind. Runs on the calling thread until the
// descriptor of terminationFd() says stop or `forNs` is over.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "stage/server/drill.h"
#include "stage/server/faults.h"
#include "stage/server/mailbox.h"
#include "stage/server/net_host.h"
#include "stage/server/telemetry.h"
#include "stage/server/world.h"

namespace qd::stage {

struct ServerOptions {
  ServerIdentity identity;
  Endpoint listen;
  std::string secret = "stage";
  std::uint64_t seed = 1;
  std::int64_t tickHz = 60;
  std::int64_t forNs = 0;  // 0: until told to stop
  std::size_t maxClients = 512;
  ImpairmentSettings impairment;  // of each direction
  double npcDensity = 1;
  std::int64_t arenaHalfUm = kArenaHalf;
  const Scenario* scenario = nullptr;
  std::int64_t scenarioAfterNs = 5 * kNsPerSecond;
  EntityId scenarioPlayer = 0;
};

class ServerLoop {
 public:
  ServerLoop(const ServerOptions& options, int terminationFd);

  // Binds and opens the probe; returns the bound address.
  std::expected<Endpoint, std::string> open();
  void run();
  // A JSON object of what happened, for tests and benchmarks.
  std::string report();

 private:
  void tick();
  void takeMail();

  ServerOptions options_;
  int terminationFd_;
  Settings settings_;
  World world_;
  Exchange exchange_;
  NetHost net_;
  Telemetry telemetry_;
  Faults faults_;
  Drill drill_;
  Tick tick_ = 0;
  std::int64_t nextNs_ = 0;
  std::size_t mostPlayers_ = 0;
  bool attached_ = false;
  std::vector<Membership> membership_;
  std::vector<Inputs> inputs_;
};

}  // namespace qd::stage
