// SPDX-License-Identifier: Apache-2.0
// One file of the flight recorder: a header, then records {size, kind, sequence, when, checksum, payload}, appended
// only. The writer thread appends; readers pread the same descriptor at their own offsets, up to what was published, so
// a file that retention has unlinked stays readable for whoever still holds it. A torn tail (kill -9 in the middle of a
// write) is cut off when the file is opened again. Records of sequence 0 are state as of the file's start.
// Checksums: XXH3, 64 bits, over the record's head and payload. Little-endian hosts only. Errors: Io, Corrupt.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace qd::daemon {

inline constexpr std::uint32_t kLargestRecord = std::uint32_t{8} << 20;

struct RecordHead {
  std::uint32_t size = 0;  // of the payload
  std::uint32_t kind = 0;  // serve::Kind
  std::uint64_t sequence = 0;
  TimeNs when = 0;  // when it was appended, UTC
  std::uint64_t checksum = 0;
};
static_assert(sizeof(RecordHead) == 32);

class LogSegment {
 public:
  // Makes a new file in `folder`; folder empty: an unnamed temporary file that vanishes with the last descriptor.
  static Result<std::shared_ptr<LogSegment>> create(const std::filesystem::path& folder, std::uint64_t firstSequence);
  // Opens an existing one and indexes it; `verify`: also checks every checksum and cuts the file at the first bad one.
  static Result<std::shared_ptr<LogSegment>> open(const std::filesystem::path& file, bool verify);
  ~LogSegment();
  LogSegment(const LogSegment&) = delete;
  LogSegment& operator=(const LogSegment&) = delete;

  // Writer thread only. add() collects, flush() writes what was collected and publishes it.
  void add(std::uint64_t sequence, TimeNs when, std::uint32_t kind, std::span<const char> payload);
  Result<> flush();
  void remove();  // unlinks the file

  // Any thread.
  std::uint64_t bytes() const { return published_.load(std::memory_order_acquire); }
  std::uint64_t firstSequence() const { return first_; }  // the first a log entry in here has or would have
  std::uint64_t lastSequence() const { return last_.load(std::memory_order_acquire); }  // 0: none yet
  TimeNs newest() const { return newest_.load(std::memory_order_acquire); }
  TimeNs oldest() const { return oldest_.load(std::memory_order_acquire); }
  // Offset of a record at or before the first entry with sequence ≥ `sequence`.
  std::uint64_t seekSequence(std::uint64_t sequence) const;
  // An entry at or (a little) before the first one appended at or after `when`.
  std::uint64_t sequenceAtTime(TimeNs when) const;
  std::uint64_t begin() const;
  int descriptor() const { return fd_; }

 private:
  struct Mark {
    std::uint64_t sequence, offset;
    TimeNs when;
  };
  LogSegment(int fd, std::filesystem::path file, std::uint64_t first)
      : fd_(fd), file_(std::move(file)), first_(first) {}
  Result<> index(bool verify);
  void note(const RecordHead& head, std::uint64_t offset);

  const int fd_;
  const std::filesystem::path file_;
  const std::uint64_t first_;
  std::atomic<std::uint64_t> published_{0}, last_{0};
  std::atomic<TimeNs> oldest_{0}, newest_{0};
  std::vector<char> pending_;
  std::uint64_t pendingLast_ = 0;
  TimeNs pendingNewest_ = 0;
  mutable std::mutex marksMutex_;
  std::vector<Mark> marks_;  // every 64 KiB or so
};

// Walks one segment from an offset; a reader of its own buffer. One thread.
class SegmentReader {
 public:
  struct Record {
    RecordHead head;
    std::span<const std::byte> payload;  // valid until the next call
  };
  enum class Status { Record, End, Damaged };

  SegmentReader(std::shared_ptr<LogSegment> segment, std::uint64_t offset);
  // `limit`: how far the file may be read (bytes() of the segment). Damaged: the rest of this file cannot be read.
  Status next(Record& out, std::uint64_t limit, bool verify = true);
  const std::shared_ptr<LogSegment>& segment() const { return segment_; }
  std::uint64_t offset() const { return offset_; }

 private:
  bool load(std::uint64_t need, std::uint64_t limit);

  std::shared_ptr<LogSegment> segment_;
  std::uint64_t offset_;
  std::vector<char> buffer_;
  std::uint64_t bufferAt_ = 0;  // file offset of buffer_[0]
};

std::uint64_t checksumOf(const RecordHead& head, std::span<const char> payload);

}  // namespace qd::daemon
