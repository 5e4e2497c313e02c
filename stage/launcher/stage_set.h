// SPDX-License-Identifier: Apache-2.0
// What the launcher starts and in which order: agents, servers, editors, bots. A server and its editors share an agent,
// unless the editors are to be apart: then they are at the next one.
// The private folder with the sockets and the agents' data is removed at the end. Errors are one sentence.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "stage/launcher/children.h"

namespace qd::stage {

struct StageOptions {
  int servers = 2, bots = 40, editors = 1, agents = 1, tickHz = 60;
  bool apart = false;
  std::uint64_t seed = 1;
  std::int64_t forNs = 0;  // 0: until told to stop
  std::string agent = "127.0.0.1:0", impair = "60ms/8ms/1%";
  std::string scenario, scenarioAfter = "5s";  // played by every server
  std::uint32_t scenarioPlayer = 0;
};

class StageSet {
 public:
  StageSet(StageOptions options, int terminationFd);
  ~StageSet();
  std::expected<void, std::string> start();
  std::string readyLine() const;
  // Until the time is over or a signal comes; then stops everything.
  void run();

 private:
  struct Agent {
    std::size_t child;
    std::string listen, socket, data;
  };
  struct Member {
    std::size_t child;
    std::string id, listen;
  };
  std::expected<void, std::string> startAgents();
  std::expected<void, std::string> startServers();
  std::expected<void, std::string> startClients();
  std::expected<void, std::string> awaitAll();
  std::string program(const std::string& name) const;
  void sweep() const;

  StageOptions options_;
  Children children_;
  std::filesystem::path bin_, folder_;
  int lock_ = -1;
  std::int64_t deadlineNs_ = 0;
  std::vector<Agent> agents_;
  std::vector<Member> servers_, editors_;
  std::vector<std::size_t> bots_;
};

}  // namespace qd::stage
