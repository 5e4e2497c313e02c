// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/stream_lane.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/clock.h"

namespace qd::daemon {
namespace {

constexpr std::uint64_t kMostRecords = 1U << 19, kMostBlobBytes = 8U << 20;  // what a probe makes of its configuration
constexpr std::size_t kPongs = 16;
constexpr std::int64_t kSlewPerSecondNs = 2 * kNsPerMs;

bool fits(std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  return value >= least && value <= most && std::has_single_bit(value);
}

std::size_t bytesFor(const std::vector<qd_stream_ring>& rings) {
  std::size_t at = QD_LANE_PAGE + rings.size() * QD_RING_HEADER_BYTES;
  at = (at + QD_LANE_PAGE - 1) / QD_LANE_PAGE * QD_LANE_PAGE;
  for (const auto& ring : rings) at += ring.records * 16 + ring.blob_bytes;
  return at;
}

void release(std::uint64_t& word, std::uint64_t value) {
  __atomic_store_n(&word, value, __ATOMIC_RELEASE);
}

std::unexpected<Error> broken(const char* what) {
  return fail(ErrorCode::Corrupt, std::string("Its probe sent ") + what + ".");
}

}  // namespace

Result<std::unique_ptr<StreamLane>> StreamLane::make(std::uint64_t instance, const std::vector<qd_stream_ring>& rings) {
  if (rings.empty() || rings.size() > QD_MAX_RINGS) return broken("an impossible number of rings");
  for (const auto& ring : rings) {
    if (!fits(ring.records, QD_RING_MIN_RECORDS, kMostRecords) ||
        !fits(ring.blob_bytes, QD_LANE_PAGE, kMostBlobBytes)) {
      return broken("a ring of an impossible size");
    }
  }
  std::unique_ptr<StreamLane> made(new StreamLane);
  made->bytes_ = bytesFor(rings);
  made->memfd_ = ::memfd_create("quarterdeck-stream", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (made->memfd_ < 0 || ::ftruncate(made->memfd_, static_cast<off_t>(made->bytes_)) != 0 ||
      ::fcntl(made->memfd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return failErrno("Making a lane for a probe's stream", errno);
  }
  void* base = ::mmap(nullptr, made->bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, made->memfd_, 0);
  if (base == MAP_FAILED) return failErrno("Mapping a lane for a probe's stream", errno);
  made->base_ = static_cast<std::uint8_t*>(base);
  made->layOut(instance, rings);
  return made;
}

StreamLane::~StreamLane() {
  if (base_) ::munmap(base_, bytes_);
  if (memfd_ >= 0) ::close(memfd_);
}

int StreamLane::descriptor() const {
  return ::fcntl(memfd_, F_DUPFD_CLOEXEC, 0);
}

void StreamLane::layOut(std::uint64_t instance, const std::vector<qd_stream_ring>& rings) {
  lane_ = reinterpret_cast<qd_lane_header*>(base_);
  lane_->magic = QD_LANE_MAGIC;
  lane_->version = QD_LANE_VERSION;
  lane_->ring_count = static_cast<std::uint32_t>(rings.size());
  lane_->total_bytes = bytes_;
  lane_->instance = instance;
  lane_->orders.stop_tick = QD_STOP_NONE;
  std::uint64_t at = bytesFor({});
  at = (QD_LANE_PAGE + rings.size() * QD_RING_HEADER_BYTES + QD_LANE_PAGE - 1) / QD_LANE_PAGE * QD_LANE_PAGE;
  for (std::size_t i = 0; i < rings.size(); ++i) {
    const qd_stream_ring& from = rings[i];
    Ring& to = rings_.emplace_back();
    to.shared = reinterpret_cast<qd_ring_header*>(base_ + QD_LANE_PAGE + i * QD_RING_HEADER_BYTES);
    to.shared->record_offset = at;
    to.shared->record_count = to.records = from.records;
    to.shared->blob_offset = at + from.records * 16;
    to.shared->blob_bytes = to.blobBytes = from.blob_bytes;
    to.shared->head = to.shared->tail = to.head = to.toldTail = from.tail;
    to.shared->blob_head = to.shared->blob_tail = to.blobHead = from.blob_tail;
    to.slots = reinterpret_cast<std::uint64_t*>(base_ + at);
    to.blobs = base_ + at + from.records * 16;
    if (from.tail > 0) {  // the tick of what comes next, where the reader looks for it
      std::uint64_t* slot = to.slots + 2 * ((from.tail - 1) & (from.records - 1));
      slot[0] = QD_REC_STAMP | from.context_tick << 16;
      slot[1] = from.context_time;
    }
    at += from.records * 16 + from.blob_bytes;
  }
}

Result<std::uint32_t> StreamLane::records(qd_cursor body) {
  qd_records_msg head;
  if (!qd_get_records(&body, &head)) return broken("a broken frame of samples");
  Ring* ring = ringOf(head.ring);
  if (!ring || head.count > QD_STREAM_RECORDS || head.count > ring->records || head.first != ring->head ||
      static_cast<std::size_t>(body.end - body.at) < std::size_t{16} * head.count) {
    return broken("samples that do not join those before them");
  }
  const std::uint64_t start = head.first & (ring->records - 1);
  const std::uint64_t before = std::min<std::uint64_t>(head.count, ring->records - start);
  std::memcpy(ring->slots + 2 * start, body.at, before * 16);
  std::memcpy(ring->slots, body.at + before * 16, (head.count - before) * 16);
  ring->head += head.count;
  __atomic_store_n(&ring->shared->state, static_cast<std::uint32_t>(QD_RING_USED), __ATOMIC_RELEASE);
  release(ring->shared->head, ring->head);
  return head.ring;
}

Result<> StreamLane::blobs(qd_cursor body) {
  qd_blobs_msg head;
  if (!qd_get_blobs(&body, &head)) return broken("a broken frame of blobs");
  Ring* ring = ringOf(head.ring);
  const std::uint64_t start = ring ? head.position & (ring->blobBytes - 1) : 0;
  if (!ring || head.bytes > QD_STREAM_PIECE || static_cast<std::size_t>(body.end - body.at) < head.bytes ||
      start + head.bytes > ring->blobBytes ||
      head.position < ring->blobHead - std::min(ring->blobHead, ring->blobBytes)) {
    return broken("a blob that lies outside of its ring");
  }
  std::memcpy(ring->blobs + start, body.at, head.bytes);
  ring->blobHead = std::max(ring->blobHead, (head.position + head.bytes + 7) & ~std::uint64_t{7});
  release(ring->shared->blob_head, ring->blobHead);
  return {};
}

Result<> StreamLane::ring(qd_cursor body) {
  qd_ring_msg message;
  Ring* ring = qd_get_ring(&body, &message) ? ringOf(message.ring) : nullptr;
  if (!ring) return broken("the head of a ring that it does not have");
  qd_str_copy(ring->shared->name, sizeof ring->shared->name, message.name);
  ring->shared->thread = message.thread;
  release(ring->shared->dropped, message.dropped);
  release(ring->shared->dropped_blobs, message.dropped_blobs);
  release(ring->shared->suppressed_logs, message.suppressed_logs);
  return {};
}

Result<> StreamLane::status(qd_cursor body) {
  qd_status_msg message;
  if (!qd_get_status(&body, &message)) return broken("a broken status");
  release(lane_->status.tick, message.tick);
  release(lane_->status.tick_ns, message.tick_ns);
  release(lane_->status.render_tick, message.render_tick);
  return {};
}

qd_orders_msg StreamLane::orders() const {
  const qd_lane_orders& orders = lane_->orders;
  return {__atomic_load_n(&orders.lease, __ATOMIC_ACQUIRE), __atomic_load_n(&orders.resume_seq, __ATOMIC_ACQUIRE),
          __atomic_load_n(&orders.stop_tick, __ATOMIC_ACQUIRE), __atomic_load_n(&orders.stop_id, __ATOMIC_ACQUIRE)};
}

std::vector<qd_tail_item> StreamLane::newTails() {
  std::vector<qd_tail_item> out;
  for (std::size_t i = 0; i < rings_.size(); ++i) {
    const std::uint64_t tail = __atomic_load_n(&rings_[i].shared->tail, __ATOMIC_ACQUIRE);
    if (tail == rings_[i].toldTail) continue;
    rings_[i].toldTail = tail;
    out.push_back(
        {static_cast<std::uint32_t>(i), tail, __atomic_load_n(&rings_[i].shared->blob_tail, __ATOMIC_ACQUIRE)});
  }
  return out;
}

void PeerClock::answered(std::int64_t asked, std::int64_t now, std::uint64_t probe) {
  if (asked > now || now - asked > kNsPerSecond || probe > INT64_MAX) return;
  const Sample made{now - asked, asked + (now - asked) / 2 - static_cast<std::int64_t>(probe)};
  if (window_.size() < kPongs) {
    window_.push_back(made);
  } else {
    window_[next_++ % kPongs] = made;
  }
  if (inUse_) return;
  inUse_ = made.offset;
  movedAt_ = now;
}

const PeerClock::Sample* PeerClock::best() const {
  const auto least = std::min_element(window_.begin(), window_.end(),
                                      [](const Sample& a, const Sample& b) { return a.delay < b.delay; });
  return least == window_.end() ? nullptr : &*least;
}

std::optional<std::int64_t> PeerClock::offset(std::int64_t now) {
  const Sample* target = best();
  if (!target || !inUse_) return std::nullopt;
  const std::int64_t passed = std::clamp<std::int64_t>(now - movedAt_, 0, kNsPerSecond);
  const std::int64_t most = passed / 1000 * kSlewPerSecondNs / (kNsPerSecond / 1000);
  *inUse_ += std::clamp(target->offset - *inUse_, -most, most);
  movedAt_ = now;
  return inUse_;
}

std::int64_t PeerClock::uncertaintyNs() const {
  const Sample* from = best();
  return from ? from->delay / 2 : 0;
}

}  // namespace qd::daemon
