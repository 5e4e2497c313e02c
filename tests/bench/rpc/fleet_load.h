// SPDX-License-Identifier: Apache-2.0
// A real agent and a real load on it (qd_load), for as long as the object lives.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>

#include "tests/bench/child.h"
#include "tests/bench/scratch.h"

namespace qd::bench {

struct LoadShape {
  int processes = 200, series = 50, hz = 20, players = 4;
};

class FleetLoad {
 public:
  explicit FleetLoad(const LoadShape& shape) {
    const std::string socket = scratch_ / "probe.sock";
    agent_ = std::make_unique<Child>(std::vector<std::string>{"quarterdeckd", "--listen", "127.0.0.1:0", "--socket",
                                                              socket, "--data", scratch_ / "data", "--allow-debug"});
    const auto address = agent_->line(std::chrono::seconds(20));
    if (!address) return;
    address_ = textIn(*address, "listen");
    load_ = std::make_unique<Child>(std::vector<std::string>{
        "qd_load", "--socket", socket, "--processes", std::to_string(shape.processes), "--series",
        std::to_string(shape.series), "--hz", std::to_string(shape.hz), "--players", std::to_string(shape.players)});
    ready_ = load_->line(std::chrono::seconds(30)).has_value();
  }
  bool ready() const { return ready_; }
  const std::string& address() const { return address_; }
  pid_t agent() const { return agent_->pid(); }
  std::string socket() const { return scratch_ / "probe.sock"; }

 private:
  Scratch scratch_;
  std::unique_ptr<Child> agent_, load_;
  std::string address_;
  bool ready_ = false;
};

}  // namespace qd::bench
