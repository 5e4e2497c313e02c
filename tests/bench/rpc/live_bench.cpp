// SPDX-License-Identifier: Apache-2.0
// A live cluster: quarterdeck-stage with two servers, 40 bots each and an editor, watched through the product's link
// with store and recorder behind it. Attach, the age of samples when they reach the store, pushes, linked stops, and
// how small the recorder makes the integers that came. The limit of what goes over the wire and back is one ping on an
// open SyncClock stream.
#include <grpcpp/grpcpp.h>

#include <cmath>

#include "core/link/cluster.h"
#include "core/recording/recorder.h"
#include "core/recording/recording.h"
#include "core/series/store.h"
#include "quarterdeck/v1/quarterdeck.grpc.pb.h"
#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/rpc/answer.h"
#include "tests/bench/rpc/watcher.h"
#include "tests/bench/scratch.h"

namespace qd::bench {
namespace {

namespace pb = quarterdeck::v1;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kPushes = 60, kStops = 10;
constexpr double kOneTickMs = 1000.0 / 60;

double msSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

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
    if (i > 0) out.push_back(msSince(start));  // the first one makes the connection
  }
  context.TryCancel();
  return out;
}

// An order lands anywhere within a tick.
void pauseFor(int ms) {
  const timespec pause{ms / 1000, ms % 1000 * 1'000'000L};
  nanosleep(&pause, nullptr);
}

constexpr int kRecordedMs = 30'000;

std::vector<double> pushes(link::Cluster& cluster) {
  std::vector<double> out;
  for (int i = 0; i < kPushes; ++i) {
    pauseFor(20 + i * 7 % 17);
    control::PushOrder order;
    order.pushId = control::newPushId();
    order.targets = {ProcessId("server-1"), ProcessId("server-2")};
    order.assignments = {{"weather.intensity", Value(0.2 + 0.01 * (i % 10)), {}}};
    order.who = "bench";
    Answer<std::vector<ingest::PushResult>> answer;
    const auto start = Clock::now();
    cluster.push(std::move(order), answer.done());
    const auto results = answer.get();
    if (!results) continue;
    const bool applied =
        std::ranges::all_of(*results, [](const auto& r) { return r.status == ingest::PushStatus::Applied; });
    if (applied) out.push_back(msSince(start));
  }
  return out;
}

std::vector<Stop> linkedStops(link::Cluster& cluster, Watcher& watcher) {
  std::vector<Stop> out;
  Answer<std::string> linked;
  cluster.link({}, linked.done());
  const auto group = linked.get();
  if (!group) return out;
  for (int i = 0; i < kStops; ++i) {
    const std::size_t before = watcher.stops();
    control::BreakpointOrder order;
    order.wanted.group = *group;
    order.wanted.site = "tick.begin";
    order.members = {ProcessId("server-1")};
    Answer<std::string> armed, removed, resumed;
    cluster.setBreakpoint(std::move(order), armed.done());
    const auto id = armed.get();
    if (!id) break;
    const auto stop = watcher.stopAfter(before);
    cluster.removeBreakpoint(*id, removed.done());
    removed.get();
    cluster.resume(*group, resumed.done());
    if (!stop || !resumed.get() || !watcher.running()) break;
    out.push_back(*stop);
    pauseFor(200 + i * 7);
  }
  return out;
}

struct Sizes {
  double packed = std::nan(""), file = std::nan("");  // bytes a point
};

// What came from the stage, one kind of its columns alone, as the recorder writes it: packed values with the rows,
// ticks, times and places that they need and their pyramid; and the whole file of it, tables and all.
Sizes sizesOf(const Scratch& scratch, Watcher& watcher, bool doubles) {
  recording::RecorderOptions options;
  options.path = scratch / (doubles ? "doubles.qdrec" : "integers.qdrec");
  options.program = "qd_bench";
  options.queueBytes = std::size_t{2} << 30;
  auto recorder = recording::Recorder::open(std::move(options));
  if (!recorder) return {};
  for (const auto& declaration : watcher.declarations()) (*recorder)->on(declaration);
  for (const auto& envelope : watcher.blocks()) {
    auto copy = std::make_shared<ingest::Envelope>(*envelope);
    auto& block = std::get<ingest::SampleBlock>(copy->event);
    std::erase_if(block.columns, [&](const auto& column) { return (column.values.index() == 1) != doubles; });
    if (!block.columns.empty()) (*recorder)->on(copy);
  }
  if (!(*recorder)->close()) return {};
  const auto file = recording::Recording::open((*recorder)->path());
  const auto info = file ? (*file)->info() : std::unexpected(file.error());
  if (!info || info->points == 0) return {};
  const auto points = static_cast<double>(info->points);
  return {static_cast<double>(info->integerBytes + info->doubleBytes + info->headBytes) / points,
          static_cast<double>(info->bytes) / points};
}

