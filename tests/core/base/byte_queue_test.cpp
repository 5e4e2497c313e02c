// SPDX-License-Identifier: Apache-2.0
#include "core/base/byte_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace qd {

TEST(ByteQueue, KeepsOrderAndTheBound) {
  ByteQueue<int> queue(100);
  EXPECT_TRUE(queue.push(1, 60));
  EXPECT_TRUE(queue.push(2, 40));
  EXPECT_FALSE(queue.push(3, 1));
  EXPECT_EQ(queue.bytes(), 100u);
  EXPECT_EQ(queue.dropped(), 1u);
  EXPECT_EQ(queue.droppedBytes(), 1u);
  EXPECT_EQ(queue.tryPop(), 1);
  EXPECT_TRUE(queue.push(4, 60));
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), 4);
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(ByteQueue, AnItemAboveTheBoundPassesAlone) {
  ByteQueue<std::unique_ptr<int>> queue(10);
  EXPECT_TRUE(queue.push(std::make_unique<int>(1), 1000));
  EXPECT_FALSE(queue.push(std::make_unique<int>(2), 1));
  EXPECT_EQ(**queue.pop(), 1);
}

TEST(ByteQueue, StopWakesAndDrains) {
  ByteQueue<int> queue(100);
  EXPECT_FALSE(queue.popFor(std::chrono::milliseconds(1)));
  int sum = 0;
  std::thread consumer([&] {
    while (const auto item = queue.pop()) sum += *item;
  });
  for (int i = 1; i <= 4; ++i) EXPECT_TRUE(queue.push(i, 10));
  queue.stop();
  consumer.join();
  EXPECT_EQ(sum, 10);
  EXPECT_FALSE(queue.push(5, 1));
  EXPECT_TRUE(queue.stopped());
}

}  // namespace qd
