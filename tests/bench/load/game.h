// SPDX-License-Identifier: Apache-2.0
// One made-up game process of the load generator: a real probe with its own connection and shared-memory lane, so that
// the agent sees what it would see of N processes, although one program drives them all. Series carry the standard
// names first (tick.duration, players.online, …), then fillers. One thread drives all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/probe/qd.h"

namespace qd::load {

struct Shape {
  int processes = 200;
  int series = 50;  // of each, those of players included
  int hz = 20;
  int players = 4;  // of each, with a net.rtt of their own; their ids are unique over the fleet
  std::string socket;
};

class Game {
 public:
  Game(const Shape& shape, int index);
  ~Game();
  Game(const Game&) = delete;
  Game& operator=(const Game&) = delete;

  void tick(std::uint64_t tick);
  bool connected() const { return qd_connected(probe_) != 0; }
  std::uint64_t dropped() const;
  std::uint64_t samples() const { return samples_; }

 private:
  void declare(const Shape& shape);
  std::int64_t noise(std::int64_t width);  // uniform in [0, width)

  const int index_;
  const std::int64_t budgetNs_;
  qd_probe* probe_ = nullptr;
  qd_series duration_ = -1, rate_ = -1, online_ = -1;
  std::vector<qd_series> rtt_, filler_;
  double intensity_ = 0.2;
  std::uint64_t random_, samples_ = 0;
  int players_;
};

}  // namespace qd::load
