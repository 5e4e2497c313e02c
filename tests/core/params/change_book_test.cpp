// SPDX-License-Identifier: Apache-2.0
#include "core/params/change_book.h"

#include <gtest/gtest.h>

#include "core/params/preset.h"

namespace qd::params {
namespace {

void give(ChangeBook& book, ingest::Event event) {
  book.on(std::make_shared<ingest::Envelope>(ingest::Envelope{.event = std::move(event)}));
}

ingest::ChangeState change(const std::string& id, std::uint64_t revision, ingest::ChangePhase phase) {
  ingest::ChangeState out;
  out.plan.id = id;
  out.revision = revision;
  out.phase = phase;
  return out;
}

TEST(ChangeBook, TheNewestStateOfEachChangeStands) {
  ChangeBook book;
  give(book, change("a", 1, ingest::ChangePhase::Pushing));
  give(book, change("a", 5, ingest::ChangePhase::Done));
  give(book, change("a", 3, ingest::ChangePhase::Soaking));  // late
  give(book, change("b", 1, ingest::ChangePhase::Soaking));
  give(book, change("b/member", 9, ingest::ChangePhase::Pushing));
  EXPECT_EQ(book.changes().size(), 2U);
  EXPECT_EQ(book.change("a")->phase, ingest::ChangePhase::Done);
  EXPECT_EQ(book.running(), 1U);
}

TEST(ChangeBook, SharedItemsByPrefix) {
  ChangeBook book;
  give(book, ingest::SharedItem{"preset/a", "1", 4, "ann", 0, 0, false});
  give(book, ingest::SharedItem{"preset/a", "old", 3, "ann", 0, 0, false});
  give(book, ingest::SharedItem{"staged/bob", "2", 5, "bob", 0, 0, false});
  ASSERT_EQ(book.shared("preset/").size(), 1U);
  EXPECT_EQ(book.shared("preset/").front().value, "1");
  give(book, ingest::SharedItem{"preset/a", "", 6, "ann", 0, 0, true});
  EXPECT_TRUE(book.shared("preset/").empty());
}

TEST(Preset, TomlComesBackAndBadTomlGetsItsLine) {
  const Preset preset{"storm night",
                      "wind",
                      {{"net.latency", "60ms"}, {"npc.density", "1.5"}, {"on", "true"}, {"weather.kind", "rain"}}};
  const auto back = presetFromToml(toToml(preset), "x.toml");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->name, preset.name);
  EXPECT_EQ(back->values, preset.values);
  const auto bad = presetFromToml("name = \"x\"\n[values]\nnpc = = 3\n", "x.toml");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("x.toml: line 3"), std::string::npos) << bad.error().message;
  EXPECT_FALSE(presetFromToml("name = \"x\"\n", "x.toml"));
  EXPECT_FALSE(presetFromToml("[values]\n[values.npc]\ndensity = 1\n", "x.toml"))
      << "a name with a dot stands in quotes";
}

TEST(Preset, DifferencesAreByType) {
  ingest::ProcessInfo process;
  process.id = ProcessId("server-1");
  ingest::ParameterSpec latency;
  latency.name = "net.latency";
  latency.type = ValueType::Duration;
  latency.defaultValue = Duration{0};
  process.parameters = {latency};
  ingest::ParameterValue live;
  live.name = "net.latency";
  live.value = Duration{60 * kNsPerMs};
  EXPECT_TRUE(differences({"", "", {{"net.latency", "60ms"}, {"other", "1"}}}, process, {live})->empty());
  const auto found = differences({"", "", {{"net.latency", "5ms"}}}, process, {live});
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().wanted, Value(Duration{5 * kNsPerMs}));
  EXPECT_FALSE(differences({"", "", {{"net.latency", "storm"}}}, process, {live}));
  EXPECT_EQ(presetOf(process, {live}, true).values.size(), 1U);
}

}  // namespace
}  // namespace qd::params