double orNan(const std::vector<double>& values, double q) {
  return values.empty() ? std::nan("") : quantile(values, q);
}

void reportStops(const Report& report, const std::vector<Stop>& stops, double ping) {
  std::vector<double> latency, skew, ticks;
  for (const Stop& stop : stops) {
    latency.push_back(stop.latencyMs);
    skew.push_back(stop.skewMs);
    ticks.push_back(stop.skewTicks);
  }
  report({.name = "stop: skew at most, " + std::to_string(stops.size()) + " stops",
          .unit = "ticks",
          .value = orNan(ticks, 1),
          .target = 0});
  report({.name = "stop: both parked after each other, p50", .unit = "ms", .value = orNan(skew, 0.5)});
  report(
      {.name = "stop: hit to console told both stand, p50", .unit = "ms", .value = orNan(latency, 0.5), .limit = ping});
  report({.name = "stop: hit to console told, slowest", .unit = "ms", .value = orNan(latency, 1), .limit = ping});
}

}  // namespace

QD_BENCH(live_cluster) {
  const Scratch scratch;
  Child stage({"quarterdeck-stage", "--servers", "2", "--bots", "40", "--for", "100s"});
  const auto ready = stage.line(60s);
  const std::string address = ready ? textIn(*ready, "agent") : "";
  recording::RecorderOptions recorderOptions;
  recorderOptions.path = scratch / "live.qdrec";
  recorderOptions.program = "qd_bench";
  const auto recorder = recording::Recorder::open(std::move(recorderOptions));
  if (address.empty() || !recorder) {
    report({.name = "live: the stage did not start", .value = std::nan(""), .target = 0});
    return;
  }
  series::Store store;
  Watcher watcher;
  ingest::FanOut fan;
  fan.add(store);
  fan.add(**recorder);
  fan.add(watcher);
  link::ClusterOptions options;
  options.endpoints = {address};
  options.onCaughtUp = [&watcher](const AgentId&) { watcher.age(true); };
  link::Cluster cluster(std::move(options), fan);
  const auto start = Clock::now();
  cluster.start();
  const bool attached = watcher.firstSample() && watcher.everybody();
  const std::vector<double> raw = pings(address, 200);
  report({.name = "live: attach to first sample",
          .unit = "ms",
          .value = attached ? watcher.attachMs(start) : std::nan(""),
          .limit = orNan(raw, 0.5)});
  // Players have just joined: each brings series of its own, which are declared before their samples are passed on.
  pauseFor(2000);
  report({.name = "live: sample to store while players join, slowest",
          .unit = "ms",
          .value = orNan(watcher.takeAges(), 1)});
  pauseFor(6000);
  const std::vector<double> ages = watcher.takeAges();
  report({.name = "live: sample written to visible in store, p50",
          .unit = "ms",
          .value = orNan(ages, 0.5),
          .limit = orNan(raw, 0.5)});
  report({.name = "live: sample written to visible in store, p99",
          .unit = "ms",
          .value = orNan(ages, 0.99),
          .limit = orNan(raw, 0.99),
          .target = 50});
  const std::vector<double> pushed = pushes(cluster);
  report({.name = "push: 2 processes, acknowledged, p50",
          .unit = "ms",
          .value = orNan(pushed, 0.5),
          .limit = orNan(raw, 0.5)});
  report({.name = "push: 2 processes, acknowledged, p99",
          .unit = "ms",
          .value = orNan(pushed, 0.99),
          .limit = orNan(raw, 0.99),
          .target = kOneTickMs + 15});
  report({.name = "push: acknowledged of " + std::to_string(kPushes),
          .unit = "pushes",
          .value = static_cast<double>(pushed.size()),
          .target = kPushes,
          .better = Better::More});
  reportStops(report, linkedStops(cluster, watcher), orNan(raw, 0.5));
  // Recordings are minutes and hours; in the first seconds the heads of lists weigh more than what is in them.
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  pauseFor(std::max(0, kRecordedMs - static_cast<int>(passed.count())));
  const Sizes integers = sizesOf(scratch, watcher, false), doubles = sizesOf(scratch, watcher, true);
  report({.name = "recorder: integers of the stage, packed",
          .unit = "bytes/pt",
          .value = integers.packed,
          .limit = 8,
          .target = 2});
  report({.name = "recorder: integers of the stage, the file of these seconds",
          .unit = "bytes/pt",
          .value = integers.file});
  report({.name = "recorder: doubles of the stage, packed", .unit = "bytes/pt", .value = doubles.packed, .limit = 8});
}

}  // namespace qd::bench
