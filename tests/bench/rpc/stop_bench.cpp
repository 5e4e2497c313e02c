// SPDX-License-Identifier: Apache-2.0
// "Stop order at the peer's probe after a cooperative hit": two processes in one link group, on one agent or each on
// one of its own. The leader notes when it hits its site, the peer when it sees the order in its lane; both clocks are
// the host's monotonic one.
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/link/cluster.h"
#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/rpc/answer.h"
#include "tests/bench/rpc/watcher.h"
#include "tests/bench/scratch.h"

namespace qd::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kStops = 60;

std::optional<double> numberIn(const std::optional<std::string>& line, const char* key) {
  if (!line) return std::nullopt;
  const auto json = nlohmann::json::parse(*line, nullptr, false);
  if (!json.is_object() || !json.contains(key)) return std::nullopt;
  return json[key].get<double>();
}

// One for each of the stops that came about.
std::vector<double> orders(bool apart) {
  const Scratch scratch;
  const std::string socket = scratch / "probe.sock", other = apart ? scratch / "other.sock" : socket;
  Child agent({"quarterdeckd", "--listen", "127.0.0.1:0", "--socket", socket, "--allow-debug"});
  const auto ready = agent.line(20s);
  if (!ready) return {};
  Watcher watcher;
  link::ClusterOptions options;
  options.endpoints = {textIn(*ready, "listen")};
  std::optional<Child> second;
  if (apart) {
    second.emplace(
        std::vector<std::string>{"quarterdeckd", "--listen", "127.0.0.1:0", "--socket", other, "--allow-debug"});
    const auto also = second->line(20s);
    if (!also) return {};
    options.endpoints.push_back(textIn(*also, "listen"));
  }
  Child leader({"qd_load", "--socket", socket, "--role", "leader"});
  Child peer({"qd_load", "--socket", other, "--role", "peer"});
  link::Cluster cluster(std::move(options), watcher);
  cluster.start();
  std::vector<double> ms;
  Answer<std::string> linked;
  if (watcher.processes(2)) cluster.link({ProcessId("leader"), ProcessId("peer")}, linked.done());
  const auto group = linked.get();
  for (int i = 0; group && i < kStops; ++i) {
    const std::size_t before = watcher.stops();
    control::BreakpointOrder order;
    order.wanted.group = *group;
    order.wanted.site = "bench.site";
    order.members = {ProcessId("leader")};
    Answer<std::string> armed, removed, resumed;
    cluster.setBreakpoint(std::move(order), armed.done());
    const auto id = armed.get();
    if (!id) break;
    const auto hit = numberIn(leader.line(10s), "hit_ns"), ordered = numberIn(peer.line(10s), "order_ns");
    if (!hit || !ordered || !watcher.stopAfter(before)) break;
    ms.push_back((*ordered - *hit) / 1e6);
    cluster.removeBreakpoint(*id, removed.done());
    removed.get();
    cluster.resume(*group, resumed.done());
    if (!resumed.get() || !watcher.running()) break;
  }
  return ms;
}

void reportOrders(const Report& report, const std::string& where, const std::vector<double>& ms) {
  report({.name = "stop: order at the peer's probe" + where + ", p50",
          .unit = "ms",
          .value = ms.empty() ? std::nan("") : quantile(ms, 0.5)});
  report({.name = "stop: order at the peer's probe" + where + ", p99",
          .unit = "ms",
          .value = ms.empty() ? std::nan("") : quantile(ms, 0.99),
          .target = 5});
  report({.name = "stop: measured so" + where + ", of " + std::to_string(kStops),
          .unit = "stops",
          .value = static_cast<double>(ms.size()),
          .target = kStops,
          .better = Better::More});
}

}  // namespace

QD_BENCH(stop_order) {
  reportOrders(report, "", orders(false));
  reportOrders(report, " at another agent", orders(true));
}

}  // namespace qd::bench
