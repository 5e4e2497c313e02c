// SPDX-License-Identifier: Apache-2.0
// What a sample costs the game: 1,000 samples a tick, read by an agent in another process that drains every 10 ms,
// beside the raw limit (the same stores into a prefaulted private ring nobody reads) and a clock read.
#include <benchmark/benchmark.h>
#include <signal.h>
#include <sys/wait.h>

#include <vector>

#include "tests/agent/probe/test_agent.h"

namespace {

using qd::test::TempDir;
using qd::test::TestAgent;

constexpr int kSamples = 1000;

[[noreturn]] void agent_main(const std::string& socket) {
  TestAgent agent(socket);
  if (!agent.attach([] {})) _exit(1);
  std::vector<qd_lane_item> items(4096);
  for (;;) {
    while (qd_lane_read(agent.lane(), 0, items.data(), items.size()) > 0) qd_lane_commit(agent.lane(), 0);
    agent.pump();
    while (agent.next()) {
    }
    poll(nullptr, 0, 10);
  }
}

struct Peer {
  Peer() : pid(fork()) {
    if (pid == 0) agent_main(dir.socket());
    qd_config c = qd::test::server_config(dir.socket());
    char error[256];
    probe = qd_open(&c, error, sizeof error);
    series = qd_series_i64(probe, "tick.duration", "ms", 6);
    attached = qd::test::until([&] {
      qd_tick_begin(probe, ++tick);
      qd_tick_end(probe);
      return qd_connected(probe) != 0;
    });
  }
  ~Peer() {
    qd_close(probe);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  TempDir dir;
  pid_t pid;
  qd_probe* probe = nullptr;
  qd_series series = -1;
  uint64_t tick = 0;
  bool attached = false;
};

// Paced like a game: the ring never fills, and the pause between ticks is not measured.
void ProbeSample(benchmark::State& state) {
  Peer peer;
  if (!peer.attached) {
    state.SkipWithError("the agent's process did not attach");
    return;
  }
  double spent = 0;
  for (auto _ : state) {
    timespec pause{0, 500'000};
    nanosleep(&pause, nullptr);
    const uint64_t start = qd_tick_begin(peer.probe, ++peer.tick);
    for (int i = 0; i < kSamples; i++) qd_sample_i64(peer.probe, peer.series, i);
    const auto took = static_cast<double>(qd_now_ns() - start);
    state.SetIterationTime(took * 1e-9);
    spent += took;
    qd_tick_end(peer.probe);
  }
  qd_stats stats;
  qd_get_stats(peer.probe, &stats);
  state.counters["dropped"] = static_cast<double>(stats.dropped_records);
  state.counters["ns_per_sample"] = spent / (static_cast<double>(state.iterations()) * kSamples);
}
BENCHMARK(ProbeSample)->UseManualTime()->Iterations(2000);

void RawStores(benchmark::State& state) {
  std::vector<uint64_t> ring(2 * 65536, 1);
  uint64_t head = 0, shared = 0;
  double spent = 0;
  for (auto _ : state) {
    timespec pause{0, 500'000};
    nanosleep(&pause, nullptr);
    const uint64_t start = qd_now_ns();
    for (int i = 0; i < kSamples; i++) {
      uint64_t* slot = &ring[2 * (head & 65535)];
      slot[0] = 1;
      slot[1] = static_cast<uint64_t>(i);
      __atomic_store_n(&shared, ++head, __ATOMIC_RELEASE);
    }
    const auto took = static_cast<double>(qd_now_ns() - start);
    state.SetIterationTime(took * 1e-9);
    spent += took;
  }
  benchmark::DoNotOptimize(shared);
  state.counters["ns_per_sample"] = spent / (static_cast<double>(state.iterations()) * kSamples);
}
BENCHMARK(RawStores)->UseManualTime()->Iterations(2000);

void ClockRead(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(qd_now_ns());
}
BENCHMARK(ClockRead);

void DisabledSite(benchmark::State& state) {
  qd_site site{};
  int stops = 0;
  for (auto _ : state) {
    benchmark::ClobberMemory();
    stops += qd_site_enabled(&site);
  }
  benchmark::DoNotOptimize(stops);
}
BENCHMARK(DisabledSite);

void TickWithoutAgent(benchmark::State& state) {
  TempDir dir;
  qd_config c = qd::test::server_config(dir.socket());
  c.reconnect_ns = 1'000'000'000;
  qd_probe* p = qd_open(&c, nullptr, 0);
  const qd_series s = qd_series_i64(p, "n", "", 0);
  uint64_t tick = 0;
  for (auto _ : state) {
    qd_tick_begin(p, ++tick);
    for (int i = 0; i < 50; i++) qd_sample_i64(p, s, i);
    qd_tick_end(p);
  }
  qd_close(p);
}
BENCHMARK(TickWithoutAgent);

}  // namespace
