// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/log_cursor.h"

#include <algorithm>

#include "core/link/wire/batch_codec.h"

namespace qd::daemon {

void FlightLog::Waker::call() {
  const std::lock_guard lock(callMutex);
  if (wake) wake();
}

LogCursor::LogCursor(FlightLog& log, std::uint64_t next, const serve::CursorStart& start, std::function<void()> wake)
    : log_(log), startedAfter_(next - 1), next_(next), waker_(std::make_shared<FlightLog::Waker>()) {
  waker_->wake = std::move(wake);
  waker_->kinds = start.kinds;
  waker_->position = next;
  const std::lock_guard lock(log_.mutex_);
  log_.wakers_.push_back(waker_);
}

LogCursor::~LogCursor() {
  {
    const std::lock_guard lock(log_.mutex_);
    std::erase(log_.wakers_, waker_);
    log_.handedOut_ = std::max(log_.handedOut_, next_ - 1);
  }
  const std::lock_guard lock(waker_->callMutex);
  waker_->wake = nullptr;
}

void LogCursor::want(std::uint32_t kinds) {
  const std::lock_guard lock(log_.mutex_);
  waker_->kinds = kinds;
}

ingest::EnvelopePtr LogCursor::next() {
  while (true) {
    ingest::EnvelopePtr found;
    switch (fromRam(found)) {
      case Source::Found:
        reader_.reset();
        return found;
      case Source::Nothing:
        reader_.reset();
        return nullptr;
      case Source::Disk:
        found = fromDisk();
        if (found) return found;
    }
  }
}

LogCursor::Source LogCursor::fromRam(ingest::EnvelopePtr& out) {
  const std::lock_guard lock(log_.mutex_);
  waker_->position = next_;
  if (next_ < log_.ramFirst_) return Source::Disk;
  while (next_ <= log_.last_) {
    const FlightLog::Entry& entry = log_.ram_[next_ - log_.ramFirst_];
    ++next_;
    if (entry.kind & waker_->kinds) {
      out = entry.envelope;
      waker_->position = next_;
      return Source::Found;
    }
  }
  waker_->position = next_;
  waker_->waiting = true;
  return Source::Nothing;
}

// Null: nothing here, look at RAM again.
ingest::EnvelopePtr LogCursor::fromDisk() {
  if (!reader_) {
    if (const std::uint64_t after = log_.afterHole(next_); after != next_) {
      next_ = after;
      return nullptr;
    }
  }
  if (!reader_ && !openReader()) return gapUntil(ramFirst(), "it is older than what the agent keeps");
  SegmentReader::Record record;
  const std::uint64_t limit = reader_->segment()->bytes();
  while (true) {
    const std::uint64_t before = reader_->offset();
    const auto status = reader_->next(record, limit);
    if (status != SegmentReader::Status::Record) {
      const std::uint64_t after = std::max(next_, reader_->segment()->lastSequence() + 1);
      reader_.reset();
      if (status == SegmentReader::Status::Damaged) return gapUntil(after, "a flight recorder file is damaged");
      next_ = after;
      return nullptr;
    }
    if (record.head.sequence < next_) continue;
    if (record.head.sequence > next_) {
      reader_.emplace(reader_->segment(), before);
      return gapUntil(record.head.sequence, "the agent no longer has it");
    }
    ++next_;
    if (!(record.head.kind & waker_->kinds)) continue;
    if (auto envelope = link::decodeBatch(record.payload)) {
      return std::make_shared<ingest::Envelope>(std::move(*envelope));
    }
    return gapUntil(next_, "an entry of the flight recorder cannot be read");
  }
}

bool LogCursor::openReader() {
  const std::lock_guard lock(log_.mutex_);
  for (const auto& segment : log_.segments_) {
    if (segment->lastSequence() == 0 || segment->lastSequence() < next_) continue;
    reader_.emplace(segment, segment->seekSequence(next_));
    return true;
  }
  return false;
}

std::uint64_t LogCursor::ramFirst() const {
  const std::lock_guard lock(log_.mutex_);
  return log_.ramFirst_;
}

ingest::EnvelopePtr LogCursor::gapUntil(std::uint64_t next, const char* cause) {
  auto envelope = std::make_shared<ingest::Envelope>();
  envelope->sequence = next - 1;
  envelope->previous = next_ - 1;
  ingest::Gap gap;
  gap.cause = cause;
  envelope->event = std::move(gap);
  next_ = next;
  return envelope;
}

}  // namespace qd::daemon
