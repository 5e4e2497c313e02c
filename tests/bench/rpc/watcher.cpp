// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/rpc/watcher.h"

#include <algorithm>
#include <cmath>

namespace qd::bench {

void Watcher::on(const ingest::EnvelopePtr& envelope) {
  const TimeNs now = utcNowNs();
  const std::lock_guard lock(mutex_);
  if (const auto* block = std::get_if<ingest::SampleBlock>(&envelope->event)) {
    if (!hasSample_) first_ = std::chrono::steady_clock::now();
    hasSample_ = true;
    if (ageing_) take(*block, now);
    blocks_.push_back(envelope);
  } else if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope->event)) {
    processes_.insert(change->info.id);
    declarations_.push_back(envelope);
  } else if (const auto* hit = std::get_if<ingest::Hit>(&envelope->event)) {
    hits_[hit->id] = hit->time;
    settle(now);
  } else if (const auto* group = std::get_if<ingest::LinkGroup>(&envelope->event)) {
    group_ = *group;
    settle(now);
  }
  changed_.notify_all();
}

void Watcher::take(const ingest::SampleBlock& block, TimeNs now) {
  for (const TimeNs time : block.times) ages_.push_back(static_cast<double>(now - time) / 1e6);
}

// A stop counts when the group says that all stand and its hit is known.
void Watcher::settle(TimeNs now) {
  if (group_.state != ingest::GroupState::Stopped || group_.hitId == counted_) return;
  const auto hit = hits_.find(group_.hitId);
  if (hit == hits_.end()) return;
  counted_ = group_.hitId;
  Stop stop{static_cast<double>(now - hit->second) / 1e6, 0, 0};
  for (const auto& member : group_.members) {
    stop.skewMs = std::max(stop.skewMs, std::abs(static_cast<double>(member.skewNs)) / 1e6);
    stop.skewTicks = std::max(stop.skewTicks, std::abs(static_cast<double>(member.skewTicks)));
  }
  stops_.push_back(stop);
}

}  // namespace qd::bench
