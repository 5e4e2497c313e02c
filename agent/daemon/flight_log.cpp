// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/flight_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/daemon/log_cursor.h"
#include "core/ingest/log_grid.h"
#include "core/link/wire/batch_codec.h"

namespace qd::daemon {
namespace {

constexpr std::size_t kWriteChunkBytes = std::size_t{1} << 20;  // of envelopes, in one go
constexpr std::int64_t kWriteEveryNs = 8 * kNsPerMs;       // at each drain: readers are hardly ever ahead of the disk
constexpr std::int64_t kUnwatchedEveryNs = 30 * kNsPerMs;  // with no reader: at each drain, which are rarer then
constexpr std::size_t kUnwatchedBytes = std::size_t{256} << 10;  // a probe gets its ring back when this is on disk
constexpr std::uint32_t kStreaming = serve::kSamples | serve::kEntities | serve::kFrames | serve::kRollups;
constexpr std::size_t kMostUnwritten = std::size_t{32} << 20;  // in RAM while the disk is stuck, then entries are lost

}  // namespace

Result<std::unique_ptr<FlightLog>> FlightLog::open(const std::filesystem::path& folder, const LogLimits& limits,
                                                   const Recovered& recovered) {
  std::unique_ptr<FlightLog> log(new FlightLog(folder, limits));
  if (!folder.empty()) {
    if (auto locked = log->lockFolder(); !locked) return std::unexpected(locked.error());
  }
  if (auto read = log->readAgentId(); !read) return std::unexpected(read.error());
  if (!folder.empty()) {
    if (auto done = log->recover(recovered); !done) return std::unexpected(done.error());
  }
  log->writer_ = std::thread([raw = log.get()] { raw->writerLoop(); });
  return log;
}

void FlightLog::setStateSource(StateSource source) {
  const std::lock_guard lock(mutex_);
  state_ = std::move(source);
}

void FlightLog::setWritten(std::function<void()> written) {
  const std::lock_guard lock(writtenMutex_);
  written_ = std::move(written);
}

std::uint64_t FlightLog::append(ingest::Event event) {
  auto envelope = std::make_shared<ingest::Envelope>();
  envelope->event = std::move(event);
  const std::uint32_t kind = serve::kindOf(envelope->event);
  const std::size_t bytes = ingest::sizeInBytes(*envelope);
  const TimeNs now = utcNowNs();
  envelope->received = (kind & kStreaming) != 0 ? ingest::logGridBefore(now) : now;
  const std::lock_guard lock(mutex_);
  envelope->sequence = last_ + 1;
  envelope->previous = last_;
  ++last_;
  ram_.push_back({std::move(envelope), bytes, now, kind});
  ramBytes_ += bytes;
  sinceWoken_ += bytes;
  appendedKinds_ |= kind;
  trimRam();
  return last_;
}

void FlightLog::trimRam() {
  while (ramBytes_ > limits_.ramBytes && ram_.size() > 1) {
    const bool written = ramFirst_ <= persisted_;
    if (!written && ramBytes_ <= std::max(limits_.ramBytes, kMostUnwritten)) return;
    if (!written) {
      ++lostEntries_;
      persisted_ = ramFirst_;
    }
    ramBytes_ -= ram_.front().bytes;
    ram_.pop_front();
    ++ramFirst_;
  }
}

void FlightLog::notify() {
  std::vector<std::shared_ptr<Waker>> due;
  bool writeDue = false;
  {
    const std::lock_guard lock(mutex_);
    if (appendedKinds_ == 0 && persisted_ == last_) return;
    // Samples are written in bunches, what is rare at once: a push waits for it.
    const std::int64_t now = monotonicNs();
    const bool watched = !wakers_.empty() || persisted_ < handedOut_ || sinceWoken_ >= kUnwatchedBytes;
    const std::int64_t every = watched ? kWriteEveryNs : kUnwatchedEveryNs;
    writeDue = (appendedKinds_ & ~kStreaming) != 0 || now - writerWokenAt_ >= every;
    if (writeDue) {
      writerWokenAt_ = now;
      sinceWoken_ = 0;
    }
    for (const auto& waker : wakers_) {
      if (!waker->waiting || (waker->kinds & appendedKinds_) == 0) continue;
      waker->waiting = false;
      due.push_back(waker);
    }
    appendedKinds_ = 0;
  }
  if (writeDue) writerWake_.notify_one();
  for (const auto& waker : due) waker->call();
}

void FlightLog::urge() {
  {
    const std::lock_guard lock(mutex_);
    writerWokenAt_ = monotonicNs();
    sinceWoken_ = 0;
  }
  writerWake_.notify_one();
}

std::uint64_t FlightLog::first() const {
  const std::lock_guard lock(mutex_);
  for (const auto& segment : segments_) {
    if (segment->lastSequence() != 0) return segment->firstSequence();
  }
  return last_ == 0 ? 0 : ramFirst_;
}

std::uint64_t FlightLog::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

std::uint64_t FlightLog::persisted() const {
  const std::lock_guard lock(mutex_);
  return persisted_;
}

LogStats FlightLog::stats() const {
  LogStats out;
  out.first = first();
  const std::lock_guard lock(mutex_);
  out.last = last_;
  out.persisted = persisted_;
  out.ramBytes = ramBytes_;
  for (const auto& segment : segments_) out.diskBytes += segment->bytes();
  out.segments = segments_.size();
  out.cursors = wakers_.size();
  for (const auto& waker : wakers_) {
    out.largestLag = std::max(out.largestLag, last_ + 1 - std::min(last_ + 1, waker->position));
  }
  out.writeErrors = writeErrors_;
  out.lostEntries = lostEntries_;
  return out;
}

FlightLog::~FlightLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  writerWake_.notify_one();
  if (writer_.joinable()) writer_.join();
  // In order: all that was handed out is on disk (or counted as lost), and the next agent's sequence begins here.
  if (lockFd_ >= 0) (void)reserve_.reserve(last_);
  closeLock();
}

