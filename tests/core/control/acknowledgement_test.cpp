// SPDX-License-Identifier: Apache-2.0
// The two acknowledgements of a stop: all threads stand (frozen), and whoever holds it can be asked (stopped).
#include <gtest/gtest.h>

#include "core/control/link_group.h"

namespace qd::control {
namespace {

using ingest::StopAck;

const ProcessId kServer("server-1"), kEditor("editor-1");
constexpr TimeNs kNow = 1'000 * kNsPerSecond;

class Acknowledgements : public testing::Test {
 protected:
  StopAck ack(const ProcessId& id) const { return member(id).ack; }
  const ingest::GroupMember& member(const ProcessId& id) const {
    for (const auto& one : group.view().members) {
      if (one.process == id) return one;
    }
    throw std::logic_error(id.value);
  }
  // The server stands at a line by its debugger; the editor was told to.
  std::uint64_t hit() {
    SiteHit event{kServer, 0, "bp-1", 1, true, 50, kNow, {}, {}};
    event.byDebugger = true;
    std::uint64_t stop = 0;
    for (const auto& action : group.on(event, kNow)) {
      if (const auto* order = std::get_if<OrderStop>(&action)) stop = order->stopId;
    }
    return stop;
  }
  LinkGroup group{"g",
                  {{kServer, "server-1", ingest::ProcessKind::Server, 60, 0},
                   {kEditor, "server-1", ingest::ProcessKind::Editor, 60, 0}}};
};

TEST_F(Acknowledgements, ByADebuggerFrozenComesFirst) {
  const auto stop = hit();
  (void)group.on(Parked{kServer, 0, 0, "bp-1", 50, kNow, true}, kNow);
  (void)group.on(Parked{kEditor, 0, stop, "", 48, kNow + 2 * kNsPerMs, true}, kNow);
  EXPECT_EQ(group.view().state, ingest::GroupState::Stopped) << "all stand: nobody waits for what a debugger finds out";
  EXPECT_EQ(ack(kServer), StopAck::Frozen);
  EXPECT_EQ(ack(kEditor), StopAck::Frozen);
  EXPECT_EQ(member(kEditor).skewNs, 2 * kNsPerMs);
  StopContext answered{kEditor, 0, {{"f", "a.cpp", 3}}, {}};
  answered.time = kNow + 104 * kNsPerMs;
  const auto told = group.on(answered);
  EXPECT_EQ(ack(kEditor), StopAck::Stopped);
  EXPECT_EQ(ack(kServer), StopAck::Frozen);
  EXPECT_EQ(member(kEditor).stoppedSkewNs, 104 * kNsPerMs);
  EXPECT_EQ(member(kEditor).skewNs, 2 * kNsPerMs) << "that it stood is not later for it";
  bool published = false;
  for (const auto& action : told) published = published || std::holds_alternative<PublishGroup>(action);
  EXPECT_TRUE(published);
}

TEST_F(Acknowledgements, AnAnswerThatOvertakesTheStopCounts) {
  const auto stop = hit();
  StopContext early{kEditor, 0, {}, {}};
  early.time = kNow + 1;
  (void)group.on(early);
  (void)group.on(Parked{kServer, 0, 0, "bp-1", 50, kNow, true}, kNow);
  (void)group.on(Parked{kEditor, 0, stop, "", 48, kNow, true}, kNow);
  EXPECT_EQ(ack(kEditor), StopAck::Stopped);
  EXPECT_EQ(ack(kServer), StopAck::Frozen);
}

TEST_F(Acknowledgements, AProbeGivesBothAtOnce) {
  DebugActions out;
  ASSERT_TRUE(group.pause("ann", kNow, out));
  const auto stop = std::get<OrderStop>(out.front()).stopId;
  (void)group.on(Parked{kServer, 0, stop, "", 50, kNow}, kNow);
  EXPECT_EQ(ack(kServer), StopAck::Stopped);
  EXPECT_EQ(ack(kEditor), StopAck::None);
}

TEST_F(Acknowledgements, TheyEndWithTheStop) {
  const auto stop = hit();
  (void)group.on(Parked{kServer, 0, 0, "bp-1", 50, kNow, true}, kNow);
  (void)group.on(Parked{kEditor, 0, stop, "", 48, kNow, true}, kNow);
  DebugActions out;
  ASSERT_TRUE(group.resume("ann", kNow, out));
  EXPECT_EQ(ack(kServer), StopAck::None);
  EXPECT_EQ(ack(kEditor), StopAck::None);
  // One of that stop that comes now says nothing of the next.
  (void)group.on(Resumed{kEditor, 1, kNow}, kNow);
  (void)group.on(Resumed{kServer, 1, kNow}, kNow);
  (void)group.on(StopContext{kEditor, 0, {}, {}});
  EXPECT_EQ(ack(kEditor), StopAck::None);
}

}  // namespace
}  // namespace qd::control
