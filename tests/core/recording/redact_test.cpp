// SPDX-License-Identifier: Apache-2.0
#include "core/recording/redact.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/recording/redact_rules.h"
#include "tests/core/recording/read_back.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::recording::testing {
namespace {

using namespace ingest;

constexpr TimeNs kStart = 1'700'000'000'000'000'000;

std::string bytesOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {(std::istreambuf_iterator<char>(in)), {}};
}

std::vector<EnvelopePtr> indiscreet() {
  std::vector<EnvelopePtr> out = game(5);
  ProcessInfo info = std::get<ProcessChange>(out[0]->event).info;
  const ProcessRef ref{info.id, info.instance};
  info.labels = {{"region", "eu"}, {"host", "gamehost-17"}, {"pod", "server-1-abc"}};
  info.sites = {{"tick.begin", "/home/annabell/src/sim.cpp", 12}};
  const std::string agent = "203.0.113.77:7400";
  std::uint64_t sequence = 100;
  const auto add = [&](Event event) { out.push_back(envelope(std::move(event), ++sequence, agent)); };
  add(ProcessChange{info, "killed on gamehost-17"});
  add(AgentChange{AgentState::Connected, agent, "0.1.0", ""});
  add(LogLine{ref, 1, kStart + 1, LogLevel::Info, "net",
              "client 198.51.100.4:50123 and [2001:db8::1]:99 joined at 14:02:11", 0});
  add(LogLine{ref, 1, kStart + 2, LogLevel::Info, "auth", "welcome carol.smith@example.com, that is dragonslayer99",
              0});
  add(LogLine{ref, 1, kStart + 3, LogLevel::Info, "auth", std::string("raw \xff 198.51.100.4"), 0});
  add(GameEvent{ref,
                1,
                kStart + 4,
                "player.joined",
                {{"player", std::int64_t{7}},
                 {"user_id", std::int64_t{987654321}},
                 {"nickname", std::string("dragonslayer99")}}});
  add(PushResult{"push-9",
                 ref,
                 PushStatus::Applied,
                 5,
                 kStart + 5,
                 {{"npc.density", 0.1, 0.2, 3, ""}},
                 "bertrand@ops-box-3",
                 "asked for by carol.smith@example.com",
                 ""});
  add(Hit{"hit-1",
          "g",
          "bp",
          ref.id,
          9,
          kStart + 6,
          "breakpoint",
          {{{ref.id, MemberState::Stopped, 9, 0, 0},
            {{"resolve()", "/home/annabell/src/combat.cpp", 77}},
            {{"secret", std::string("hunter2hunter2")}, {"damage", 12.5}},
            {}}}});
  add(Mark{kStart + 7, 9, "server-1", "bertrand says it lags", "bertrand@ops-box-3"});
  return out;
}

}  // namespace

TEST(Redact, LeavesNothingOfTheKindAndEverySample) {
  const Scratch scratch;
  const std::string whole = record(scratch, "whole.qdrec", indiscreet());
  const auto report = redact(*open(whole), {}, scratch / "r.qdrec", "test");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->locals, 2u);
  EXPECT_GE(report->addresses, 5u);
  EXPECT_GE(report->accounts, 5u);
  const std::string before = bytesOf(whole), after = bytesOf(scratch / "r.qdrec");
  for (const char* secret : {"203.0.113.77", "198.51.100.4", "2001:db8::1", "carol", "example.com", "dragonslayer99",
                             "987654321", "bertrand", "ops-box-3", "annabell", "gamehost-17", "hunter2"}) {
    EXPECT_NE(before.find(secret), std::string::npos) << secret;
    EXPECT_EQ(after.find(secret), std::string::npos) << secret;
  }
  std::vector<Sample> expected = samples(whole);
  EXPECT_EQ(samples(scratch / "r.qdrec"), expected);
  EXPECT_TRUE(open(scratch / "r.qdrec")->verify().ok());
}

TEST(Redact, KeepsWhatBelongsTogetherTogether) {
  const Scratch scratch;
  ASSERT_TRUE(redact(*open(record(scratch, "whole.qdrec", indiscreet())), {}, scratch / "r.qdrec", "test"));
  const std::vector<EnvelopePtr> back = replay(scratch / "r.qdrec");
  const auto lines = all<LogLine>(back);
  ASSERT_GE(lines.size(), 8u);
  const auto events = all<GameEvent>(back);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]->fields[0].second, Value(std::int64_t{7})) << "a player's number is no account";
  const std::string nick = std::get<std::string>(events[0]->fields[2].second);
  EXPECT_TRUE(nick.starts_with("account-"));
  bool met = false;
  for (const LogLine* line : lines) met = met || line->text.ends_with("that is " + nick);
  EXPECT_TRUE(met) << "the same account has the same name everywhere";
  EXPECT_EQ(all<PushResult>(back)[0]->who, all<Mark>(back)[0]->who);
  EXPECT_EQ(all<PushResult>(back)[0]->status, PushStatus::Applied);
  const auto hits = all<Hit>(back);
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0]->members[0].locals[1].first, "damage");
  EXPECT_EQ(hits[0]->members[0].frames[0].function, "resolve()");
  for (const LogLine* line : lines) {
    if (line->text.find("joined at") != std::string::npos) {
      EXPECT_TRUE(line->text.ends_with("14:02:11")) << line->text;
    }
  }
}

TEST(Redact, KeepsWhatIsAskedToBeKept) {
  const Scratch scratch;
  RedactOptions options;
  options.addresses = false;
  options.locals = false;
  ASSERT_TRUE(redact(*open(record(scratch, "whole.qdrec", indiscreet())), options, scratch / "r.qdrec", "test"));
  const std::string after = bytesOf(scratch / "r.qdrec");
  EXPECT_NE(after.find("198.51.100.4"), std::string::npos);
  EXPECT_NE(after.find("hunter2"), std::string::npos);
  EXPECT_EQ(after.find("dragonslayer99"), std::string::npos);
}

TEST(Redact, EveryKindOfEventComesThrough) {
  const Scratch scratch;
  const std::vector<EnvelopePtr> events = everyKind();
  const auto report = redact(*open(record(scratch, "whole.qdrec", events)), {}, scratch / "r.qdrec", "test");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(replay(scratch / "r.qdrec").size(), events.size());
}

TEST(Redact, FindsAddressesAndNotWhatLooksALittleLikeOne) {
  for (const char* text :
       {"1.2.3.4", "to 10.0.0.5:7400.", "[::1]:80", "fe80::1%eth0 up", "a@b.example", "/home/joe/x"}) {
    EXPECT_FALSE(findPrivate(text).empty()) << text;
  }
  for (const char* text : {"14:02:11", "version 1.2.3", "std::vector", "a::b", "1.2.3.4.5", "300.1.1.1", "address-12",
                           "combat.cpp:77", "user@", "tick 12:13"}) {
    EXPECT_TRUE(findPrivate(text).empty()) << text << " -> " << findPrivate(text);
  }
}

}  // namespace qd::recording::testing
