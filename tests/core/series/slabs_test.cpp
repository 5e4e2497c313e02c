// SPDX-License-Identifier: Apache-2.0
// Blocks of slabs never overlap, whoever takes and gives them back, and what is given back serves again.
#include "core/series/slabs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace qd::series {
namespace {

constexpr std::size_t kBlock = 856;

struct Held {
  void* at;
  unsigned char mark;
};

bool isWhole(const Held& held) {
  const auto* bytes = static_cast<const unsigned char*>(held.at);
  return std::all_of(bytes, bytes + kBlock, [&](unsigned char b) { return b == held.mark; });
}

// Takes and gives at random; every block still holds what was written into it.
bool churn(Slabs& slabs, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Held> held;
  bool whole = true;
  for (int i = 0; i < 20'000; ++i) {
    const bool more = held.size() < 500 && (held.empty() || random() % 2 == 0);
    if (more) {
      const Held taken{slabs.take(), static_cast<unsigned char>(random())};
      std::memset(taken.at, taken.mark, kBlock);
      held.push_back(taken);
    } else {
      std::swap(held[random() % held.size()], held.back());
      whole = whole && isWhole(held.back());
      slabs.give(held.back().at);
      held.pop_back();
    }
  }
  for (const Held& each : held) {
    whole = whole && isWhole(each);
    slabs.give(each.at);
  }
  return whole;
}

TEST(Slabs, BlocksOfManyThreadsNeverOverlap) {
  Slabs slabs(kBlock);
  std::vector<char> whole(4);
  std::vector<std::thread> threads;
  for (unsigned n = 0; n < whole.size(); ++n) threads.emplace_back([&, n] { whole[n] = churn(slabs, n + 1) ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::count(whole.begin(), whole.end(), 1), 4);
}

TEST(Slabs, BlocksStandSideBySideAndServeAgain) {
  Slabs slabs(kBlock);
  std::vector<void*> first;
  for (int i = 0; i < 70; ++i) first.push_back(slabs.take());  // less than one slab
  const auto [low, high] = std::minmax_element(first.begin(), first.end());
  EXPECT_LT(static_cast<char*>(*high) - static_cast<char*>(*low), static_cast<std::ptrdiff_t>(Slabs::kSlab));
  for (void* at : first) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(at) % alignof(std::max_align_t), 0U);
    slabs.give(at);
  }
  std::set<void*> again;
  for (int i = 0; i < 70; ++i) again.insert(slabs.take());
  EXPECT_EQ(again, std::set<void*>(first.begin(), first.end()));
  for (void* at : again) slabs.give(at);
}

}  // namespace
}  // namespace qd::series
