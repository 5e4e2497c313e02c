// SPDX-License-Identifier: Apache-2.0
// A few simulated processes that obey a DebugDesk as a probe does: ticks, parks at boundaries, epochs, orders and
// events that are on their way for a while (in order per process), and a probe's own way out when nobody holds it.
// Random, but the same for the same seed.
#pragma once

#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/control/debug_desk.h"

namespace qd::control {

inline constexpr TimeNs kStart = 1'700'000'000 * kNsPerSecond;

struct SimProcess {
  ProcessId id;
  ingest::ProcessKind kind = ingest::ProcessKind::Server;
  std::string domain;
  Tick behind = 0;  // an editor shows the past
  // state of the probe
  bool alive = true;
  bool stalled = false;  // shows no new frame
  InstanceId instance{1};
  bool parked = false;
  bool hitPending = false;
  std::string hitBreakpoint;
  std::uint64_t epoch = 0;
  std::uint64_t stopId = 0;
  std::optional<Tick> stopTick;
  Tick tick = 100;
  TimeNs lastHeld = 0, parkedAt = 0;
  TimeNs standsSince = 0;
  std::map<std::string, std::uint64_t> armed;         // breakpoint to revision
  std::deque<std::pair<TimeNs, DebugAction>> orders;  // when they arrive
  std::deque<std::pair<TimeNs, ProcessEvent>> events;
};

class Sim {
 public:
  explicit Sim(unsigned seed = 1) : random(seed) {}

  SimProcess& add(const std::string& id, ingest::ProcessKind kind, const std::string& domain, Tick behind = 0) {
    SimProcess process;
    process.id = ProcessId(id);
    process.kind = kind;
    process.domain = domain;
    process.behind = behind;
    process.tick = 100 - behind;
    auto& kept = processes.emplace(process.id, std::move(process)).first->second;
    up(kept);
    return kept;
  }
  void up(SimProcess& p) { p.events.emplace_back(now, ProcessUp{p.id, p.instance, p.kind, p.domain, 60, {"site"}}); }

  // One step of 1/60 s for every process, and whatever is due.
  void step() {
    now += 16'666'667;
    for (auto& [id, p] : processes) {
      if (p.alive && !p.stalled) run(p);
    }
    for (auto& [id, p] : processes) deliverEvents(p);
    while (const auto next = desk.nextDeadline()) {
      if (*next > now) break;
      act(desk.onTime(now));
    }
    for (auto& [id, p] : processes) {
      if (desk.holds(id)) p.lastHeld = now;
    }
  }
  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
  }

  Result<std::string> order(const DebugOrder& order) {
    DebugActions out;
    auto answer = desk.execute(1, "ann", order, now, out);
    act(std::move(out));
    return answer;
  }
  std::string linkAll() {
    LinkOrder link;
    for (const auto& [id, p] : processes) link.members.push_back(id);
    return order(link).value_or("");
  }
  Result<std::string> arm() {
    BreakpointOrder breakpoint;
    breakpoint.wanted.site = "site";
    return order(breakpoint);
  }

  // The site is passed, with its condition fulfilled.
  void hit(SimProcess& p) {
    if (p.armed.empty() || p.parked || !p.alive || p.hitPending) return;
    p.hitPending = true;
    p.hitBreakpoint = p.armed.begin()->first;
    emit(p, SiteHit{p.id, p.epoch, p.hitBreakpoint, 1, true, p.tick + 1, now, {}, {{"hp", std::int64_t{3}}}});
  }
  void kill(SimProcess& p) {
    p.alive = p.parked = p.hitPending = false;
    p.stopTick.reset();
    p.armed.clear();
    p.orders.clear();
    emit(p, ProcessDown{p.id, "killed"});
  }
  void restart(SimProcess& p) {
    p.alive = true;
    ++p.instance.value;
    p.epoch = 0;
    const auto server = processes.find(ProcessId(p.domain));
    if (p.kind == ingest::ProcessKind::Editor && server != processes.end()) p.tick = server->second.tick - p.behind;
    up(p);
  }

  ingest::LinkGroup group() const { return desk.groups().at(0); }
  SimProcess& at(const std::string& id) { return processes.at(ProcessId(id)); }

  TimeNs now = kStart;
  DebugDesk desk;
  std::map<ProcessId, SimProcess> processes;
  std::vector<ingest::Hit> hits;
  std::vector<std::string> audits;
  std::vector<ingest::GroupState> states;
  std::vector<ProcessId> resumed;  // in the order of the orders
  TimeNs maxDelay = 0;             // of orders and events
  int orphans = 0;                 // how often a process had to free itself: the agent lives, so never
  std::mt19937 random;