void FlightLog::writerLoop() {
  std::unique_lock lock(mutex_);
  while (true) {
    writerWake_.wait(lock, [this] { return stopping_ || persisted_ < last_; });
    if (persisted_ >= last_) return;  // stopping, and everything is written
    reserveAhead(lock);
    writeSome(lock);
  }
}

// Long before what is reserved is used up. A disk that refuses it refuses the entries as well, which is counted there.
void FlightLog::reserveAhead(std::unique_lock<std::mutex>& lock) {
  if (lockFd_ < 0 || last_ + SequenceReserve::kStep / 2 < reserve_.upTo()) return;
  const std::uint64_t upTo = last_ + SequenceReserve::kStep;
  lock.unlock();
  (void)reserve_.reserve(upTo);
  lock.lock();
}

// Takes a chunk out under the lock, encodes and writes it without.
void FlightLog::writeSome(std::unique_lock<std::mutex>& lock) {
  std::vector<Entry> chunk;
  std::size_t bytes = 0;
  std::uint32_t kinds = 0;
  for (std::size_t i = persisted_ + 1 - ramFirst_; i < ram_.size() && bytes < kWriteChunkBytes; ++i) {
    chunk.push_back(ram_[i]);
    bytes += ram_[i].bytes;
    kinds |= ram_[i].kind;
  }
  const std::uint64_t upTo = persisted_ + chunk.size();
  std::shared_ptr<LogSegment> segment = segments_.empty() ? nullptr : segments_.back();
  lock.unlock();
  if (!writable_ || !segment || segment->bytes() >= limits_.segmentBytes) {
    segment = rollSegment(chunk.front().envelope->sequence);
  }
  bool written = segment != nullptr;
  if (segment) {
    for (const Entry& entry : chunk) {
      const std::string encoded = link::encodeBatch(*entry.envelope);
      if (!encoded.empty()) segment->add(entry.envelope->sequence, entry.when, entry.kind, encoded);
    }
    written = segment->flush().has_value();
  }
  lock.lock();
  persisted_ = std::max(persisted_, upTo);
  if (!written) {
    ++writeErrors_;
    lostEntries_ += chunk.size();
  }
  trimRam();
  if ((kinds & ~kStreaming) == 0) return;
  lock.unlock();
  {
    const std::lock_guard told(writtenMutex_);
    if (written_) written_();
  }
  lock.lock();
}

std::shared_ptr<LogSegment> FlightLog::rollSegment(std::uint64_t firstSequence) {
  auto made = LogSegment::create(folder_, firstSequence);
  if (!made) return nullptr;
  writable_ = true;
  StateSource source;
  {
    const std::lock_guard lock(mutex_);
    source = state_;
  }
  if (source) {
    for (const ingest::Envelope& envelope : source()) {
      const std::string encoded = link::encodeBatch(envelope);
      (*made)->add(0, utcNowNs(), serve::kindOf(envelope.event), encoded);
    }
  }
  const std::lock_guard lock(mutex_);
  segments_.push_back(*made);
  retain(utcNowNs());
  return *made;
}

// Under the lock. The newest file always stays.
void FlightLog::retain(TimeNs now) {
  std::uint64_t bytes = 0;
  for (const auto& segment : segments_) bytes += segment->bytes();
  while (segments_.size() > 1) {
    const auto& oldest = segments_.front();
    const bool old = oldest->newest() != 0 && oldest->newest() < now - limits_.age.ns;
    if (!old && bytes + limits_.segmentBytes <= limits_.diskBytes) return;
    bytes -= oldest->bytes();
    oldest->remove();
    segments_.erase(segments_.begin());
  }
}

std::unique_ptr<serve::Cursor> FlightLog::openCursor(const serve::CursorStart& start, std::function<void()> wake) {
  std::uint64_t next = 0;
  {
    const std::lock_guard lock(mutex_);
    next = last_ + 1;
    if (start.agentId == agentId_ && start.after > 0) {
      next = std::min(next, start.after + 1);
    } else if (start.backfill.ns > 0) {
      next = sequenceSince(utcNowNs() - start.backfill.ns);
    }
  }
  return std::make_unique<LogCursor>(*this, next, start, std::move(wake));
}

// Under the lock: the first entry appended at or after `when`, rounded down to a mark for those on disk.
std::uint64_t FlightLog::sequenceSince(TimeNs when) const {
  if (!ram_.empty() && ram_.front().when < when) {
    const auto found =
        std::lower_bound(ram_.begin(), ram_.end(), when, [](const Entry& entry, TimeNs w) { return entry.when < w; });
    return ramFirst_ + static_cast<std::uint64_t>(found - ram_.begin());
  }
  for (const auto& segment : segments_) {
    if (segment->lastSequence() != 0 && segment->newest() >= when) return segment->sequenceAtTime(when);
  }
  return ramFirst_;
}

}  // namespace qd::daemon
