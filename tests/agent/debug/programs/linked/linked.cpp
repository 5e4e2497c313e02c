// SPDX-License-Identifier: Apache-2.0
// A game process in C++ with a probe, to be debugged by lldb: the other half of linked/main.go. Arguments: ID ONCE_IN
// SEED; a fourth: it is an editor of that server. How often it came to encounter() and went past it stands in the file
// of its name in the folder GAME_COUNTS, so that a test knows it without asking a debugger.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "agent/probe/qd.h"

struct World {
  std::uint64_t tick = 0;
  std::int64_t encounters = 0;
  double threat = 0;
};

struct Counts {
  std::atomic<std::uint64_t> came, passed;
};

Counts* countsOf(const char* id) {
  static Counts nobodyLooks;
  const char* folder = std::getenv("GAME_COUNTS");
  if (!folder) return &nobodyLooks;
  const int fd = ::open((std::string(folder) + "/" + id).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, sizeof(Counts)) != 0) std::exit(1);
  void* there = ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (there == MAP_FAILED) std::exit(1);
  return static_cast<Counts*>(there);
}

void encounter(World& world) {
  ++world.encounters;  // here the process is stopped
  world.threat = 0.5 * world.threat + 1;
}

// For a line that an optimiser moves: nothing of its own remains of the first statement.
int fold(int value) {
  const int nothing = value * 0;  // a line without code when optimised
  return value + nothing;
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  qd_config config{};
  const char* environment = std::getenv("GAME_ENVIRONMENT");
  const char* health = std::getenv("GAME_HEALTH");
  const qd_pair labels[] = {{"environment", environment ? environment : ""},
                            {"timeout.client", "10s"},
                            {"timeout.health", health ? health : ""}};
  config.id = argv[1];
  config.kind = argc > 4 ? QD_KIND_EDITOR : QD_KIND_SERVER;
  if (argc > 4) config.domain = argv[4];
  config.tick_hz = 60;
  config.reconnect_ns = 100'000'000;
  config.labels = labels;
  config.label_count = 3;
  char error[256];
  qd_probe* probe = qd_open(&config, error, sizeof error);
  if (!probe) return std::fprintf(stderr, "%s\n", error), 1;
  const int onceIn = std::atoi(argv[2]);
  std::minstd_rand random(static_cast<unsigned>(std::atoi(argv[3])));
  World world;
  Counts& counts = *countsOf(argv[1]);
  auto next = std::chrono::steady_clock::now();
  while (true) {
    ++world.tick;
    argc > 4 ? (void)qd_frame_begin(probe, world.tick, world.tick << 16, world.tick)
             : (void)qd_tick_begin(probe, world.tick);
    if (onceIn > 0 && random() % static_cast<unsigned>(onceIn) == 0) {
      ++counts.came;
      encounter(world);
      ++counts.passed;
    }
    world.threat += fold(static_cast<int>(world.tick % 2)) * 1e-9;
    argc > 4 ? (void)qd_frame_end(probe) : (void)qd_tick_end(probe);
    // Its pace is a deadline; after a stop it goes on from now.
    next = std::max(next, std::chrono::steady_clock::now()) + std::chrono::microseconds(16'667);
    std::this_thread::sleep_until(next);
  }
}
