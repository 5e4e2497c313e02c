// SPDX-License-Identifier: Apache-2.0
// The lane: rings into the log, and what the agent itself measures for the process.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <variant>

#include "agent/daemon/probe_session.h"

namespace qd::daemon {
namespace {

constexpr std::size_t kItemsAtOnce = 1024;
constexpr int kReadsAtOnce = 64;                                // of one ring in one drain; then others have their turn
constexpr std::int64_t kLongestUncommittedNs = 250 * kNsPerMs;  // a slow disk must not fill the ring of a fast game
constexpr std::int64_t kLookEveryNs = 75 * kNsPerMs;            // at rings that nobody has used yet
constexpr std::uint32_t kHostBase = 0x8000;                     // ring, and first index of the agent's own series

}  // namespace

void ProbeSession::openRings() {
  for (std::uint32_t i = 0; i < qd_lane_rings(lane_); ++i) {
    auto& ring = rings_.emplace_back(std::make_unique<Ring>(i, context_));
    ring->drain.skipBelow(observer_.recordsKnown(info_.instance, i));
  }
}

void ProbeSession::drain(std::int64_t now, std::uint64_t persisted) {
  keepStream(now);
  if (!declared_) return;
  if (dirty_) publishDeclaration("");
  const bool look = now - lookedAt_ >= kLookEveryNs;
  if (look) lookedAt_ = now;
  fullest_ = 0;
  for (std::uint32_t i = 0; i < rings_.size(); ++i) {
    if (look || rings_[i]->used) drainRing(i, now, persisted, false);
  }
  rollupMaker_.expire(utcNowNs(), rollups_);
  publishRollups();
  beginSegments();
  for (const std::uint32_t handle : endedHandles_) context_.indexOf[handle] = LaneContext::kUndeclared;
  endedHandles_.clear();
  qd_lane_status status;
  qd_lane_get_status(lane_, &status);
  info_.tick = static_cast<Tick>(status.tick & INT64_MAX);
  table_.setTick(info_.id, info_.tick);
}

void ProbeSession::drainRing(std::uint32_t index, std::int64_t now, std::uint64_t persisted, bool all) {
  Ring& ring = *rings_[index];
  if (ring.broken) return;
  fullest_ = std::max(fullest_, qd_lane_fill(lane_, index));
  // Given back to the probe only when it is safe: what was read and then lost with this agent is read again by the
  // next.
  const bool safe = ring.lastSequence <= persisted || now - ring.committedAt > kLongestUncommittedNs;
  if (ring.uncommitted && ring.drain.empty() && safe) {
    qd_lane_commit(lane_, index);
    ring.uncommitted = false;
    ring.committedAt = now;
  }
  static thread_local std::array<qd_lane_item, kItemsAtOnce> items;
  const std::uint64_t until = qd_lane_head(lane_, index);
  for (int reads = 0; reads < kReadsAtOnce; ++reads) {
    if (reads > 0 && qd_lane_tail(lane_, index) >= until) break;
    const std::int64_t count = qd_lane_read(lane_, index, items.data(), items.size());
    if (count < 0) {
      ring.broken = true;
      log_.append(ingest::Gap{info_.id, utcNowNs(), utcNowNs(), 0,
                              fmt::format("ring {} of the sample lane is broken and is no longer read", index)});
    }
    if (count <= 0) break;
    const std::uint8_t* blobs = qd_lane_blobs(lane_);
    for (std::int64_t i = 0; i < count; ++i) ring.drain.take(items[static_cast<std::size_t>(i)], blobs, events_);
    if (!ring.uncommitted) ring.committedAt = now;
    ring.uncommitted = ring.used = true;
  }
  const bool parked = info_.state == ingest::ProcessState::Parked;
  // Where full blocks came out, the rest goes too: only an empty drain can give its records back to the probe.
  if (all || parked || !events_.empty() || ring.drain.due(now)) ring.drain.flush(events_);
  publish(ring, events_);
}

void ProbeSession::publish(Ring& ring, std::vector<ingest::Event>& events) {
  for (auto& event : events) {
    if (const auto* block = std::get_if<ingest::SampleBlock>(&event)) {
      noteLast(*block);
      rollupMaker_.add(*block, rollups_);
      observer_.sampled(*block);
    }
    ring.lastSequence = log_.append(std::move(event));
  }
  events.clear();
}

// After the samples that they are made of.
void ProbeSession::publishRollups() {
  for (auto& rollup : rollups_) log_.append(std::move(rollup));
  rollups_.clear();
}

void ProbeSession::noteLast(const ingest::SampleBlock& block) {
  std::vector<double>& last = block.ring == kHostBase ? lastHostRaw_ : lastRaw_;
  for (const auto& column : block.columns) {
    const std::size_t index = column.series.value & (kHostBase - 1);
    if (column.size() == 0) continue;
    if (index >= last.size()) last.resize(index + 1, std::numeric_limits<double>::quiet_NaN());
    last[index] = std::visit([](const auto& values) { return static_cast<double>(values.back()); }, column.values);
  }
}

std::optional<double> ProbeSession::lastValue(const ingest::SeriesInfo& series) const {
  const std::vector<double>& last = series.index.value >= kHostBase ? lastHostRaw_ : lastRaw_;
  const std::size_t index = series.index.value & (kHostBase - 1);
  if (index >= last.size() || std::isnan(last[index])) return std::nullopt;
  return series.integer ? last[index] * std::pow(10.0, -series.scale) : last[index];
}

std::optional<double> ProbeSession::players() const {
  for (const auto& series : info_.series) {
    if (series.name == "players.online" && series.dimensions.empty()) return lastValue(series);
  }
  return std::nullopt;
}

void ProbeSession::beginSegments() {
  for (auto& [domain, reason] : context_.segments) {
    if (!domain.empty() && info_.kind == ingest::ProcessKind::Editor) info_.domain = context_.domain = domain;
    sitesDirty_ = true;  // the debug desk must know of the new domain
    publishDeclaration(reason);
  }
  context_.segments.clear();
}

void ProbeSession::finish(const std::string& reason) {
  if (declared_) {
    if (dirty_) publishDeclaration("");
    for (std::uint32_t i = 0; i < rings_.size(); ++i) drainRing(i, monotonicNs(), UINT64_MAX, true);
    for (std::uint32_t i = 0; i < rings_.size(); ++i) {
      if (!rings_[i]->broken) qd_lane_commit(lane_, i);
    }
    rollupMaker_.forget(info_.instance, rollups_);
    publishRollups();
    info_.state = ingest::ProcessState::Gone;
    table_.put(info_);
    log_.append(ingest::ProcessChange{info_, reason});
  }
  declared_ = false;
}

void ProbeSession::declareHost(const std::vector<HostSeries>& list) {
  if (seriesAt_.contains(kHostBase)) return;
  for (std::size_t i = 0; i < list.size(); ++i) {
    ingest::SeriesInfo made;
    made.index = SeriesIndex(kHostBase + static_cast<std::uint32_t>(i));
    made.name = list[i].name;
    made.unit = list[i].unit;
    made.scale = list[i].scale;
    made.description = list[i].description;
    seriesAt_[made.index.value] = info_.series.size();
    info_.series.push_back(std::move(made));
  }
}

void ProbeSession::publishHost(const std::vector<HostValue>& values, TimeNs now) {
  if (!declared_ || values.empty()) return;
  ingest::SampleBlock block;
  block.process = ref();
  block.ring = kHostBase;
  // Seconds since the epoch, eight records each: unique also over a restart of the agent.
  if (hostRecord_ == 0) hostRecord_ = static_cast<std::uint64_t>(now / kNsPerSecond) * 8;
  block.firstSequence = hostRecord_;
  block.count = 8;
  hostRecord_ += 8;
  block.ticks.push_back(info_.tick);
  block.times.push_back(now);
  for (const HostValue& value : values) {
    ingest::Column column;
    column.series = SeriesIndex(kHostBase + value.which);
    column.values = std::vector<std::int64_t>{value.value};
    block.columns.push_back(std::move(column));
  }
  noteLast(block);
  rollupMaker_.add(block, rollups_);
  log_.append(std::move(block));
}

}  // namespace qd::daemon
