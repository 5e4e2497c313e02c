// SPDX-License-Identifier: Apache-2.0
// Every order in which hits, orders, answers and a user's continue can meet, for two and for three processes that stand
// by their debuggers: explored in full, each state once. What must hold in each: nobody is called stopped who runs and
// has nothing on its way that says so; hits open stops, echoes do not; when nothing is on its way any more, all stand
// or all run, and after the lease all run.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/control/debug_desk.h"

namespace qd::control {
namespace {

using ingest::GroupState;
using ingest::MemberState;

constexpr TimeNs kBegin = 1'700'000'000 * kNsPerSecond;

struct Process {
  ProcessId id;
  bool stands = false;
  bool doomed = false;  // may be killed once
  bool dead = false;
  std::uint64_t epoch = 0;
  std::uint64_t standsBy = 0;  // the order; 0: its own hit
  int hitsLeft = 0;
  std::deque<DebugAction> orders;
  std::deque<ProcessEvent> events;
};

struct World {
  DebugDesk desk;
  std::vector<Process> processes;
  int continuesLeft = 0, pausesLeft = 0, deadlinesLeft = 0;
  int hits = 0, stops = 0;
  TimeNs now = kBegin;
  std::string path;  // how it came to this, for a failure

  ingest::LinkGroup group() const { return desk.groups().front(); }
};

std::string keyOf(const World& w) {
  const auto group = w.group();
  std::string key = fmt::format("{} {} {} {} {} {} {}|", static_cast<int>(group.state), group.leader.value,
                                w.continuesLeft, w.pausesLeft, w.deadlinesLeft, w.hits, w.stops);
  for (const auto& m : group.members) key += fmt::format("{} {},", static_cast<int>(m.state), m.skewNs != 0);
  for (const Process& p : w.processes) {
    key += fmt::format("|{}{}{}{} {} {}:", p.stands, p.standsBy, p.doomed, p.dead, p.epoch, p.hitsLeft);
    for (const auto& order : p.orders) {
      const auto* stop = std::get_if<OrderStop>(&order);
      const auto* resume = std::get_if<OrderResume>(&order);
      key += fmt::format("o{}.{}", order.index(),
                         stop     ? stop->stopId
                         : resume ? resume->epoch * 100 + resume->stopId
                                  : 0);
    }
    for (const auto& event : p.events) {
      const auto* parked = std::get_if<Parked>(&event);
      key += fmt::format("e{}.{}", event.index(), parked ? fmt::format("{}.{}", parked->epoch, parked->stopId) : "");
    }
  }
  return key;
}

class Explorer {
 public:
  World begin(int processes, int hitsEach, int continues, int pauses, int deadlines, bool deaths) {
    World w;
    w.continuesLeft = continues, w.pausesLeft = pauses, w.deadlinesLeft = deadlines;
    LinkOrder link;
    for (int i = 0; i < processes; ++i) {
      Process p;
      p.id = ProcessId(fmt::format("p{}", i));
      p.hitsLeft = deaths && i == processes - 1 ? 0 : hitsEach;
      p.doomed = deaths && i == processes - 1;
      // Domains of their own: a source stop is at once, not at a tick.
      (void)w.desk.on(ProcessUp{p.id, InstanceId(1), ingest::ProcessKind::Server, p.id.value, 60, {}}, w.now);
      link.members.push_back(p.id);
      w.processes.push_back(std::move(p));
    }
    DebugActions out;
    EXPECT_TRUE(w.desk.execute(1, "ann", link, w.now, out));
    BreakpointOrder line;
    line.wanted.kind = ingest::BreakpointKind::Source;
    line.wanted.site = "game.cpp";
    line.wanted.line = 7;
    line.members = link.members;
    EXPECT_TRUE(w.desk.execute(1, "ann", line, w.now, out));
    for (const Process& p : w.processes) (void)w.desk.on(ArmAnswer{p.id, "bp-1", 1, true, "", 0}, w.now);
    EXPECT_TRUE(w.desk.breakpoints().front().armed);
    return w;
  }

  void explore(World first) {
    std::vector<World> open;
    open.push_back(std::move(first));
    while (!open.empty() && !::testing::Test::HasFatalFailure()) {
      const World w = std::move(open.back());
      open.pop_back();
      check(w);
      std::vector<World> next = successors(w);
      if (next.empty()) atRest(w);
      for (World& one : next) {
        if (seen_.insert(keyOf(one)).second) open.push_back(std::move(one));
      }
    }
  }
  std::size_t states() const { return seen_.size(); }

 private:
  static void act(World& w, const DebugActions& actions) {
    const auto send = [&](const ProcessId& id, const DebugAction& action) {
      for (Process& p : w.processes) {
        if (p.id == id && !p.dead) p.orders.push_back(action);
      }
    };
    for (const DebugAction& action : actions) {
      if (const auto* stop = std::get_if<OrderStop>(&action)) send(stop->process, action);
      if (const auto* resume = std::get_if<OrderResume>(&action)) send(resume->process, action);
    }
  }

  // As debug::Target does: an order that is obeyed already is answered again.
  static void obey(World& w, Process& p) {
    const DebugAction order = std::move(p.orders.front());
    p.orders.pop_front();
    if (const auto* stop = std::get_if<OrderStop>(&order)) {
      if (!p.stands) p.standsBy = stop->stopId;
      p.stands = true;
      p.events.emplace_back(Parked{p.id, p.epoch, stop->stopId, "", 5, w.now});
    } else if (const auto& go = std::get<OrderResume>(order);
               p.stands && (go.stopId != 0 ? go.stopId == p.standsBy : go.epoch == p.epoch)) {
      p.stands = false;
      p.events.emplace_back(Resumed{p.id, ++p.epoch, w.now, true, ""});
    }
  }

