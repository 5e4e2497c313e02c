// SPDX-License-Identifier: Apache-2.0
// A bad network in user space, seeded: each process impairs what it sends. Latency plus Gaussian jitter (σ per
// direction; independent per packet, so it reorders), loss (independent, or Gilbert–Elliott when `burstEnter` > 0),
// duplication, and a blackout. `DelayQueue` holds the datagrams until they are due, bounded in bytes. Times in ns. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "stage/netcode/bytes.h"
#include "stage/netcode/random.h"

namespace qd::stage {

struct ImpairmentSettings {
  std::int64_t latencyNs = 0;
  std::int64_t jitterNs = 0;
  double loss = 0;
  double duplicate = 0;
  double burstEnter = 0;  // chance a packet to enter the bad state, in which `burstLoss` rules instead of `loss`
  double burstLeave = 0.3;
  double burstLoss = 0.5;
  std::int64_t blackoutUntilNs = 0;
};

class Impairment {
 public:
  explicit Impairment(std::uint64_t seed) : random_(seed) {}
  void set(const ImpairmentSettings& settings) { settings_ = settings; }
  const ImpairmentSettings& settings() const { return settings_; }

  struct Fate {
    int copies = 0;  // 0: lost
    std::int64_t dueNs[2] = {0, 0};
  };
  Fate send(std::int64_t nowNs);

 private:
  std::int64_t due(std::int64_t nowNs);
  ImpairmentSettings settings_;
  Random random_;
  bool bad_ = false;
};

template <class Address>
class DelayQueue {
 public:
  struct Item {
    std::int64_t dueNs = 0;
    std::uint64_t order = 0;
    Address to{};
    Bytes data;
  };
  explicit DelayQueue(std::size_t maxBytes) : maxBytes_(maxBytes) {}

  void push(std::int64_t dueNs, const Address& to, BytesView data) {
    if (bytes_ + data.size() > maxBytes_) {
      ++dropped_;
      return;
    }
    bytes_ += data.size();
    queue_.push(Item{dueNs, order_++, to, Bytes(data.begin(), data.end())});
  }
  // The next datagram that is due, or false.
  bool pop(std::int64_t nowNs, Item& out) {
    if (queue_.empty() || queue_.top().dueNs > nowNs) return false;
    out = std::move(const_cast<Item&>(queue_.top()));  // the moved-from element is removed at once
    queue_.pop();
    bytes_ -= out.data.size();
    return true;
  }
  bool empty() const { return queue_.empty(); }
  std::int64_t nextDueNs() const { return queue_.top().dueNs; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Later {
    bool operator()(const Item& a, const Item& b) const {
      return a.dueNs != b.dueNs ? a.dueNs > b.dueNs : a.order > b.order;
    }
  };
  std::priority_queue<Item, std::vector<Item>, Later> queue_;
  std::size_t maxBytes_;
  std::size_t bytes_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace qd::stage
