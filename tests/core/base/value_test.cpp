// SPDX-License-Identifier: Apache-2.0
#include "core/base/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace qd {
namespace {

Value read(ValueType type, std::string_view text) {
  const auto value = parseValue(type, text);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
  return value.value_or(Value{});
}

bool refused(ValueType type, std::string_view text) {
  const auto value = parseValue(type, text);
  if (value) return false;
  EXPECT_EQ(value.error().code, ErrorCode::InvalidArgument);
  EXPECT_FALSE(value.error().message.empty());
  return true;
}

}  // namespace

TEST(Value, ReadsWhatAPersonWrites) {
  EXPECT_EQ(read(ValueType::Bool, " true "), Value(true));
  EXPECT_EQ(read(ValueType::Bool, "off"), Value(false));
  EXPECT_EQ(read(ValueType::Int, "-12"), Value(std::int64_t{-12}));
  EXPECT_EQ(read(ValueType::Int, "+7"), Value(std::int64_t{7}));
  EXPECT_EQ(read(ValueType::Float, "0.3"), Value(0.3));
  EXPECT_EQ(read(ValueType::Enum, "rain"), Value(std::string("rain")));
  EXPECT_EQ(read(ValueType::String, " a b "), Value(std::string(" a b ")));
  EXPECT_EQ(read(ValueType::Duration, "60ms"), Value(Duration{60 * 1'000'000}));
  EXPECT_EQ(read(ValueType::Vector, "[1, 2.5, -3]"), Value(Vector{1, 2.5, -3}));
  EXPECT_EQ(read(ValueType::Vector, "4"), Value(Vector{4}));
}

TEST(Value, RefusesWithOneSentence) {
  EXPECT_TRUE(refused(ValueType::Bool, "maybe"));
  EXPECT_TRUE(refused(ValueType::Int, "1.5"));
  EXPECT_TRUE(refused(ValueType::Int, "9223372036854775808"));
  EXPECT_TRUE(refused(ValueType::Int, ""));
  EXPECT_TRUE(refused(ValueType::Float, "nan"));
  EXPECT_TRUE(refused(ValueType::Float, "inf"));
  EXPECT_TRUE(refused(ValueType::Float, "1x"));
  EXPECT_TRUE(refused(ValueType::Enum, "  "));
  EXPECT_TRUE(refused(ValueType::String, std::string(4097, 'a')));
  EXPECT_TRUE(refused(ValueType::String, "\xC0\xAF"));
  EXPECT_TRUE(refused(ValueType::String, "\xED\xA0\x80"));
  EXPECT_TRUE(refused(ValueType::Duration, "60"));
  EXPECT_TRUE(refused(ValueType::Duration, "ms"));
  EXPECT_TRUE(refused(ValueType::Duration, "1e3s3"));
  EXPECT_TRUE(refused(ValueType::Duration, "99999999999h"));
  EXPECT_TRUE(refused(ValueType::Vector, "[1,2,3,4,5]"));
  EXPECT_TRUE(refused(ValueType::Vector, "[]"));
  EXPECT_TRUE(refused(ValueType::Vector, "[1,,2]"));
}

TEST(Value, DurationsKeepTheirUnit) {
  EXPECT_EQ(parseDuration("0").value(), Duration{0});
  EXPECT_EQ(parseDuration("1.5s").value(), Duration{1'500'000'000});
  EXPECT_EQ(parseDuration("-250us").value(), Duration{-250'000});
  EXPECT_EQ(parseDuration("80ns").value(), Duration{80});
  EXPECT_EQ(toText(Duration{60'000'000}), "60ms");
  EXPECT_EQ(toText(Duration{1'500'000'000}), "1500ms");
  EXPECT_EQ(toText(Duration{300'000'000'000}), "5m");
  EXPECT_EQ(toText(Duration{0}), "0ms");
  EXPECT_EQ(toText(Duration{1'000'000'001}), "1000000001ns");
}

TEST(Value, TextRoundTripsForEveryType) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto bits = random();
    double real = 0;
    std::memcpy(&real, &bits, sizeof real);
    if (!std::isfinite(real)) continue;
    EXPECT_EQ(read(ValueType::Float, toText(Value(real))), Value(real));
    EXPECT_EQ(read(ValueType::Vector, toText(Value(Vector{real, -real}))), Value(Vector{real, -real}));
    const auto whole = static_cast<std::int64_t>(bits);
    EXPECT_EQ(read(ValueType::Int, toText(Value(whole))), Value(whole));
    EXPECT_EQ(read(ValueType::Duration, toText(Value(Duration{whole}))), Value(Duration{whole}));
  }
  EXPECT_EQ(read(ValueType::Duration, toText(Duration{INT64_MIN})), Value(Duration{INT64_MIN}));
  EXPECT_EQ(read(ValueType::Bool, toText(Value(true))), Value(true));
  EXPECT_EQ(read(ValueType::String, toText(Value(std::string("Grüße")))), Value(std::string("Grüße")));
}

}  // namespace qd
