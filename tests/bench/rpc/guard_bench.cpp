// SPDX-License-Identifier: Apache-2.0
// How fast guards take a change back, with real agents and real probes: a guard of one process in ticks (its breach to
// its revert), a guard over all in seconds (the last moment at which the breach became visible to the last revert),
// with the console killed in the middle, and with the coordinator killed in the middle. The guard is one that is always
// breached, so that only the time of the machinery counts.
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "core/link/cluster.h"
#include "quarterdeck/v1/quarterdeck.grpc.pb.h"
#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/rpc/fleet_load.h"

namespace qd::bench {
namespace {

namespace pb = quarterdeck::v1;
using namespace std::chrono_literals;

constexpr int kHz = 60, kTicks = 30, kProcesses = 3;

bool within(std::chrono::seconds time, const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    const timespec pause{0, 5'000'000};
    nanosleep(&pause, nullptr);
  }
  return true;
}

// When each push of a change was applied, by the processes' own clocks.
class Applied final : public ingest::EventSink {
 public:
  void on(const ingest::EnvelopePtr& envelope) override {
    const auto* result = std::get_if<ingest::PushResult>(&envelope->event);
    if (result == nullptr || result->status != ingest::PushStatus::Applied) return;
    const std::lock_guard lock(mutex_);
    times_[result->pushId] = result->time;
  }
  // Of the change, forward or back. The number of them, and the last moment.
  std::pair<int, TimeNs> last(const std::string& change, bool back) const {
    const std::lock_guard lock(mutex_);
    std::pair<int, TimeNs> out{0, 0};
    for (const auto& [id, time] : times_) {
      const bool reverts = id.find(".r", change.size()) != std::string::npos;
      if (!id.starts_with(change + ".") || reverts != back) continue;
      ++out.first;
      out.second = std::max(out.second, time);
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, TimeNs> times_;
};

struct Side {
  Side() : load({.processes = kProcesses, .series = 10, .hz = kHz}), cluster(options(), applied) { cluster.start(); }
  link::ClusterOptions options() const {
    link::ClusterOptions out;
    out.endpoints = {load.address()};
    out.tier = link::Tier::Events;
    return out;
  }
  std::unique_ptr<pb::Agent::Stub> stub() const {
    return pb::Agent::NewStub(grpc::CreateChannel(load.address(), grpc::InsecureChannelCredentials()));
  }
  FleetLoad load;
  Applied applied;
  link::Cluster cluster;
};

std::string game(int n) {
  return fmt::format("game-{:03}", n);
}

pb::StartChangeRequest planFor(const std::string& id, int round, bool group, std::uint32_t ticks) {
  pb::StartChangeRequest request;
  auto& plan = *request.mutable_plan();
  plan.set_id(id);
  plan.set_who("bench");
  for (int i = 1; i <= kProcesses; ++i) plan.add_process_ids(game(i));
  auto* value = plan.add_values();
  value->set_name("weather.intensity");
  value->mutable_value()->set_double_value(0.5 + 0.01 * round);
  auto* wave = plan.add_waves();
  wave->set_percent(100);
  wave->set_soak_ns(60'000'000'000);
  auto* guard = plan.add_guards();
  guard->set_series("tick.duration");
  guard->set_above(true);
  guard->set_threshold(0.0001);
  guard->set_ticks(ticks);
  guard->set_group(group);
  return request;
}

pb::ChangeState stateOf(pb::Agent::Stub& stub, const std::string& id) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 5s);
  pb::OrderChangeRequest request;
  request.set_id(id);
  pb::OrderChangeResponse response;
  stub.OrderChange(&context, request, &response);
  return response.changes_size() > 0 ? response.changes(0) : pb::ChangeState();
}

bool start(pb::Agent::Stub& stub, const pb::StartChangeRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 5s);
  pb::ChangeState state;
  return stub.StartChange(&context, request, &state).ok();
}

// A console that has begun the change and is killed as soon as the first value is there.
void byAConsoleThatIsKilled(const Side& side, const std::string& id, int round, bool group) {
  std::vector<std::string> command{
      "qdctl",
      "--agent",
      side.load.address(),
      "rollout",
      "start",
      fmt::format("weather.intensity={}", 0.5 + 0.01 * round),
      "--id",
      id,
      "--wave",
      "100%:60s",
      "--guard",
      fmt::format("{}p99 tick.duration > 0.0001 ms for {} ticks", group ? "together " : "", std::max(kTicks, 60))};
  for (int i = 1; i <= kProcesses; ++i) command.insert(command.end(), {"--process", game(i)});
  const Child console(command);
  if (within(10s, [&] { return side.applied.last(id, false).first > 0; })) ::kill(console.pid(), SIGKILL);
}

double seconds(const Side& side, const std::string& id, int ticks) {
  const TimeNs visible = side.applied.last(id, false).second + ticks * kNsPerSecond / kHz;
  return static_cast<double>(side.applied.last(id, true).second - visible) / 1e9;
}

bool isBack(const Side& side, const std::string& id) {
  return within(20s, [&] { return side.applied.last(id, true).first == kProcesses; });
}

double worst(const std::vector<double>& values) {
  return values.empty() ? std::nan("") : *std::max_element(values.begin(), values.end());
}

void reportTicks(const Report& report, const std::string& what, const std::vector<double>& ticks) {
  report({.name = "guard of a process, breach to revert, worst of " + std::to_string(ticks.size()) + what,
          .unit = "ticks",
          .value = worst(ticks),
          .target = 10});
}

void reportSeconds(const Report& report, const std::string& what, const std::vector<double>& spent) {
  report({.name = "guard over all, breach to last revert, worst of " + std::to_string(spent.size()) + what,
          .unit = "s",
          .value = worst(spent),
          .target = 2});
}

}  // namespace

