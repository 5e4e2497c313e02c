// SPDX-License-Identifier: Apache-2.0
// A home agent and an agent that lends to it, wired together without a network: the home's DebugDesk and Guests at one
// end, a Lender at the other. The process itself is the test's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "agent/daemon/far_names.h"
#include "agent/daemon/guests.h"
#include "agent/daemon/lender.h"

namespace qd::daemon {
namespace {

using namespace control;
using testing::HasSubstr;

const std::string kHome = "10.0.0.1:1", kOther = "10.0.0.2:2";
const ProcessId kServer("server-1"), kEditor("editor-1"), kGuest("editor-1@10.0.0.2:2");

// What is under way goes on when run() is called, as over a network.
class World {
 public:
  World() : lender(lenderPort()), guests(guestsPort()) {
    guests.setOpen(
        [this](const std::string&, serve::LendHandlers handlers) -> Result<std::unique_ptr<serve::LendLink>> {
          ++opened;
          if (unreachable) return fail(ErrorCode::Unavailable, "nobody listens");
          handlers_ = std::move(handlers);
          stream = lender.open([this, at = opened](LendEvent event) {
            if (at == opened) jobs.emplace_back([this, event = std::move(event)] { handlers_.event(event); });
          });
          return std::make_unique<Link>(*this, opened);
        });
    perform(desk.on(ProcessUp{kServer, InstanceId(1), ingest::ProcessKind::Server, "server-1", 60, {"tick"}, 0}, now));
  }

  void run() {
    while (!jobs.empty()) {
      auto job = std::move(jobs.front());
      jobs.pop_front();
      job();
    }
  }
  std::string link() {
    guests.want({{kGuest, kHome}});
    run();
    return order(LinkOrder{{kServer, kGuest}, kHome}).value_or("");
  }
  Result<std::string> order(const DebugOrder& order) {
    DebugActions out;
    auto result = desk.execute(1, "ann", order, now, out);
    perform(std::move(out));
    run();
    return result;
  }
  void homeSays(const ProcessEvent& event) {
    perform(desk.on(event, now));
    run();
  }
  void otherSays(const ProcessEvent& event) {
    lender.tell(event);
    run();
  }
  ingest::LinkGroup group() const { return desk.groups().empty() ? ingest::LinkGroup() : desk.groups().front(); }
  template <class Order>
  std::vector<Order> done() const {  // in the process
    std::vector<Order> out;
    for (const auto& action : performed) {
      if (const auto* one = std::get_if<Order>(&action)) out.push_back(*one);
    }
    return out;
  }

  bool editorLives = true, unreachable = false;
  int opened = 0;
  TimeNs now = 1'000 * kNsPerSecond;
  std::int64_t clock = kNsPerSecond;
  std::string taken;
  DebugDesk desk;
  Lender lender;
  Guests guests;
  Lender::StreamId stream = 0;
  std::vector<DebugAction> ordered;    // to the home's own process
  std::vector<DebugAction> performed;  // at the other agent
  std::vector<ingest::Event> shown;    // there: copies
  std::vector<std::string> lentTo;
  std::vector<Forward> forwards;
  std::deque<std::function<void()>> jobs;

  void cut(const std::string& why) {
    auto over = handlers_.over;
    lender.closed(stream);
    over(why);
    run();
  }

 private:
  class Link final : public serve::LendLink {
   public:
    Link(World& world, int at) : world_(world), at_(at) {}
    bool send(const LendOrder& order) override {
      world_.jobs.emplace_back([&world = world_, at = at_, order] {
        if (at == world.opened) world.lender.order(world.stream, order);
      });
      return true;
    }

   private:
    World& world_;
    const int at_;
  };

  void perform(DebugActions actions) {
    for (const DebugAction& action : actions) {
      std::visit(
          [&]<class One>(const One& one) {
            if constexpr (requires { one.process.value; } && std::is_constructible_v<LendOrder, One>) {
              one.process == kGuest ? guests.order(kGuest, one) : ordered.push_back(one);
            } else if constexpr (std::is_same_v<One, PublishGroup>) {
              guests.publish(one.group);
            } else if constexpr (std::is_same_v<One, PublishBreakpoint>) {
              if (const auto* group = desk.group(one.breakpoint.group)) guests.publish(one.breakpoint, *group);
            }
          },
          action);
    }
  }
  Lender::Port lenderPort() {
    Lender::Port port;
    port.describe = [this](const ProcessId& id) -> std::optional<LentProcess> {
      if (!editorLives || id != kEditor) return std::nullopt;
      return LentProcess{{kEditor, InstanceId(7), ingest::ProcessKind::Editor, "server-1", 60, {"frame"}, 0}, 42};
    };
    port.taken = [this](const ProcessId&) { return taken; };
    port.lent = [this](const ProcessId&, const std::string& home) { lentTo.push_back(home); };
    port.perform = [this](DebugAction action) { performed.push_back(std::move(action)); };
    port.follow = [](const ProcessId&, bool) {};
    port.parameters = [](const ProcessId&) { return std::vector<ingest::ParameterValue>(1); };
    port.publish = [this](ingest::Event event) { shown.push_back(std::move(event)); };
    port.clock = [this] { return clock; };
    return port;
  }
  Guests::Port guestsPort() {
    Guests::Port port;
    port.post = [this](std::function<void()> job) {
      jobs.push_back(std::move(job));
      return true;
    };
    port.tell = [this](const ProcessEvent& event) { perform(desk.on(event, now)); };
    port.forwarded = [this](const std::string&, const Forward& forward) { forwards.push_back(forward); };
    port.groups = [this] { return desk.groups(); };
    port.breakpoints = [this] { return desk.breakpoints(); };
    port.clock = [this] { return clock; };
    return port;
  }

