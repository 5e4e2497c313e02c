// SPDX-License-Identifier: Apache-2.0
// The server's network thread: the hub on a real socket, with the impairments of both directions. It goes on while the
// simulation is parked at a breakpoint: it acknowledges, keeps time and resends the frame at which the simulation
// stands, marked as parked, so that players stay connected and an editor can run up to exactly that tick.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "stage/netcode/hub.h"
#include "stage/server/mailbox.h"

namespace qd::stage {

class NetHost {
 public:
  NetHost(Exchange& exchange, const Key& secret, std::uint64_t seed, std::size_t maxClients);
  ~NetHost();
  std::expected<Endpoint, std::string> open(const Endpoint& local, const PathSettings& faults);
  void start();
  void stop();

 private:
  HubOutput outputs();
  void run();
  void orders();

  Exchange& exchange_;
  ImpairedSocket socket_;
  Hub hub_;
  std::int64_t nowNs_ = 0, nextParkedSendNs_ = 0, nextReportNs_ = 0;
  std::vector<ToNetwork> orders_;
  std::thread thread_;
};

}  // namespace qd::stage
