// SPDX-License-Identifier: Apache-2.0
#include "core/params/configuration.h"

#include <gtest/gtest.h>

#include "tests/core/ingest/make.h"

namespace qd::params {

using namespace qd::ingest;

TEST(Configuration, IsAsItWasAndSaysWhoSetIt) {
  ParamBook book;
  Directory directory;
  const auto give = [&](const EnvelopePtr& e) {
    book.on(e);
    directory.on(e);
  };
  ProcessInfo info = serverInfo();
  ParameterSpec density, weather;
  density.name = "npc.density";
  density.defaultValue = 1.0;
  weather.name = "weather.kind";
  weather.type = ValueType::Enum;
  weather.defaultValue = std::string("clear");
  info.parameters = {density, weather};
  give(envelope(ProcessChange{info, ""}, 0, 100));
  const auto set = [&](double value, std::uint64_t version, TimeNs time, const std::string& who) {
    give(
        envelope(ParameterChange{ref(info), {{"npc.density", value, version, time / 10, time, "push", who}}}, version));
  };
  set(2.0, 1, 200, "ann");
  set(3.0, 2, 300, "bob");
  EXPECT_TRUE(configurationAt(book, directory, 50).empty()) << "nobody was there yet";
  const auto before = configurationAt(book, directory, 150), between = configurationAt(book, directory, 299);
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(before[0].value.value, Value(1.0));
  EXPECT_EQ(before[0].value.version, 0u);
  EXPECT_FALSE(before[0].changed);
  EXPECT_EQ(between[0].value.value, Value(2.0));
  EXPECT_EQ(between[0].value.who, "ann");
  EXPECT_TRUE(between[0].changed);
  EXPECT_EQ(between[1].value.value, Value(std::string("clear")));
  EXPECT_EQ(configurationAt(book, directory, 300)[0].value.who, "bob");
}

}  // namespace qd::params