  static void deliver(World& w, Process& p) {
    const ProcessEvent event = std::move(p.events.front());
    p.events.pop_front();
    const GroupState before = w.group().state;
    act(w, w.desk.on(event, w.now));
    const GroupState after = w.group().state;
    const bool opened = (before == GroupState::Running || before == GroupState::Resuming) &&
                        (after == GroupState::Gathering || after == GroupState::Stopped);
    if (opened) ++w.stops;
  }

  static std::vector<World> successors(const World& w) {
    std::vector<World> out;
    const auto fork = [&](const std::string& step) -> World& {
      out.push_back(w);
      out.back().path += " " + step;
      return out.back();
    };
    for (std::size_t i = 0; i < w.processes.size(); ++i) {
      const Process& p = w.processes[i];
      if (!p.stands && !p.dead && p.hitsLeft > 0) {
        World& n = fork("hit" + std::to_string(i));
        Process& q = n.processes[i];
        q.stands = true;
        q.standsBy = 0;
        --q.hitsLeft, ++n.hits;
        SiteHit hit{q.id, q.epoch, "bp-1", 1, true, 5, n.now, {}, {}};
        hit.byDebugger = true;
        q.events.emplace_back(hit);
        q.events.emplace_back(Parked{q.id, q.epoch, 0, "bp-1", 5, n.now});
      }
      if (!p.orders.empty()) {
        World& n = fork("order" + std::to_string(i));
        obey(n, n.processes[i]);
      }
      if (!p.events.empty()) {
        World& n = fork("event" + std::to_string(i));
        deliver(n, n.processes[i]);
      }
      if (p.doomed && !p.dead) {
        World& n = fork("kill" + std::to_string(i));
        Process& q = n.processes[i];
        q.dead = true;
        q.stands = false;
        q.orders.clear();
        q.events.emplace_back(ProcessDown{q.id, "killed"});
      }
    }
    const GroupState state = w.group().state;
    if (w.continuesLeft > 0 && state != GroupState::Running && state != GroupState::Resuming) {
      World& n = fork("continue");
      --n.continuesLeft;
      DebugActions actions;
      (void)n.desk.execute(1, "ann", ResumeOrder{}, n.now, actions);
      act(n, actions);
    }
    if (w.pausesLeft > 0 && state == GroupState::Running) {
      World& n = fork("pause");
      --n.pausesLeft, ++n.hits;
      DebugActions actions;
      (void)n.desk.execute(1, "ann", PauseOrder{}, n.now, actions);
      ++n.stops;
      act(n, actions);
    }
    const auto deadline = w.desk.nextDeadline();
    if (w.deadlinesLeft > 0 && deadline && state != GroupState::Stopped) {
      World& n = fork("late");
      --n.deadlinesLeft;
      n.now = std::max(n.now, *deadline);
      act(n, n.desk.onTime(n.now));
    }
    return out;
  }

  static void check(const World& w) {
    const auto group = w.group();
    for (std::size_t i = 0; i < group.members.size(); ++i) {
      const Process& p = w.processes[i];
      const bool said = group.members[i].state == MemberState::Stopped;
      ASSERT_FALSE(said && !p.stands && !p.dead && p.events.empty())
          << p.id.value << " runs and is called stopped:" << w.path;
    }
    ASSERT_LE(w.stops, w.hits) << "a stop that nobody asked for:" << w.path;
  }

  // Nothing is on its way, and nobody does anything any more.
  static void atRest(World w) {
    const auto group = w.group();
    ASSERT_TRUE(group.state == GroupState::Stopped || group.state == GroupState::Running)
        << static_cast<int>(group.state) << w.path;
    for (const Process& p : w.processes) {
      if (p.dead) continue;
      ASSERT_EQ(p.stands, group.state == GroupState::Stopped) << p.id.value << w.path;
    }
    // The lease runs out; deadlines come as they are due.
    for (int round = 0; round < 40; ++round) {
      const auto deadline = w.desk.nextDeadline();
      if (deadline) w.now = std::max(w.now, *deadline), act(w, w.desk.onTime(w.now));
      for (Process& p : w.processes) {
        while (!p.orders.empty()) obey(w, p);
        while (!p.events.empty()) deliver(w, p);
      }
    }
    ASSERT_EQ(w.group().state, GroupState::Running) << w.path;
    for (const Process& p : w.processes) ASSERT_FALSE(p.stands) << p.id.value << " is left frozen:" << w.path;
  }

  std::unordered_set<std::string> seen_;
};

TEST(EveryInterleaving, OfTwoProcessesThatHitTwiceEach) {
  Explorer explorer;
  explorer.explore(explorer.begin(2, 2, 3, 0, 0, false));
  EXPECT_GT(explorer.states(), 1000U);
}

TEST(EveryInterleaving, WithPausesAndLateAnswers) {
  Explorer explorer;
  explorer.explore(explorer.begin(2, 1, 1, 1, 2, false));
  EXPECT_GT(explorer.states(), 1000U);
}

TEST(EveryInterleaving, OfThreeProcessesOneOfWhichIsKilled) {
  Explorer explorer;
  explorer.explore(explorer.begin(3, 1, 1, 0, 0, true));
  EXPECT_GT(explorer.states(), 1000U);
}

}  // namespace
}  // namespace qd::control
