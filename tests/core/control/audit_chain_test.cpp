// SPDX-License-Identifier: Apache-2.0
#include "core/control/audit_chain.h"

#include <gtest/gtest.h>

#include "core/control/desired_book.h"
#include "core/control/guard_text.h"

namespace qd::control {
namespace {

std::vector<AuditRecord> chain(int n) {
  std::vector<AuditRecord> out;
  std::string previous = kNoHash;
  for (int i = 1; i <= n; ++i) {
    AuditRecord record{static_cast<std::uint64_t>(i),
                       1000 + i,
                       "ann",
                       "ipv4:127.0.0.1:5",
                       "push p-" + std::to_string(i),
                       "because",
                       "applied",
                       previous,
                       ""};
    record.hash = previous = hashOf(record);
    out.push_back(std::move(record));
  }
  return out;
}

std::string problem(const std::vector<AuditRecord>& records, std::uint64_t head, const std::string& hash) {
  AuditVerifier verifier;
  for (const AuditRecord& record : records) {
    if (std::string found = verifier.take(record); !found.empty()) return found;
  }
  return verifier.end(head, hash);
}

TEST(AuditChain, InOrderIsInOrder) {
  const auto good = chain(20);
  EXPECT_EQ(problem(good, 20, good.back().hash), "");
  EXPECT_EQ(problem({}, 0, kNoHash), "");
}

TEST(AuditChain, EveryFlippedFieldIsFound) {
  const auto good = chain(5);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (std::string AuditRecord::*field :
         {&AuditRecord::who, &AuditRecord::from, &AuditRecord::what, &AuditRecord::why, &AuditRecord::outcome,
          &AuditRecord::previous, &AuditRecord::hash}) {
      auto bad = good;
      (bad[i].*field).back() ^= 1;
      EXPECT_NE(problem(bad, 5, good.back().hash), "") << "record " << i + 1;
    }
    auto bad = good;
    ++bad[i].time;
    EXPECT_NE(problem(bad, 5, good.back().hash), "");
  }
}

TEST(AuditChain, TextMovedFromOneFieldToTheNextIsFound) {
  auto records = chain(1);
  records[0].who = "an";
  records[0].from = "n" + records[0].from;
  EXPECT_NE(problem(records, 1, records[0].hash), "");
}

TEST(AuditChain, DroppedMovedAndDoubledRecordsAreFound) {
  const auto good = chain(6);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto dropped = good;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_NE(problem(dropped, 6, good.back().hash), "") << "without record " << i + 1;
    auto doubled = good;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), good[i]);
    EXPECT_NE(problem(doubled, 6, good.back().hash), "");
    if (i == 0) continue;
    auto moved = good;
    std::swap(moved[i - 1], moved[i]);
    EXPECT_NE(problem(moved, 6, good.back().hash), "");
  }
}

TEST(AuditChain, AHeadThatIsKeptElsewhereFindsACutAndAReplacedEnd) {
  const auto good = chain(6);
  const auto headAt = [&](std::size_t i) { return std::to_string(i) + " " + good[i - 1].hash; };
  EXPECT_EQ(againstHead(headAt(6), good), "");
  EXPECT_EQ(againstHead(headAt(4), good), "") << "the head lags behind";
  auto cut = good;
  cut.resize(4);
  EXPECT_EQ(problem(cut, 4, cut.back().hash), "") << "the chain alone does not tell";
  EXPECT_NE(againstHead(headAt(6), cut), "");
  auto replaced = chain(7);
  replaced[5].why = "another reason";
  replaced[5].hash = hashOf(replaced[5]);
  EXPECT_NE(againstHead(headAt(6), replaced), "");
  EXPECT_NE(againstHead("nonsense", good), "");
  EXPECT_NE(againstHead(headAt(6), {}), "");
}

TEST(AuditChain, LinesComeBack) {
  for (const AuditRecord& record : chain(3)) {
    const auto back = auditFromLine(auditLine(record));
    ASSERT_TRUE(back);
    EXPECT_EQ(hashOf(*back), record.hash);
  }
  EXPECT_FALSE(auditFromLine("{\"number\":1}"));
  EXPECT_FALSE(auditFromLine("nonsense"));
}

TEST(DesiredBook, ARestartIsToldWhatWasWantedUnlessItDiedOfIt) {
  DesiredBook book;
  const ProcessId server("server-1");
  ingest::ParameterValue live;
  live.name = "npc.density";
  live.value = 1.0;
  live.version = 1;
  book.set(server, "npc.density", {2.5, "p-1", "ann", 100 * kNsPerSecond, false});
  EXPECT_FALSE(book.onDown(server, 161 * kNsPerSecond)) << "a minute later it is nobody's fault";
  const auto order = book.onRestart(server, {live});
  ASSERT_TRUE(order);
  EXPECT_EQ(order->assignments.front().value, Value(2.5));
  EXPECT_EQ(order->assignments.front().expectedVersion, 1U);
  live.value = 2.5;
  EXPECT_FALSE(book.onRestart(server, {live})) << "it has it already";
  live.value = 1.0;
  book.set(server, "npc.density", {2.5, "p-2", "ann", 200 * kNsPerSecond, false});
  EXPECT_TRUE(book.onDown(server, 259 * kNsPerSecond));
  EXPECT_FALSE(book.onRestart(server, {live}));
  DesiredBook other;
  other.decode(server, book.encode(server));
  ASSERT_NE(other.find(server, "npc.density"), nullptr);
  EXPECT_TRUE(other.find(server, "npc.density")->suspect);
  EXPECT_EQ(other.find(server, "npc.density")->value, Value(2.5));
  other.decode(server, "[{\"name\": 3}]");
  other.decode(server, "nonsense");
}

TEST(GuardText, ReadsWhatAPersonWrites) {
  const auto one = parseGuard("p99 tick.duration > 16 ms for 120 ticks");
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->guard.series, "tick.duration");
  EXPECT_EQ(one->guard.threshold, 16);
  EXPECT_EQ(one->guard.ticks, 120U);
  EXPECT_EQ(one->unit, "ms");
  const auto two = parseGuard("together mean players.online < -5% vs before for 600");
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_TRUE(two->guard.group);
  EXPECT_FALSE(two->guard.above);
  EXPECT_EQ(two->guard.basis, ingest::GuardBasis::Before);
  EXPECT_EQ(two->guard.threshold, -5);
  EXPECT_EQ(parseGuard("mean x > 20% vs untouched")->guard.basis, ingest::GuardBasis::Untouched);
  for (const char* bad : {"", "p98 x > 1", "p99", "p99 x", "p99 x >", "p99 x > y", "p99 x > 5%", "p99 x > 5 vs before",
                          "p99 x > 5 for ticks", "p99 x > 5 ms for 10 ticks please"}) {
    EXPECT_FALSE(parseGuard(bad)) << bad;
  }
  EXPECT_EQ(parseWave("1:30s")->count, 1U);
  EXPECT_EQ(parseWave("10%:1m")->soak.ns, 60 * kNsPerSecond);
  EXPECT_EQ(parseWave("100%")->percent, 100);
  for (const char* bad : {"", "0", "x%", "101%", "1:", "1:x", "-1"}) EXPECT_FALSE(parseWave(bad)) << bad;
  ingest::ChangePlan plan;
  EXPECT_TRUE(parseRamp("steps:5:1m", plan));
  EXPECT_EQ(plan.rampSteps, 5U);
  for (const char* bad : {"", "linear", "linear:x", "steps:1:1m", "curve:1s"})
    EXPECT_FALSE(parseRamp(bad, plan)) << bad;
}

}  // namespace
}  // namespace qd::control
