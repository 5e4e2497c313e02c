// SPDX-License-Identifier: Apache-2.0
// N players in one process and on one socket: seeded brains over the same client code as the editor's. One thread.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "stage/client/brain.h"
#include "stage/client/client.h"
#include "stage/runtime/udp.h"

namespace qd::stage {

class BotHost {
 public:
  BotHost(int count, const std::string& secret, std::uint64_t seed, const Endpoint& server);
  std::expected<Endpoint, std::string> open(const ImpairmentSettings& impairment);
  // Until the termination descriptor says so or the time has come. Prints one line once all are in the game.
  void run(int terminationFd, std::int64_t endNs);
  // A JSON object of what happened.
  std::string report();

 private:
  static constexpr std::size_t kParts = 4;  // the bots of a step are spread over it: 200 must not send in one burst
  struct Bot {
    std::unique_ptr<Client> client;
    std::unique_ptr<Brain> brain;
  };
  Client::Send sender(std::int64_t now);
  void receive(BytesView data, std::int64_t now);
  void step(Bot& bot, std::int64_t now);
  void announce(std::int64_t now);

  ImpairedSocket socket_;
  Endpoint server_;
  std::vector<Bot> bots_;
  std::unordered_map<std::uint32_t, Client*> sessions_;
  std::vector<Pose> poses_;
  std::size_t turn_ = 0;
  bool announced_ = false;
};

}  // namespace qd::stage
