// SPDX-License-Identifier: Apache-2.0
// qd_load: as many game processes as are asked for, through real probes, on one agent's probe socket. Prints
// {"ready":true,"processes":N} once all are connected, then runs until --for is over or SIGTERM, and prints
// {"samples":…,"dropped":…}. Their ticks are spread evenly over the period.
#include <time.h>

#include <deque>

#include "stage/runtime/cli.h"
#include "stage/runtime/options.h"
#include "tests/bench/load/game.h"
#include "tests/bench/load/stops.h"

namespace qd::load {
namespace {

int run(const Shape& shape, std::int64_t forNs, int terminated) {
  std::deque<Game> games;
  for (int i = 0; i < shape.processes; ++i) games.emplace_back(shape, i);
  const std::uint64_t period = 1'000'000'000ULL / static_cast<std::uint64_t>(shape.hz);
  const std::uint64_t start = qd_now_ns();
  const std::uint64_t count = games.size();
  bool ready = false;
  for (std::uint64_t step = 0;; ++step) {
    const std::uint64_t at = start + step / count * period + step % count * period / count;
    if (forNs > 0 && at - start > static_cast<std::uint64_t>(forNs)) break;
    const timespec due{static_cast<time_t>(at / 1'000'000'000), static_cast<long>(at % 1'000'000'000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
    games[step % count].tick(step / count + 1);
    if (step % count != 0) continue;
    if (stage::terminated(terminated)) break;
    if (!ready && std::ranges::all_of(games, [](const Game& game) { return game.connected(); })) {
      ready = true;
      std::printf("{\"ready\":true,\"processes\":%d}\n", shape.processes);
      std::fflush(stdout);
    }
  }
  std::uint64_t samples = 0, dropped = 0;
  for (const Game& game : games) samples += game.samples(), dropped += game.dropped();
  std::printf("{\"samples\":%lu,\"dropped\":%lu}\n", static_cast<unsigned long>(samples),
              static_cast<unsigned long>(dropped));
  return 0;
}

}  // namespace
}  // namespace qd::load

int main(int argc, char** argv) {
  CLI::App app("Many made-up game processes on one agent", "qd_load");
  qd::load::Shape shape;
  std::string duration, role = "fleet";
  app.add_option("--socket", shape.socket, "the agent's probe socket")->required();
  app.add_option("--processes", shape.processes, "how many")->check(CLI::Range(1, 1000));
  app.add_option("--series", shape.series, "of each, at least three and its players")->check(CLI::Range(3, 4096));
  app.add_option("--hz", shape.hz, "ticks a second, a sample of each series in each")->check(CLI::Range(1, 1000));
  app.add_option("--players", shape.players, "of each process")->check(CLI::Range(0, 1000));
  app.add_option("--for", duration, "such as 30s; without: until SIGTERM");
  app.add_option("--role", role, "leader or peer: the two processes of the stop bench")
      ->check(CLI::IsMember({"fleet", "leader", "peer"}));
  if (const auto code = qd::stage::parse(app, argc, argv)) return *code;
  const auto forNs = duration.empty() ? 0 : qd::stage::parseDuration(duration);
  if (!forNs) return qd::stage::stop(2, forNs.error());
  const int terminated = qd::stage::terminationFd();
  if (role == "leader") return qd::load::runLeader(shape.socket, terminated);
  if (role == "peer") return qd::load::runPeer(shape.socket, terminated);
  return qd::load::run(shape, *forNs, terminated);
}
