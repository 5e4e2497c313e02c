// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/ring_drain.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "agent/daemon/probe_values.h"

namespace qd::daemon {
namespace {

constexpr std::int64_t kDeclarationWaitNs = 200 * kNsPerMs;

}  // namespace

RingDrain::RingDrain(std::uint32_t ring, LaneContext& context) : context_(context), slotOf_(kMaxHandles, -1) {
  block_.ring = ring;
}

void RingDrain::take(const qd_lane_item& item, const std::uint8_t* blobs, std::vector<ingest::Event>& out) {
  if (item.index < skipBelow_) return;
  if (item.type == QD_REC_GAP) flush(out);
  if (block_.count == 0) {
    // The reader folds some records into the ones beside them: blocks still join without a hole.
    block_.firstSequence = next_ != 0 && next_ <= item.index ? next_ : item.index;
    // By its own time, so that how long it lay in the ring counts; a probe that lies gains and loses nothing by it.
    const std::int64_t now = monotonicNs();
    oldestNs_ = std::clamp(static_cast<std::int64_t>(item.time_ns & INT64_MAX), now - kBlockAgeNs, now);
  }
  block_.count = item.index + 1 - block_.firstSequence;
  switch (item.type) {
    case QD_REC_I64:
    case QD_REC_F64:
      sample(item, out);
      break;
    case QD_REC_GAP:
      block_.dropped += item.value;
      context_.dropped += item.value;
      break;
    case QD_REC_FRAME:
      frame(item);
      break;
    case QD_REC_BLOB:
      blob(item, blobs + item.blob_offset);
      break;
    default:
      break;  // ticks stand in the samples; stops come over the control stream
  }
}

void RingDrain::sample(const qd_lane_item& item, std::vector<ingest::Event>& out) {
  if (item.series >= kMaxHandles) {
    ++context_.unreadable;
    return;
  }
  const bool integer = item.type == QD_REC_I64;
  const TimeNs time = utc(item.time_ns);
  const auto tick = static_cast<Tick>(item.tick);
  if (block_.ticks.empty() || block_.ticks.back() != tick || block_.times.back() != time) {
    block_.ticks.push_back(tick);
    block_.times.push_back(time);
  }
  Open& column = columnFor(item.series, integer);
  if (column.integer != integer) {
    ++context_.unreadable;
    return;
  }
  if (!column.rows.empty() && column.rows.back() + 1 == block_.ticks.size()) {  // twice in one tick: a row more
    block_.ticks.push_back(tick);
    block_.times.push_back(time);
  }
  column.rows.push_back(static_cast<std::uint32_t>(block_.ticks.size() - 1));
  if (integer) {
    column.integers.push_back(static_cast<std::int64_t>(item.value));
  } else {
    column.doubles.push_back(std::bit_cast<double>(item.value));
  }
  ++context_.samples;
  if (++points_ >= kBlockPoints && !undeclared_) flush(out);
}

RingDrain::Open& RingDrain::columnFor(std::uint32_t handle, bool integer) {
  std::int32_t& slot = slotOf_[handle];
  if (slot < 0) {
    slot = static_cast<std::int32_t>(used_++);
    if (used_ > open_.size()) open_.emplace_back();
    Open& fresh = open_[static_cast<std::size_t>(slot)];
    fresh.handle = handle;
    fresh.integer = integer;
    if (context_.indexOf[handle] == LaneContext::kUndeclared) undeclared_ = true;
  }
  return open_[static_cast<std::size_t>(slot)];
}

void RingDrain::frame(const qd_lane_item& item) {
  frames_.frames.push_back(static_cast<Tick>(item.tick));
  frames_.times.push_back(utc(item.time_ns));
  frames_.renderTicks48_16.push_back(item.value);
  frames_.predictedTicks.push_back(static_cast<Tick>(item.predicted_tick));
}

void RingDrain::blob(const qd_lane_item& item, const std::uint8_t* data) {
  qd_cursor body = qd_cursor_of(data, item.blob_bytes);
  if (item.series == QD_BLOB_ENTITIES) {
    entities(item, data);
  } else if (qd_event_blob event; item.series == QD_BLOB_EVENT && qd_get_event_blob(&body, &event)) {
    pending_.push_back(ingest::GameEvent{context_.process, static_cast<Tick>(item.tick), utc(item.time_ns),
                                         lineOf(event.name), fieldsOf(body, event.count)});
  } else if (qd_log_blob line; item.series == QD_BLOB_LOG && qd_get_log_blob(&body, &line)) {
    pending_.push_back(ingest::LogLine{context_.process, static_cast<Tick>(item.tick), utc(item.time_ns),
                                       levelOf(line.level), lineOf(line.category), proseOf(line.text),
                                       line.suppressed});
  } else if (qd_segment_blob segment; item.series == QD_BLOB_SEGMENT && qd_get_segment_blob(&body, &segment)) {
    context_.segments.emplace_back(lineOf(segment.domain), lineOf(segment.reason));
  } else {
    ++context_.unreadable;
  }
}

void RingDrain::entities(const qd_lane_item& item, const std::uint8_t* data) {
  qd_entities_header head;
  if (item.blob_bytes < sizeof head) {
    ++context_.unreadable;
    return;
  }
  std::memcpy(&head, data, sizeof head);
  if (head.count > (item.blob_bytes - sizeof head) / sizeof(qd_entity)) {
    ++context_.unreadable;
    return;
  }
  ingest::EntityFrame out;
  out.process = context_.process;
  out.rendered = head.kind == QD_ENTITIES_RENDERED;
  out.tick = static_cast<Tick>(head.tick);
  out.time = utc(item.time_ns);
  out.domain = context_.domain;
  out.renderTick48_16 = out.rendered ? head.render_tick : 0;
  for (auto* column : {&out.x, &out.y, &out.z, &out.vx, &out.vy, &out.vz}) column->reserve(head.count);
  out.ids.reserve(head.count);
  out.flags.reserve(head.count);
  out.rotation.reserve(std::size_t{4} * head.count);
  for (std::uint32_t i = 0; i < head.count; ++i) {
    qd_entity e;
    std::memcpy(&e, data + sizeof head + i * sizeof e, sizeof e);
    out.ids.push_back(e.id);
    out.x.push_back(e.x);
    out.y.push_back(e.y);
    out.z.push_back(e.z);
    out.vx.push_back(e.vx);
    out.vy.push_back(e.vy);
    out.vz.push_back(e.vz);
    out.rotation.insert(out.rotation.end(), {e.qx, e.qy, e.qz, e.qw});
    out.flags.push_back(entityFlagsOf(e.flags));
  }
  pending_.push_back(std::move(out));
}

// A declaration that has come meanwhile releases its block at once.
bool RingDrain::due(std::int64_t monotonicNow) {
  if (empty()) return false;
  if (undeclared_) {
    const auto isUndeclared = [this](const Open& one) {
      return context_.indexOf[one.handle] == LaneContext::kUndeclared;
    };
    undeclared_ = std::any_of(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(used_), isUndeclared);
  }
  const std::int64_t age = monotonicNow - oldestNs_;
  return undeclared_ ? age >= kDeclarationWaitNs : age >= kBlockAgeNs;
}

void RingDrain::flush(std::vector<ingest::Event>& out) {
  if (empty()) return;
  for (auto& event : pending_) out.push_back(std::move(event));
  pending_.clear();
  if (!frames_.frames.empty()) {
    frames_.process = context_.process;
    frames_.domain = context_.domain;
    out.push_back(std::exchange(frames_, {}));
  }
  block_.process = context_.process;
  block_.columns.reserve(used_);
  for (std::size_t i = 0; i < used_; ++i) {
    Open& column = open_[i];
    slotOf_[column.handle] = -1;
    const std::uint32_t index = context_.indexOf[column.handle];
    ingest::Column made;
    made.series = SeriesIndex(index == LaneContext::kUndeclared ? column.handle : index);
    if (column.rows.size() != block_.ticks.size()) made.rows.assign(column.rows.begin(), column.rows.end());
    if (column.integer) {
      made.values = std::vector<std::int64_t>(column.integers.begin(), column.integers.end());
    } else {
      made.values = std::vector<double>(column.doubles.begin(), column.doubles.end());
    }
    column.rows.clear();
    column.integers.clear();
    column.doubles.clear();
    block_.columns.push_back(std::move(made));
  }
  const std::uint32_t ring = block_.ring;
  next_ = block_.firstSequence + block_.count;
  out.push_back(std::exchange(block_, {}));
  block_.ring = ring;
  used_ = points_ = 0;
  undeclared_ = false;
}

}  // namespace qd::daemon
