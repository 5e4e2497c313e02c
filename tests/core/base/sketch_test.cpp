// SPDX-License-Identifier: Apache-2.0
#include "core/base/sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "core/base/percentile.h"

namespace qd {
namespace {

constexpr double kFractions[] = {0, 0.001, 0.01, 0.25, 0.5, 0.95, 0.99, 0.999, 1};

// Values of many magnitudes and both signs, as `shape` says.
std::vector<double> values(int shape, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> out(count);
  for (double& v : out) {
    switch (shape) {
      case 0:
        v = 16.6 + 0.5 * normal(random);
        break;
      case 1:
        v = std::exp(6 * normal(random));
        break;
      case 2:
        v = uniform(random) * std::pow(10, 300 * uniform(random));
        break;
      case 3:
        v = static_cast<double>(random() % 7) - 3;
        break;
      default:
        v = random() % 100 == 0 ? 1e6 : 5;
        break;
    }
  }
  return out;
}

}  // namespace

TEST(Sketch, EveryPercentileIsWithinTheStatedError) {
  for (int shape = 0; shape < 5; ++shape) {
    std::vector<double> all = values(shape, 20'000, 7);
    const Sketch sketch = Sketch::of(all);
    ASSERT_EQ(sketch.count(), all.size());
    double found[std::size(kFractions)];
    sketch.quantiles(kFractions, found);
    for (std::size_t i = 0; i < std::size(kFractions); ++i) {
      const double exact = percentile(all, kFractions[i]);
      EXPECT_LE(std::abs(found[i] - exact), std::abs(exact) * Sketch::kRelativeError * (1 + 1e-12))
          << "shape " << shape << ", " << kFractions[i];
      EXPECT_EQ(found[i], sketch.quantile(kFractions[i]));
    }
  }
}

TEST(Sketch, MergingInAnyOrderIsTheSketchOfAll) {
  for (int shape = 0; shape < 5; ++shape) {
    const std::vector<double> all = values(shape, 5'000, 11);
    const std::string whole = Sketch::of(all).encode();
    EXPECT_EQ(encodedSketch(all), whole);
    std::vector<Sketch> parts;
    std::mt19937_64 random(3);
    for (std::size_t i = 0; i < all.size();) {
      const std::size_t end = std::min(all.size(), i + 1 + random() % 400);
      parts.push_back(Sketch::of({all.data() + i, end - i}));
      i = end;
    }
    std::shuffle(parts.begin(), parts.end(), random);
    Sketch left, bytes;
    for (const Sketch& part : parts) {
      left.merge(part);
      EXPECT_TRUE(bytes.merge(part.encode()));
    }
    EXPECT_EQ(left.encode(), whole);
    EXPECT_EQ(bytes.encode(), whole);
  }
}

TEST(Sketch, OfIntegersIsTheSketchOfWhatIsDisplayed) {
  std::mt19937_64 random(17);
  for (const int scale : {0, 3, 9, -2, 18, 25}) {
    const double power = std::pow(10.0, std::abs(scale));
    for (const int bits : {0, 1, 4, 8, 10, 11, 16, 40, 63}) {
      for (const std::int64_t base : {std::int64_t{-100}, std::int64_t{5'000}, std::int64_t{16'666'667}, INT64_MIN}) {
        std::vector<std::int64_t> raw(1500);
        for (std::int64_t& v : raw) {
          const std::uint64_t more = bits == 0 ? 0 : random() >> (64 - bits);
          v = static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + more);
        }
        Sketch whole;
        for (const std::int64_t v : raw) {
          whole.add(scale < 0 ? static_cast<double>(v) * power : static_cast<double>(v) / power);
        }
        EXPECT_EQ(encodedSketch(raw, scale), whole.encode()) << scale << ", " << bits << ", " << base;
      }
    }
  }
  EXPECT_EQ(encodedSketch(std::span<const std::int64_t>(), 3), Sketch().encode());
}

TEST(Sketch, WhatIsNotFiniteBesideWhatIs) {
  std::mt19937_64 random(19);
  std::vector<double> all(5'000);
  for (double& v : all) v = std::bit_cast<double>(random());  // any bits: all signs, magnitudes and payloads
  for (std::size_t i = 0; i < all.size(); i += 7) all[i] = i % 2 == 0 ? -HUGE_VAL : std::nan("");
  EXPECT_EQ(encodedSketch(all), Sketch::of(all).encode());
  EXPECT_EQ(encodedSketch({all.data(), 700}), Sketch::of({all.data(), 700}).encode());
}

TEST(Sketch, WhatIsNotFiniteIsLeftOutAndTheEndsOfTheRangeAreNot) {
  constexpr double kMost = std::numeric_limits<double>::max();
  Sketch sketch;
  for (const double v : {std::nan(""), HUGE_VAL, -HUGE_VAL}) sketch.add(v);
  EXPECT_TRUE(sketch.empty());
  EXPECT_TRUE(std::isnan(sketch.quantile(0.5)));
  EXPECT_EQ(sketch.encode(), encodedSketch({}));
  const std::vector<double> ends{-kMost, -0.0, 0.0, std::numeric_limits<double>::denorm_min(), kMost};
  sketch = Sketch::of(ends);
  EXPECT_EQ(sketch.encode(), encodedSketch(ends));
  EXPECT_NEAR(sketch.quantile(0) / kMost, -1, Sketch::kRelativeError);
  EXPECT_NEAR(sketch.quantile(1) / kMost, 1, Sketch::kRelativeError);
  EXPECT_EQ(sketch.quantile(0.5), 0);
  sketch.clear();
  EXPECT_TRUE(sketch.empty());
}

TEST(Sketch, BrokenBytesAreRefusedAndChangeNothing) {
  const std::vector<double> some = values(1, 300, 5);
  const std::string good = Sketch::of(some).encode();
  ASSERT_TRUE(Sketch::decode(good));
  EXPECT_EQ(Sketch::decode(good)->encode(), good);
  Sketch sketch = Sketch::of(some);
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(sketch.merge(std::string_view(good).substr(0, length)));
  }
  EXPECT_FALSE(sketch.merge(good + '\0'));
  EXPECT_FALSE(sketch.merge(std::string(20, '\xff')));
  EXPECT_EQ(sketch.encode(), good);
  std::mt19937_64 random(9);
  for (int round = 0; round < 2000; ++round) {  // whatever is accepted is a sketch
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    const auto read = Sketch::decode(bad);
    if (read) {
      EXPECT_EQ(Sketch::decode(read->encode())->count(), read->count());
    }
  }
}

}  // namespace qd
