// SPDX-License-Identifier: Apache-2.0
// A game loop in C++ to be stopped by a debugger: counts ticks into the file named by its argument, so that a test sees
// from outside whether it runs. A second thread does the same beside it.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

struct World {
  std::int64_t tick = 0;
  double health = 1;
};

std::int64_t step(World& world) {
  ++world.tick;
  world.health += 0.5;  // line 19: the tests' breakpoint
  return world.tick;
}

// Its pace; no ticks are caught up with after a stop.
std::chrono::steady_clock::time_point nextTick() {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
}

// The test asks for it by a byte in the file; the game goes on after it.
void maybeThrow(int file) {
  char wanted = 0;
  if (pread(file, &wanted, 1, 16) != 1 || wanted == 0) return;
  try {
    throw wanted;
  } catch (char) {
    wanted = 0;
    if (pwrite(file, &wanted, 1, 16) < 0) _exit(1);
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int out = open(argv[1], O_RDWR | O_CREAT, 0600);
  if (out < 0) return 1;
  std::atomic<std::int64_t> beats{0};
  std::thread network([&] {
    while (true) {
      const std::int64_t beat = ++beats;
      if (pwrite(out, &beat, sizeof beat, 8) < 0) _exit(1);
      std::this_thread::sleep_until(nextTick());
    }
  });
  World world;
  while (true) {
    const std::int64_t tick = step(world);
    maybeThrow(out);
    if (pwrite(out, &tick, sizeof tick, 0) < 0) return 1;
    std::this_thread::sleep_until(nextTick());
  }
}