 private:
  TimeNs later(TimeNs atLeast) {
    const TimeNs delay = maxDelay == 0 ? 0 : std::uniform_int_distribution<TimeNs>(0, maxDelay)(random);
    return std::max(atLeast, now + delay);
  }
  void emit(SimProcess& p, ProcessEvent event) {
    p.events.emplace_back(later(p.events.empty() ? 0 : p.events.back().first), std::move(event));
  }

  void run(SimProcess& p) {
    while (!p.orders.empty() && p.orders.front().first <= now) {
      obey(p, p.orders.front().second);
      p.orders.pop_front();
    }
    if (p.parked) {
      const bool orphaned = now - std::max(p.lastHeld, p.parkedAt) > 2 * kNsPerSecond;
      if (orphaned) ++orphans, release(p, false);
      return;
    }
    if (p.kind == ingest::ProcessKind::Editor) {
      const auto server = processes.find(ProcessId(p.domain));
      const Tick newest = server != processes.end() ? server->second.tick : p.tick + 1 + p.behind;
      const bool parkedServer = server != processes.end() && server->second.parked;
      const Tick target = parkedServer ? newest : newest - p.behind;
      // After a stall it jumps, but never past a tick at which it is to stop.
      Tick next = target - p.tick > 20 ? target : std::min(p.tick + 1, target);
      if (p.stopTick && *p.stopTick > p.tick) next = std::min(next, *p.stopTick);
      p.tick = std::max(p.tick, next);
    } else {
      ++p.tick;
    }
    const bool due = p.stopTick && p.tick >= *p.stopTick;
    if (!due && !p.hitPending) return;
    p.parked = true;
    p.parkedAt = now;
    const bool byHit = std::exchange(p.hitPending, false);
    emit(p, Parked{p.id, p.epoch, due ? p.stopId : 0, byHit ? p.hitBreakpoint : "", p.tick, now});
  }

  void release(SimProcess& p, bool asked) {
    p.parked = false;
    ++p.epoch;
    if (!asked) p.stopTick.reset();
    emit(p, Resumed{p.id, p.epoch, now, asked, asked ? "" : "orphaned"});
  }

  void obey(SimProcess& p, const DebugAction& action) {
    if (const auto* stop = std::get_if<OrderStop>(&action)) {
      p.stopId = stop->stopId;
      p.stopTick = stop->atTick.value_or(0);
    } else if (std::holds_alternative<OrderResume>(action)) {
      p.stopTick.reset();
      if (p.parked) release(p, true);
    } else if (const auto* step = std::get_if<OrderStep>(&action)) {
      p.stopId = step->stopId;
      p.stopTick = step->atTick;
      if (p.parked) release(p, true);
    } else if (const auto* site = std::get_if<ArmSite>(&action)) {
      p.armed[site->breakpoint.id] = site->breakpoint.revision;
      emit(p, ArmAnswer{p.id, site->breakpoint.id, site->breakpoint.revision, true, "", 0});
    } else if (const auto* off = std::get_if<DisarmSite>(&action)) {
      p.armed.erase(off->breakpoint);
    }
  }

  void deliverEvents(SimProcess& p) {
    while (!p.events.empty() && p.events.front().first <= now) {
      const ProcessEvent event = std::move(p.events.front().second);
      p.events.pop_front();
      act(desk.on(event, now));
    }
  }

  void send(const ProcessId& process, const DebugAction& action) {
    SimProcess& p = processes.at(process);
    if (!p.alive) return;
    p.orders.emplace_back(later(p.orders.empty() ? 0 : p.orders.back().first), action);
  }

  void act(DebugActions actions) {
    for (const DebugAction& action : actions) {
      if (const auto* stop = std::get_if<OrderStop>(&action)) send(stop->process, action);
      if (const auto* step = std::get_if<OrderStep>(&action)) send(step->process, action);
      if (const auto* arm = std::get_if<ArmSite>(&action)) send(arm->process, action);
      if (const auto* off = std::get_if<DisarmSite>(&action)) send(off->process, action);
      if (const auto* resume = std::get_if<OrderResume>(&action)) {
        resumed.push_back(resume->process);
        send(resume->process, action);
      }
      if (const auto* hit = std::get_if<PublishHit>(&action)) hits.push_back(hit->hit);
      if (const auto* audit = std::get_if<Audit>(&action)) audits.push_back(audit->text);
      if (const auto* group = std::get_if<PublishGroup>(&action)) states.push_back(group->group.state);
    }
  }
};

}  // namespace qd::control
