// SPDX-License-Identifier: Apache-2.0
// A fleet: up to 200 game processes × 50 series × 20 Hz through real probes into a real agent, watched through the
// product's link with a store behind it. The age of each row when it has become visible in the store, what that costs
// agent and console, and what happens when the machine cannot keep up. The limit of an age is one ping on an open
// stream; what is above it is mostly the agent collecting
// rows into blocks (10 ms) at its drains (every 10 ms).
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <mutex>

#include "core/link/cluster.h"
#include "core/series/store.h"
#include "quarterdeck/v1/quarterdeck.grpc.pb.h"
#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/rpc/fleet_load.h"
#include "tests/bench/scratch.h"
#include "tests/bench/usage.h"

namespace qd::bench {
namespace {

namespace pb = quarterdeck::v1;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

void pauseFor(std::chrono::milliseconds time) {
  const timespec pause{time.count() / 1000, time.count() % 1000 * 1'000'000L};
  nanosleep(&pause, nullptr);
}

double orNan(const std::vector<double>& values, double q) {
  return values.empty() ? std::nan("") : quantile(values, q);
}

// Stands behind the store: how old each row is now that it is visible, and what was lost on the way.
class Ages final : public ingest::EventSink {
 public:
  void on(const ingest::EnvelopePtr& envelope) override {
    const TimeNs now = utcNowNs();
    if (const auto* gap = std::get_if<ingest::Gap>(&envelope->event)) dropped_ += gap->dropped;
    const auto* block = std::get_if<ingest::SampleBlock>(&envelope->event);
    if (block == nullptr) return;
    dropped_ += block->dropped;
    if (!measuring_ || block->ring >= 0x8000) return;  // not the agent's own measures of the host
    for (const auto& column : block->columns) points_ += column.size();
    const std::lock_guard lock(mutex_);
    for (const TimeNs time : block->times) ages_.push_back(static_cast<double>(now - time) / 1e6);
  }
  void measure(bool on) { measuring_ = on; }
  std::vector<double> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ages_, {});
  }
  std::uint64_t points() const { return points_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::atomic<bool> measuring_{false};
  std::atomic<std::uint64_t> points_{0}, dropped_{0};
  std::mutex mutex_;
  std::vector<double> ages_;
};

std::vector<double> pings(const std::string& address, int count) {
  const auto stub = pb::Agent::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 20s);
  const auto stream = stub->SyncClock(&context);
  std::vector<double> out;
  pb::ClockPing ping;
  pb::ClockPong pong;
  for (int i = 0; i <= count; ++i) {
    const auto start = Clock::now();
    if (!stream->Write(ping) || !stream->Read(&pong)) break;
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (i > 0) out.push_back(ms);  // the first one makes the connection
  }
  context.TryCancel();
  return out;
}

// A console of this process, attached to the load.
struct Console {
  explicit Console(const std::string& address) : cluster(optionsFor(address), wired(fan)) { cluster.start(); }
  link::ClusterOptions optionsFor(const std::string& address) {
    link::ClusterOptions options;
    options.endpoints = {address};
    options.backfill = {};
    options.mostLag = Duration{2 * kNsPerSecond};  // as the window asks for
    return options;
  }
  ingest::FanOut& wired(ingest::FanOut& to) {
    to.add(store);
    to.add(ages);
    return to;
  }
  series::Store store;
  Ages ages;
  ingest::FanOut fan;
  link::Cluster cluster;
};

struct Measured {
  std::vector<double> ages;
  double agentCores = std::nan(""), consoleCores = std::nan(""), agentMiB = std::nan("");
  double pointsASecond = 0, dropped = 0;
};

Measured watch(const FleetLoad& load, Console& console, std::chrono::milliseconds time) {
  const Usage agent = usageOf(load.agent()), self = usageOf(getpid());
  const std::uint64_t points = console.ages.points(), dropped = console.ages.dropped();
  const auto start = Clock::now();
  console.ages.take();
  console.ages.measure(true);
  pauseFor(time);
  console.ages.measure(false);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const Usage agentAfter = usageOf(load.agent()), selfAfter = usageOf(getpid());
  return {console.ages.take(),
          (agentAfter.cpuSeconds - agent.cpuSeconds) / seconds,
          (selfAfter.cpuSeconds - self.cpuSeconds) / seconds,
          agentAfter.residentMiB,
          static_cast<double>(console.ages.points() - points) / seconds,
          static_cast<double>(console.ages.dropped() - dropped)};
}

void reportAges(const Report& report, const std::string& who, const Measured& measured, const std::vector<double>& raw,
                bool budget) {
  report({.name = "fleet: sample to store, " + who + ", p50",
          .unit = "ms",
          .value = orNan(measured.ages, 0.5),
          .limit = orNan(raw, 0.5)});
  Figure p99{.name = "fleet: sample to store, " + who + ", p99",
             .unit = "ms",
             .value = orNan(measured.ages, 0.99),
             .limit = orNan(raw, 0.99)};
  if (budget) p99.target = 50;
  report(p99);
}

}  // namespace