QD_BENCH(guards) {
  const Side side;
  if (!side.load.ready()) return;
  const auto stub = side.stub();
  for (const bool group : {false, true}) {
    for (const bool killed : {false, true}) {
      std::vector<double> ticks, spent;
      for (int round = 0; round < 5; ++round) {
        const std::string id = fmt::format("g-{}{}{}", group ? 1 : 0, killed ? 1 : 0, round);
        if (killed) {
          byAConsoleThatIsKilled(side, id, round, group);
        } else if (!start(*stub, planFor(id, round, group, kTicks))) {
          continue;
        }
        if (!isBack(side, id)) continue;
        within(10s, [&] { return stateOf(*stub, id).phase() == pb::ChangeState::REVERTED; });
        const auto end = stateOf(*stub, id);
        if (end.breach_tick() > 0) ticks.push_back(static_cast<double>(end.revert_tick() - end.breach_tick()));
        spent.push_back(seconds(side, id, killed ? 60 : kTicks));
      }
      const std::string how = killed ? ", console killed" : "";
      group ? reportSeconds(report, how, spent) : reportTicks(report, how, ticks);
    }
  }
}

QD_BENCH(guards_without_coordinator) {
  const Side peer;
  if (!peer.load.ready()) return;
  const auto theirs = peer.stub();
  std::vector<double> ticks, spent;
  for (int round = 0; round < 6; ++round) {
    const Side home;
    if (!home.load.ready()) return;
    const auto stub = home.stub();
    const bool group = round % 2 == 1;
    const std::string id = fmt::format("k-{}", round);
    auto request = planFor(id, round, group, 60);
    auto* others = request.mutable_plan()->add_peers();
    others->set_endpoint(peer.load.address());
    for (int i = 1; i <= kProcesses; ++i) others->add_process_ids(game(i));
    if (!start(*stub, request)) continue;
    if (!within(10s, [&] { return peer.applied.last(id, false).first == kProcesses; })) continue;
    ::kill(home.load.agent(), SIGKILL);
    const TimeNs killedAt = utcNowNs();
    if (!isBack(peer, id)) continue;
    const auto end = stateOf(*theirs, id);
    if (group) {
      spent.push_back(static_cast<double>(peer.applied.last(id, true).second - killedAt) / 1e9);
    } else if (end.breach_tick() > 0) {
      ticks.push_back(static_cast<double>(end.revert_tick() - end.breach_tick()));
    }
  }
  reportTicks(report, ", coordinator killed", ticks);
  report({.name = "coordinator's end to the last revert elsewhere, worst of " + std::to_string(spent.size()),
          .unit = "s",
          .value = worst(spent),
          .target = 2});
}

}  // namespace qd::bench
