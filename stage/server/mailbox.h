// SPDX-License-Identifier: Apache-2.0
// What passes between the network thread and the simulation thread: commands in, the published frame and orders out,
// measurements back. Bounded; what does not fit is counted and dropped. All functions from any thread; no lock is held
// while anything is called.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stage/netcode/hub.h"
#include "stage/runtime/udp.h"

namespace qd::stage {

struct Kick {
  EntityId player = 0;
  std::string reason;
};
struct Broadcast {
  std::string text;
};
// The faults of the network from now on; `player` 0: of everybody, else of that player alone, the others keep `base`.
struct NetworkFaults {
  PathSettings base, now;
  EntityId player = 0;
};
using ToNetwork = std::variant<Kick, Broadcast, NetworkFaults>;

template <class T>
class Bounded {
 public:
  explicit Bounded(std::size_t most) : most_(most) {}
  void push(T item) {
    const std::lock_guard lock(mutex_);
    if (items_.size() >= most_) {
      ++dropped_;
      return;
    }
    items_.push_back(std::move(item));
  }
  void take(std::vector<T>& out) {
    out.clear();
    const std::lock_guard lock(mutex_);
    std::swap(out, items_);
  }
  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<T> items_;
  std::size_t most_;
  std::uint64_t dropped_ = 0;
};

template <class T>
class Latest {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    fresh_ = true;
  }
  bool take(T& out) {
    const std::lock_guard lock(mutex_);
    if (!fresh_) return false;
    out = std::move(value_);
    fresh_ = false;
    return true;
  }

 private:
  std::mutex mutex_;
  T value_{};
  bool fresh_ = false;
};

struct Exchange {
  // 4096 input packets: 8 seconds of 8 clients, or what 200 clients may still send while the simulation stands.
  Bounded<Inputs> inputs{4'096};
  Bounded<Membership> membership{4'096};  // apart: a flood of inputs must not cost a join
  Bounded<ToNetwork> toNetwork{256};
  Latest<std::shared_ptr<const WorldFrame>> frame;
  Latest<NetReport> netReport;
  Latest<SnapshotReport> snapshotReport;
  std::atomic<bool> parked{false};
  std::atomic<bool> stop{false};
  Wakeup wakeNetwork;
};

}  // namespace qd::stage