QD_BENCH(fleet_latency) {
  double one = std::nan("");
  for (const int processes : {1, 10, 50, 100, 200}) {
    const FleetLoad load({.processes = processes});
    if (!load.ready()) {
      report({.name = "fleet: the load did not start", .value = std::nan(""), .target = 0});
      return;
    }
    Console console(load.address());
    pauseFor(2000ms);
    const std::vector<double> raw = pings(load.address(), 200);
    const Measured measured = watch(load, console, 4000ms);
    const std::string who = std::to_string(processes) + (processes == 1 ? " process" : " processes");
    reportAges(report, who, measured, raw, processes == 200);
    if (processes == 1) one = orNan(measured.ages, 0.99);
    if (processes != 200) continue;
    report(
        {.name = "fleet: p99 of 200 processes beside 1", .unit = "times", .value = orNan(measured.ages, 0.99) / one});
    report({.name = "fleet: points arriving, 200 processes",
            .unit = "points/s",
            .value = measured.pointsASecond,
            .limit = 200.0 * 50 * 20,
            .better = Better::More});
    report({.name = "fleet: dropped, 200 processes", .unit = "points", .value = measured.dropped, .target = 0});
    report({.name = "fleet: agent, 200 processes", .unit = "cores", .value = measured.agentCores});
    report({.name = "fleet: console without window, 200 processes",
            .unit = "cores",
            .value = measured.consoleCores,
            .target = 1});
    report({.name = "fleet: agent and console, 200 processes",
            .unit = "cores",
            .value = measured.agentCores + measured.consoleCores,
            .target = 1});
  }
}

// Ten times the load of the budget, more than two cores can do: what comes must still be of now.
QD_BENCH(fleet_overload) {
  const FleetLoad load({.processes = 200, .hz = 200});
  if (!load.ready()) return;
  Console console(load.address());
  pauseFor(3000ms);
  std::vector<double> worst;
  double dropped = 0, points = 0;
  for (int i = 0; i < 3; ++i) {
    const Measured measured = watch(load, console, 3000ms);
    worst.push_back(orNan(measured.ages, 0.99));
    dropped += measured.dropped;
    points = measured.pointsASecond;
  }
  report({.name = "overload (2 M points/s): arriving", .unit = "points/s", .value = points, .limit = 2e6});
  report({.name = "overload: dropped and told", .unit = "points", .value = dropped});
  report({.name = "overload: sample to store, p99, first 3 s", .unit = "ms", .value = worst.front()});
  report({.name = "overload: sample to store, p99, third 3 s", .unit = "ms", .value = worst.back(), .target = 3000});
}

QD_BENCH(agent_overhead) {
  const FleetLoad load({.processes = 10, .hz = 60});
  if (!load.ready()) return;
  pauseFor(1000ms);
  const Usage before = usageOf(load.agent());
  pauseFor(5000ms);
  const Usage alone = usageOf(load.agent());
  Console console(load.address());
  pauseFor(1000ms);
  const Measured watched = watch(load, console, 5000ms);
  report({.name = "agent: 10 x 50 x 60 Hz, nobody watching",
          .unit = "% of a core",
          .value = (alone.cpuSeconds - before.cpuSeconds) / 5 * 100,
          .target = 2});
  report({.name = "agent: 10 x 50 x 60 Hz, one console at full rate",
          .unit = "% of a core",
          .value = watched.agentCores * 100});
  report({.name = "agent: memory of its own", .unit = "MiB", .value = watched.agentMiB, .target = 64});
}

QD_BENCH(fleet_push) {
  constexpr int kProcesses = 200, kRounds = 40;
  const FleetLoad load({.processes = kProcesses, .hz = 20});
  if (!load.ready()) return;
  Console console(load.address());
  pauseFor(1500ms);
  const std::vector<double> raw = pings(load.address(), 200);
  std::vector<double> spent;
  std::mutex mutex;
  std::condition_variable changed;
  for (int i = 0; i < kRounds; ++i) {
    pauseFor(std::chrono::milliseconds(20 + i * 7 % 17));
    control::PushOrder order;
    order.pushId = control::newPushId();
    for (int p = 1; p <= kProcesses; ++p) order.targets.push_back(ProcessId(fmt::format("game-{:03}", p)));
    order.assignments = {{"weather.intensity", Value(0.2 + 0.01 * (i % 10)), {}}};
    order.who = "bench";
    const auto start = Clock::now();
    auto state = std::make_shared<std::optional<bool>>();
    console.cluster.push(std::move(order), [&, state](Result<std::vector<ingest::PushResult>> results) {
      const std::lock_guard lock(mutex);
      *state = results && results->size() == kProcesses &&
               std::ranges::all_of(*results, [](const auto& r) { return r.status == ingest::PushStatus::Applied; });
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, 10s, [&] { return state->has_value(); })) break;
    if (**state) spent.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  constexpr double kTickMs = 1000.0 / 20;
  report({.name = "push: 200 processes, acknowledged, p50",
          .unit = "ms",
          .value = orNan(spent, 0.5),
          .limit = orNan(raw, 0.5)});
  report({.name = "push: 200 processes (ticks of 50 ms), p99",
          .unit = "ms",
          .value = orNan(spent, 0.99),
          .limit = kTickMs,
          .target = kTickMs + 15});
  report({.name = "push: to 200 applied, of " + std::to_string(kRounds),
          .unit = "pushes",
          .value = static_cast<double>(spent.size()),
          .target = kRounds,
          .better = Better::More});
}

}  // namespace qd::bench
