// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/control/breakpoint_registry.h"
#include "core/control/lease_book.h"

namespace qd::control {
namespace {

using ingest::MemberAck;

const std::vector<ProcessId> kBoth = {ProcessId("a"), ProcessId("b")};

template <class A>
std::vector<A> only(const DebugActions& actions) {
  std::vector<A> out;
  for (const DebugAction& action : actions) {
    if (const auto* match = std::get_if<A>(&action)) out.push_back(*match);
  }
  return out;
}

BreakpointOrder order(const std::string& site = "site") {
  BreakpointOrder out;
  out.wanted.site = site;
  return out;
}

ArmAnswer answer(const std::string& process, std::uint64_t revision, bool ok = true) {
  return {ProcessId(process), "bp-1", revision, ok, ok ? "" : "There is no field hpp.", 0};
}

TEST(Registry, IsArmedWhenEveryMemberHasVerified) {
  BreakpointRegistry registry;
  DebugActions out;
  ASSERT_EQ(registry.set(order(), kBoth, kBoth, out).value(), "bp-1");
  EXPECT_EQ(only<ArmSite>(out).size(), 2U);
  registry.on(answer("a", 1));
  EXPECT_FALSE(registry.find("bp-1")->armed);
  registry.on(answer("b", 1));
  EXPECT_TRUE(registry.find("bp-1")->armed);
  registry.on(answer("b", 1, false));
  EXPECT_FALSE(registry.find("bp-1")->armed);
  EXPECT_EQ(registry.find("bp-1")->members[1].reason, "There is no field hpp.");
}

TEST(Registry, EditNeedsTheCurrentRevision) {
  BreakpointRegistry registry;
  DebugActions out;
  (void)registry.set(order(), kBoth, kBoth, out);
  BreakpointOrder edit = order();
  edit.wanted.id = "bp-1";
  EXPECT_EQ(registry.set(edit, kBoth, kBoth, out).error().code, ErrorCode::Conflict);
  edit.wanted.revision = 1;
  edit.wanted.condition = "hp < 3";
  out.clear();
  ASSERT_TRUE(registry.set(edit, {ProcessId("a")}, kBoth, out));
  EXPECT_EQ(registry.find("bp-1")->revision, 2U);
  EXPECT_EQ(only<DisarmSite>(out).size(), 1U);  // b has it no longer
  EXPECT_EQ(only<ArmSite>(out).at(0).breakpoint.condition, "hp < 3");
  EXPECT_TRUE(registry.on(answer("a", 1)).empty());  // the answer to the old one
}

TEST(Registry, DisabledIsDisarmedAndComesBack) {
  BreakpointRegistry registry;
  DebugActions out;
  (void)registry.set(order(), kBoth, kBoth, out);
  BreakpointOrder off = order();
  off.wanted.id = "bp-1";
  off.wanted.revision = 1;
  off.wanted.enabled = false;
  out.clear();
  ASSERT_TRUE(registry.set(off, kBoth, kBoth, out));
  EXPECT_EQ(only<DisarmSite>(out).size(), 2U);
  EXPECT_TRUE(only<ArmSite>(out).empty());
}

TEST(Registry, ProcessThatStartsAgainGetsItAgain) {
  BreakpointRegistry registry;
  DebugActions out;
  (void)registry.set(order(), kBoth, {ProcessId("a")}, out);
  EXPECT_EQ(only<ArmSite>(out).size(), 1U);
  ProcessUp up;
  up.process = ProcessId("b");
  EXPECT_EQ(only<ArmSite>(registry.on(up)).size(), 1U);
  registry.on(ProcessDown{ProcessId("a"), ""});
  EXPECT_EQ(registry.find("bp-1")->members[0].ack, MemberAck::Draft);
}

TEST(Registry, RefusesWhatMakesNoSense) {
  BreakpointRegistry registry;
  DebugActions out;
  EXPECT_EQ(registry.set(order(), {}, {}, out).error().code, ErrorCode::NotFound);
  EXPECT_EQ(registry.set(order(""), kBoth, kBoth, out).error().code, ErrorCode::InvalidArgument);
  BreakpointOrder tick = order();
  tick.wanted.kind = ingest::BreakpointKind::Tick;
  EXPECT_EQ(registry.set(tick, kBoth, kBoth, out).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(registry.remove("bp-9", out).error().code, ErrorCode::NotFound);
  EXPECT_TRUE(out.empty());
}

TEST(Registry, CaptureTellsItsHitAndIsThenOver) {
  BreakpointRegistry registry;
  DebugActions out;
  BreakpointOrder capture = order();
  capture.wanted.capture = true;
  (void)registry.set(capture, kBoth, kBoth, out);
  const auto hits = only<PublishHit>(
      registry.on(SiteHit{ProcessId("a"), 0, "bp-1", 1, false, 55, 66, {{"f", "a.cpp", 1}}, {{"hp", true}}}));
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].hit.cause, "capture");
  EXPECT_EQ(hits[0].hit.members.at(0).locals.size(), 1U);
  registry.on(Disarmed{ProcessId("a"), "bp-1", "spent"});
  EXPECT_FALSE(registry.find("bp-1")->enabled);
}

TEST(Registry, ExpiresAndIsRestored) {
  BreakpointRegistry registry;
  DebugActions out;
  BreakpointOrder brief = order();
  brief.wanted.expires = 1000;
  (void)registry.set(brief, kBoth, kBoth, out);
  EXPECT_EQ(registry.nextDeadline(), 1000);
  BreakpointRegistry next;
  next.restore(registry.all());
  EXPECT_EQ(next.find("bp-1")->members[0].ack, MemberAck::Draft);
  EXPECT_FALSE(next.find("bp-1")->enabled) << "a restarted agent stops nobody by itself";
  EXPECT_EQ(next.set(order(), kBoth, kBoth, out).value(), "bp-2");
  EXPECT_EQ(only<DisarmSite>(registry.onTime(1000)).size(), 2U);
  EXPECT_EQ(registry.find("bp-1"), nullptr);
}

TEST(Leases, LastUntilTheLongest) {
  LeaseBook book;
  EXPECT_EQ(book.until(), 0);
  EXPECT_EQ(book.renew(1, "ann", 0, 100), 100 + LeaseBook::kDefaultTtl);
  EXPECT_EQ(book.renew(2, "bob", 50, 100), 150);
  EXPECT_EQ(book.until(), 100 + LeaseBook::kDefaultTtl);
  book.vanish(1);
  EXPECT_EQ(book.holders(120), (std::vector<std::string>{"ann (gone)", "bob"}));
  book.forgetExpired(200);
  EXPECT_EQ(book.holders(200), (std::vector<std::string>{"ann (gone)"}));
}

}  // namespace
}  // namespace qd::control
