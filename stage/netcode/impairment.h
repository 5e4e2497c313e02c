// SPDX-License-Identifier: Apache-2.0
// A bad network in user space, seeded, one `Impairment` a direction. Latency plus Gaussian jitter (σ per direction;
// independent per packet, so it reorders), loss (independent, or Gilbert–Elliott when `burstEnter` > 0), duplication,
// reordering (a share of the packets is held back so that later ones overtake it), and a blackout. `PathSettings` are
// both directions of a path, whose latency may lie unevenly on them. `DelayQueue` holds the datagrams until they are
// due, bounded in bytes. Times in ns. Not thread-safe.
#pragma once

#include <cmath>
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
  double reorder = 0;  // share of packets held back by `reorderNs`
  std::int64_t reorderNs = 50 * 1'000'000;
  double burstEnter = 0;  // chance a packet to enter the bad state, in which `burstLoss` rules instead of `loss`
  double burstLeave = 0.3;
  double burstLoss = 0.5;
  std::int64_t blackoutUntilNs = 0;
  bool clean() const {
    return latencyNs == 0 && jitterNs == 0 && loss == 0 && duplicate == 0 && reorder == 0 && burstEnter == 0 &&
           blackoutUntilNs == 0;
  }
  friend bool operator==(const ImpairmentSettings&, const ImpairmentSettings&) = default;
};

struct PathSettings {
  ImpairmentSettings each;  // of each direction, before the asymmetry
  double downShare = 0.5;   // of the round trip's latency (twice each.latencyNs): what lies on the way to the client
  ImpairmentSettings down() const { return with(downShare); }
  ImpairmentSettings up() const { return with(1 - downShare); }
  friend bool operator==(const PathSettings&, const PathSettings&) = default;

 private:
  ImpairmentSettings with(double share) const {
    auto settings = each;
    settings.latencyNs = std::llround(2 * share * static_cast<double>(each.latencyNs));
    return settings;
  }
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
