// SPDX-License-Identifier: Apache-2.0
#include "core/base/byte_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace qd {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ByteQueue, KeepsOrderAndTheBound) {
  ByteQueue<int> queue(100);
  EXPECT_TRUE(queue.push(1, 60));
  EXPECT_TRUE(queue.push(2, 40));
  EXPECT_FALSE(queue.push(3, 1));
  EXPECT_EQ(queue.bytes(), 100u);
  EXPECT_EQ(queue.dropped(), 1u);
  EXPECT_EQ(queue.droppedBytes(), 1u);
  EXPECT_THAT(queue.takeAll(1, 1h), ElementsAre(1, 2));
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_TRUE(queue.push(4, 60));
  EXPECT_THAT(queue.takeAll(1, 1h), ElementsAre(4));
}

TEST(ByteQueue, AnItemAboveTheBoundPassesAlone) {
  ByteQueue<std::unique_ptr<int>> queue(10);
  EXPECT_TRUE(queue.push(std::make_unique<int>(1), 1000));
  EXPECT_FALSE(queue.push(std::make_unique<int>(2), 1));
  const auto all = queue.takeAll(5000, 1h);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(*all[0], 1);
}

TEST(ByteQueue, AConsumerWaitsForEnoughOrForItsTime) {
  ByteQueue<int> queue(1000);
  EXPECT_THAT(queue.takeAll(1, 1ms), IsEmpty());
  EXPECT_TRUE(queue.push(1, 10));
  EXPECT_THAT(queue.takeAll(100, 1ms), ElementsAre(1)) << "the time is over";
  std::vector<int> got;
  std::thread consumer([&] { got = queue.takeAll(100, 1h); });
  for (int i = 1; i <= 10; ++i) EXPECT_TRUE(queue.push(i, 10));
  consumer.join();
  EXPECT_THAT(got, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
}

// Who wants more than the queue holds is woken all the same.
TEST(ByteQueue, HalfTheBoundIsEnough) {
  ByteQueue<int> queue(100);
  std::thread consumer([&] { EXPECT_FALSE(queue.takeAll(1'000'000, 1h).empty()); });
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(queue.push(i, 10));
  consumer.join();
}

TEST(ByteQueue, StopWakesAndDrains) {
  ByteQueue<int> queue(100);
  int sum = 0;
  std::thread consumer([&] {
    for (bool ended = false; !ended;) {
      ended = queue.stopped();
      for (const int item : queue.takeAll(1, 1h)) sum += item;
    }
  });
  for (int i = 1; i <= 4; ++i) EXPECT_TRUE(queue.push(i, 10));
  queue.stop();
  consumer.join();
  EXPECT_EQ(sum, 10);
  EXPECT_FALSE(queue.push(5, 1));
  EXPECT_THAT(queue.takeAll(1, 1h), IsEmpty()) << "does not wait for what cannot come";
}

// Each item is taken once, in the order of its producer, whoever is faster.
TEST(ByteQueue, ManyProducersLoseNothing) {
  ByteQueue<std::pair<int, int>> queue(std::size_t{1} << 30);
  std::vector<std::thread> producers;
  for (int producer = 0; producer < 3; ++producer) {
    producers.emplace_back([&queue, producer] {
      for (int i = 0; i < 5000; ++i) EXPECT_TRUE(queue.push({producer, i}, 8));
    });
  }
  int next[3] = {};
  while (next[0] + next[1] + next[2] < 15'000) {
    for (const auto& [producer, i] : queue.takeAll(4000, 1ms)) EXPECT_EQ(i, next[producer]++);
  }
  for (std::thread& producer : producers) producer.join();
}

}  // namespace qd