  serve::LendHandlers handlers_;
};

ingest::MemberState stateOf(const ingest::LinkGroup& group, const ProcessId& id) {
  for (const auto& member : group.members) {
    if (member.process == id) return member.state;
  }
  ADD_FAILURE() << id.value << " is no member";
  return {};
}

TEST(Lending, AHitHereStopsTheGuestAtItsTickAndItRunsFirst) {
  World world;
  ASSERT_EQ(world.link(), "group-1");
  ASSERT_EQ(world.group().home, kHome);
  BreakpointOrder wanted;
  wanted.wanted.site = "tick";
  const auto id = world.order(wanted);
  ASSERT_TRUE(id) << id.error().message;
  const auto tell = [&](const ProcessEvent& event) { world.homeSays(event); };
  tell(ArmAnswer{kServer, *id, 1, true, "", 0});
  tell(SiteHit{kServer, 0, *id, 1, true, 500, world.now, {}, {}});
  ASSERT_EQ(world.done<OrderStop>().size(), 1U);
  EXPECT_EQ(world.done<OrderStop>()[0].process, kEditor);
  EXPECT_EQ(world.done<OrderStop>()[0].atTick, std::optional<Tick>(500));
  tell(Parked{kServer, 0, 0, *id, 500, world.now});
  world.otherSays(Parked{kEditor, 0, world.done<OrderStop>()[0].stopId, "", 500, world.now + 5});
  EXPECT_EQ(world.group().state, ingest::GroupState::Stopped);
  EXPECT_TRUE(world.lender.holds(kEditor));
  ASSERT_TRUE(world.order(ResumeOrder{}));
  ASSERT_EQ(world.done<OrderResume>().size(), 1U) << "the follower first";
  EXPECT_FALSE(world.lender.holds(kEditor));
  world.otherSays(Resumed{kEditor, 1, world.now});
  tell(Resumed{kServer, 1, world.now});
  EXPECT_EQ(world.group().state, ingest::GroupState::Running);
}

TEST(Lending, AHitThereStopsWhatIsHere) {
  World world;
  world.link();
  BreakpointOrder wanted;
  wanted.wanted.site = "frame";
  wanted.members = {kGuest};
  const auto id = world.order(wanted);
  ASSERT_TRUE(id) << id.error().message;
  ASSERT_EQ(world.done<ArmSite>().size(), 1U);
  EXPECT_EQ(world.done<ArmSite>()[0].breakpoint.id, *id);
  world.otherSays(ArmAnswer{kEditor, *id, 1, true, "", 0});
  EXPECT_TRUE(world.desk.breakpoints()[0].armed);
  world.otherSays(SiteHit{kEditor, 0, *id, 1, true, 77, world.now, {}, {}});
  ASSERT_EQ(world.ordered.size(), 1U);
  EXPECT_EQ(std::get<OrderStop>(world.ordered[0]).atTick, std::optional<Tick>(77)) << "its domain is the server's here";
  EXPECT_EQ(world.group().leader, kGuest);
}

TEST(Lending, CopiesAreShownThereUnderItsNames) {
  World world;
  world.link();
  ASSERT_FALSE(world.shown.empty());
  const auto group = std::get<ingest::LinkGroup>(world.shown.back());
  EXPECT_EQ(group.id, "group-1@" + kHome);
  EXPECT_EQ(stateOf(group, kEditor), ingest::MemberState::Running);
  EXPECT_EQ(stateOf(group, ProcessId("server-1@" + kHome)), ingest::MemberState::Running);
}

TEST(Lending, ASilentHomeGivesEverythingBack) {
  World world;
  world.link();
  BreakpointOrder wanted;
  wanted.wanted.site = "frame";
  wanted.members = {kGuest};
  const auto id = world.order(wanted);
  world.otherSays(SiteHit{kEditor, 0, *id, 1, true, 77, world.now, {}, {}});
  world.performed.clear();
  world.clock += kLendSilence;
  world.lender.onTime();
  EXPECT_TRUE(world.performed.empty()) << "not before it is over";
  world.clock += 1;
  world.lender.onTime();
  ASSERT_EQ(world.done<DisarmSite>().size(), 1U);
  EXPECT_EQ(world.done<DisarmSite>()[0].breakpoint, *id);
  EXPECT_EQ(world.done<OrderResume>().size(), 1U);
  EXPECT_FALSE(world.lender.lends(kEditor));
  EXPECT_EQ(world.lentTo.back(), "");
  EXPECT_TRUE(std::get<ingest::LinkGroup>(world.shown.back()).removed);
  // What it still says is not obeyed.
  world.performed.clear();
  world.lender.order(world.stream, OrderStop{kEditor, 9, std::nullopt});
  EXPECT_TRUE(world.performed.empty());
}

TEST(Lending, AnAgentThatIsCutOffComesBackAndIsArmedAgain) {
  World world;
  world.link();
  BreakpointOrder wanted;
  wanted.wanted.site = "frame";
  wanted.members = {kGuest};
  const auto id = world.order(wanted);
  world.otherSays(ArmAnswer{kEditor, *id, 1, true, "", 0});
  world.cut("connection reset");
  EXPECT_EQ(stateOf(world.group(), kGuest), ingest::MemberState::Exited);
  EXPECT_FALSE(world.desk.breakpoints()[0].armed);
  world.performed.clear();
  world.guests.onTime();
  EXPECT_EQ(world.opened, 1) << "not at once";
  world.clock += kNsPerSecond;
  world.guests.onTime();
  world.run();
  EXPECT_EQ(world.opened, 2);
  EXPECT_EQ(stateOf(world.group(), kGuest), ingest::MemberState::Running);
  EXPECT_EQ(world.done<ArmSite>().size(), 1U);
}

TEST(Lending, OnlyWhatIsLentMayBeOrdered) {
  World world;
  world.link();
  world.performed.clear();
  world.lender.order(world.stream, OrderStop{ProcessId("server-9"), 1, std::nullopt});
  world.lender.order(world.stream, DisarmSite{ProcessId("server-9"), "bp-1"});
  world.lender.order(world.stream + 5, OrderStop{kEditor, 1, std::nullopt});
  EXPECT_TRUE(world.performed.empty());
}

TEST(Lending, WhatIsTakenIsRefusedWithItsSentence) {
  World world;
  world.taken = "editor-1 is in group-9 of its own agent; unlink that first.";
  EXPECT_EQ(world.link(), "");
  EXPECT_FALSE(world.guests.here(kGuest));
  EXPECT_EQ(world.guests.refusal(kGuest), world.taken);
  EXPECT_FALSE(world.lender.lends(kEditor));
}

TEST(Lending, OrdersAboutACopyGoToItsHome) {
  World world;
  world.link();
  const DebugOrder pause = PauseOrder{"group-1@" + kHome};
  ASSERT_EQ(world.lender.homeOf(pause), kHome);
  EXPECT_EQ(world.lender.homeOf(PauseOrder{"group-1"}), "");
  std::string answer;
  world.lender.forward(kHome, 3, "ben", pause,
                       [&](Result<std::string> result) { answer = result.value_or("refused"); });
  world.run();
  ASSERT_EQ(world.forwards.size(), 1U);
  EXPECT_EQ(std::get<PauseOrder>(world.forwards[0].order).group, "group-1");
  world.guests.answer(kOther, {world.forwards[0].request, true, "", "group-1"});
  world.run();
  EXPECT_EQ(answer, "group-1@" + kHome);
  // One that is never answered says so.
  world.lender.forward(kHome, 3, "ben", pause, [&](Result<std::string> result) { answer = result.error().message; });
  world.run();
  world.guests.beat([](const ProcessId&) { return false; });
  world.clock += 6 * kNsPerSecond;
  world.run();
  world.lender.onTime();
  EXPECT_THAT(answer, HasSubstr("did not answer"));
}

TEST(FarNames, ThereAndBack) {
  const FarNames names{kHome, kOther};
  EXPECT_EQ(names.there(std::string("server-1")), "server-1@" + kHome);
  EXPECT_EQ(names.there("editor-1@" + kOther), "editor-1");
  EXPECT_EQ(names.there(std::string("editor-2@10.0.0.3:3")), "editor-2@10.0.0.3:3");
  for (const std::string id : {"server-1", "editor-1@10.0.0.2:2", "editor-2@10.0.0.3:3", ""}) {
    EXPECT_EQ(names.here(names.there(id)), id);
  }
}

}  // namespace
}  // namespace qd::daemon
