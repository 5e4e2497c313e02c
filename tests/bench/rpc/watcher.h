// SPDX-License-Identifier: Apache-2.0
// Stands behind the store of a live session and notes when things became visible there: the first sample, the age of
// samples, linked stops. on() comes on the session's thread, the rest from the bench's, which waits here.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/ingest/event_sink.h"

namespace qd::bench {

struct Stop {
  double latencyMs = 0, skewMs = 0, skewTicks = 0;
};

class Watcher final : public ingest::EventSink {
 public:
  void on(const ingest::EnvelopePtr& envelope) override;

  template <class Condition>
  bool wait(std::chrono::seconds patience, Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, condition);
  }
  bool firstSample() {
    return wait(std::chrono::seconds(20), [this] { return hasSample_; });
  }
  double attachMs(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(first_ - start).count();
  }
  bool everybody() { return processes(3); }
  bool processes(std::size_t count) {
    return wait(std::chrono::seconds(20), [this, count] { return processes_.size() >= count; });
  }
  void age(bool on) {
    const std::lock_guard lock(mutex_);
    ageing_ = on;
  }
  // How old rows were when they got here, ms, since the last call.
  std::vector<double> takeAges() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ages_, {});
  }
  bool running() {
    return wait(std::chrono::seconds(10), [this] { return group_.state == ingest::GroupState::Running; });
  }
  // The stop that came since `stops` were there.
  std::optional<Stop> stopAfter(std::size_t stops) {
    const bool came = wait(std::chrono::seconds(10), [&] { return stops_.size() > stops; });
    const std::lock_guard lock(mutex_);
    return came ? std::optional(stops_.back()) : std::nullopt;
  }
  std::size_t stops() {
    const std::lock_guard lock(mutex_);
    return stops_.size();
  }
  std::vector<ingest::EnvelopePtr> declarations() {
    const std::lock_guard lock(mutex_);
    return declarations_;
  }
  std::vector<ingest::EnvelopePtr> blocks() {
    const std::lock_guard lock(mutex_);
    return blocks_;
  }

 private:
  void take(const ingest::SampleBlock& block, TimeNs now);
  void settle(TimeNs now);

  std::mutex mutex_;
  std::condition_variable changed_;
  bool hasSample_ = false, ageing_ = false;
  std::chrono::steady_clock::time_point first_;
  std::vector<double> ages_;
  std::set<ProcessId> processes_;
  std::vector<ingest::EnvelopePtr> declarations_, blocks_;
  std::map<std::string, TimeNs> hits_;
  ingest::LinkGroup group_;
  std::string counted_;
  std::vector<Stop> stops_;
};

}  // namespace qd::bench
