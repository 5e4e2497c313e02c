// SPDX-License-Identifier: Apache-2.0
// What a sample costs the game: 1,000 samples a tick, read by an agent in another process that drains every 10 ms,
// beside the raw limit (the same stores into a prefaulted private ring nobody reads). Paced like a game: the ring never
// fills, and the pause between ticks is not measured.
#include <signal.h>
#include <sys/wait.h>

#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/agent/probe/test_agent.h"
#include "tests/bench/bench.h"
#include "tests/bench/child.h"

namespace qd::bench {
namespace {

using qd::test::TempDir;
using qd::test::TestAgent;

constexpr int kSamples = 1000;
constexpr int kTicks = 2000;

[[noreturn]] void agentMain(const std::string& socket) {
  TestAgent agent(socket);
  if (!agent.attach([] {})) _exit(1);
  std::vector<qd_lane_item> items(4096);
  for (;;) {
    const uint64_t until = qd_lane_head(agent.lane(), 0);  // as the agent drains
    while (qd_lane_tail(agent.lane(), 0) < until && qd_lane_read(agent.lane(), 0, items.data(), items.size()) > 0)
      qd_lane_commit(agent.lane(), 0);
    agent.pump();
    while (agent.next()) {
    }
    poll(nullptr, 0, 10);
  }
}

struct AgentProcess {
  AgentProcess() : pid(fork()) {
    if (pid == 0) agentMain(dir.socket());
  }
  ~AgentProcess() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  TempDir dir;
  pid_t pid;
};

struct Peer {
  Peer() {
    const qd_config config = qd::test::server_config(agent.dir.socket());
    char error[256];
    probe = qd_open(&config, error, sizeof error);
    series = qd_series_i64(probe, "tick.duration", "ms", 6);
    attached = qd::test::until([&] {
      qd_tick_begin(probe, ++tick);
      qd_tick_end(probe);
      return qd_connected(probe) != 0;
    });
  }
  ~Peer() { qd_close(probe); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  AgentProcess agent;
  qd_probe* probe = nullptr;
  qd_series series = -1;
  uint64_t tick = 0;
  bool attached = false;
};

// ns a sample, one value a tick.
template <class Tick>
std::vector<double> paced(Tick tick) {
  std::vector<double> spent;
  for (int i = 0; i < kTicks; ++i) {
    const timespec pause{0, 500'000};
    nanosleep(&pause, nullptr);
    const uint64_t start = qd_now_ns();
    tick();
    spent.push_back(static_cast<double>(qd_now_ns() - start) / kSamples);
  }
  return spent;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

std::vector<double> rawStores() {
  std::vector<uint64_t> ring(2 * 65536, 1);
  uint64_t head = 0;
  volatile uint64_t shared = 0;
  return paced([&] {
    for (int i = 0; i < kSamples; ++i) {
      uint64_t* slot = &ring[2 * (head & 65535)];
      slot[0] = 1;
      slot[1] = static_cast<uint64_t>(i);
      shared = ++head;
    }
  });
}

}  // namespace

QD_BENCH(probe_sample) {
  Peer peer;
  if (!peer.attached) return;
  const std::vector<double> spent = paced([&] {
    qd_tick_begin(peer.probe, ++peer.tick);
    for (int i = 0; i < kSamples; ++i) qd_sample_i64(peer.probe, peer.series, i);
    qd_tick_end(peer.probe);
  });
  qd_stats stats{};
  qd_get_stats(peer.probe, &stats);
  const std::vector<double> raw = rawStores();
  report({.name = "probe: a sample, mean", .unit = "ns", .value = mean(spent), .limit = mean(raw), .target = 5});
  report({.name = "probe: a sample, p99 over ticks",
          .unit = "ns",
          .value = quantile(spent, 0.99),
          .limit = quantile(raw, 0.99)});
  report({.name = "probe: samples dropped meanwhile",
          .unit = "records",
          .value = static_cast<double>(stats.dropped_records),
          .target = 0});
}

// The same from the kit for Go: its own benchmarks, as `go test -bench` runs them, against an agent in another process.
QD_BENCH(probe_sample_go) {
  const AgentProcess agent;
  setenv("QUARTERDECK_SOCKET", agent.dir.socket().c_str(), 1);
  Child go({"../tests/go-kit-bench", "-test.run=none", "-test.bench=.", "-test.count=5"});
  unsetenv("QUARTERDECK_SOCKET");
  std::map<std::string, std::vector<double>> ns;
  while (const auto line = go.line(std::chrono::seconds(60))) {
    std::istringstream words(*line);
    std::string name, runs, unit;
    double value = 0;
    if (words >> name >> runs >> value >> unit && unit == "ns/op") ns[name.substr(0, name.find('-'))].push_back(value);
  }
  const auto median = [&](const char* name) { return ns[name].empty() ? std::nan("") : quantile(ns[name], 0.5); };
  report({.name = "probe: a sample from Go",
          .unit = "ns",
          .value = median("BenchmarkSample"),
          .limit = median("BenchmarkRawStores"),
          .target = 10});
}

}  // namespace qd::bench
