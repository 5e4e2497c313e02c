// SPDX-License-Identifier: Apache-2.0
// What passes between the network thread and the simulation thread: commands in, the published frame and orders out,
// measurements back. Bounded; what does not fit is counted and dropped. All functions from any thread; no lock is held
// while anything is called.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stage/netcode/server_session.h"
#include "stage/runtime/udp.h"

namespace qd::stage {

struct Joined {
  EntityId player = 0;
  Role role = Role::Bot;
  std::string name;
  std::string address;
};
struct Left {
  EntityId player = 0;
  std::string reason;
};
struct Inputs {
  EntityId player = 0;
  std::int64_t rttNs = 0;
  std::vector<InputCommand> commands;
};
using Membership = std::variant<Joined, Left>;

struct Kick {
  EntityId player = 0;
  std::string reason;
};
struct Broadcast {
  std::string text;
};
using ToNetwork = std::variant<Kick, Broadcast, ImpairmentSettings>;

// One second of the path to every client, as the network thread measured it.
struct ClientReport {
  EntityId player = 0;
  std::int64_t rttNs = 0, rttDeviationNs = 0, jitterNs = 0, viewAgeNs = 0;
  double loss = 0;
  std::int64_t bytesPerSecond = 0;  // down, headers included
  std::uint64_t rejected = 0;       // datagrams refused since it joined
  Tick newestInput = 0;
  SelfReport self;
  bool stalled = false;  // nothing heard for half a second
};
struct NetReport {
  std::vector<ClientReport> clients;
  std::uint64_t reordered = 0, burst = 0, rejected = 0;
  std::array<std::uint64_t, kRejectKinds> rejectedBy{};
  std::uint64_t queueDropped = 0;
};

// Of the newest snapshot round.
struct SnapshotReport {
  std::int64_t meanBytes = 0, maxBytes = 0, costNs = 0;
  double meanVisible = 0;
  std::uint64_t rounds = 0;
};

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
