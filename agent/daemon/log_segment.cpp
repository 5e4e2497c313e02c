// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/log_segment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace qd::daemon {
namespace {

constexpr char kMagic[8] = {'Q', 'D', 'L', 'O', 'G', '0', '1', '\n'};
constexpr std::uint64_t kHeaderBytes = 32;  // magic, first sequence, 16 bytes of room
constexpr std::uint64_t kMarkEvery = std::uint64_t{64} << 10;
constexpr std::size_t kReadAhead = std::size_t{128} << 10;

Result<> writeAll(int fd, const char* data, std::size_t size, std::uint64_t offset) {
  while (size > 0) {
    const ssize_t n = ::pwrite(fd, data, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failErrno("Writing the flight recorder", n == 0 ? ENOSPC : errno);
    data += n;
    size -= static_cast<std::size_t>(n);
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

bool readAll(int fd, void* to, std::size_t size, std::uint64_t offset) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t n = ::pread(fd, at, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<std::size_t>(n);
    offset += static_cast<std::uint64_t>(n);
  }
  return true;
}

}  // namespace

std::uint64_t checksumOf(const RecordHead& head, std::span<const char> payload) {
  RecordHead keyed = head;
  keyed.checksum = 0;
  const std::uint64_t seed = XXH3_64bits(&keyed, sizeof keyed);
  return XXH3_64bits_withSeed(payload.data(), payload.size(), seed);
}

Result<std::shared_ptr<LogSegment>> LogSegment::create(const std::filesystem::path& folder, std::uint64_t first) {
  std::filesystem::path file;
  int fd = -1;
  if (folder.empty()) {
    std::error_code ignored;
    auto temporary = std::filesystem::temp_directory_path(ignored);
    if (temporary.empty()) temporary = "/tmp";
    fd = ::open(temporary.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  } else {
    file = folder / fmt::format("log-{:020}.qdlog", first);
    fd = ::open(file.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0640);
  }
  if (fd < 0) return failErrno(fmt::format("Creating a flight recorder file in {}", folder.string()), errno);
  auto segment = std::shared_ptr<LogSegment>(new LogSegment(fd, file, first));
  char header[kHeaderBytes] = {};
  std::memcpy(header, kMagic, sizeof kMagic);
  std::memcpy(header + 8, &first, sizeof first);
  if (auto written = writeAll(fd, header, sizeof header, 0); !written) return std::unexpected(written.error());
  segment->published_ = kHeaderBytes;
  return segment;
}

Result<std::shared_ptr<LogSegment>> LogSegment::open(const std::filesystem::path& file, bool verify) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return failErrno(fmt::format("Opening the flight recorder file {}", file.string()), errno);
  char header[kHeaderBytes];
  std::uint64_t first = 0;
  const bool complete = readAll(fd, header, sizeof header, 0);
  if (complete) std::memcpy(&first, header + 8, sizeof first);
  if (!complete || std::memcmp(header, kMagic, sizeof kMagic) != 0 || first == 0) {
    ::close(fd);
    return fail(ErrorCode::Corrupt, fmt::format("{} is no flight recorder file.", file.string()));
  }
  auto segment = std::shared_ptr<LogSegment>(new LogSegment(fd, file, first));
  if (auto indexed = segment->index(verify); !indexed) return std::unexpected(indexed.error());
  return segment;
}

LogSegment::~LogSegment() {
  ::close(fd_);
}

Result<> LogSegment::index(bool verify) {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return failErrno("Reading the flight recorder", errno);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  // A reader that does not own this object: it only borrows it for the walk.
  SegmentReader reader(std::shared_ptr<LogSegment>(std::shared_ptr<void>(), this), kHeaderBytes);
  SegmentReader::Record record;
  std::uint64_t good = kHeaderBytes;
  while (reader.next(record, size, verify) == SegmentReader::Status::Record) {
    note(record.head, good);
    good = reader.offset();
  }
  last_ = pendingLast_;
  newest_ = pendingNewest_;
  published_ = good;
  if (good < size && verify && ::ftruncate(fd_, static_cast<off_t>(good)) != 0) {
    return failErrno(fmt::format("Cutting the torn end off {}", file_.string()), errno);
  }
  return {};
}

void LogSegment::note(const RecordHead& head, std::uint64_t offset) {
  if (head.sequence == 0) return;
  pendingLast_ = head.sequence;
  pendingNewest_ = head.when;
  if (oldest_ == 0) oldest_ = head.when;
  const std::lock_guard lock(marksMutex_);
  if (marks_.empty() || offset >= marks_.back().offset + kMarkEvery) {
    marks_.push_back({head.sequence, offset, head.when});
  }
}

void LogSegment::add(std::uint64_t sequence, TimeNs when, std::uint32_t kind, std::span<const char> payload) {
  RecordHead head{static_cast<std::uint32_t>(payload.size()), kind, sequence, when, 0};
  head.checksum = checksumOf(head, payload);
  note(head, published_.load(std::memory_order_relaxed) + pending_.size());
  const auto* raw = reinterpret_cast<const char*>(&head);
  pending_.insert(pending_.end(), raw, raw + sizeof head);
  pending_.insert(pending_.end(), payload.begin(), payload.end());
}

Result<> LogSegment::flush() {
  const std::uint64_t at = published_.load(std::memory_order_relaxed);
  auto written = writeAll(fd_, pending_.data(), pending_.size(), at);
  if (!written) {
    pending_.clear();
    return written;
  }
  last_.store(pendingLast_, std::memory_order_release);
  newest_.store(pendingNewest_, std::memory_order_release);
  published_.store(at + pending_.size(), std::memory_order_release);
  pending_.clear();
  if (pending_.capacity() > (std::size_t{1} << 20)) pending_.shrink_to_fit();
  return {};
}

void LogSegment::remove() {
  if (!file_.empty()) ::unlink(file_.c_str());
}

std::uint64_t LogSegment::begin() const {
  return kHeaderBytes;
}

std::uint64_t LogSegment::seekSequence(std::uint64_t sequence) const {
  const std::lock_guard lock(marksMutex_);
  auto after = std::upper_bound(marks_.begin(), marks_.end(), sequence,
                                [](std::uint64_t s, const Mark& mark) { return s < mark.sequence; });
  return after == marks_.begin() ? kHeaderBytes : std::prev(after)->offset;
}

std::uint64_t LogSegment::sequenceAtTime(TimeNs when) const {
  const std::lock_guard lock(marksMutex_);
  auto after =
      std::lower_bound(marks_.begin(), marks_.end(), when, [](const Mark& mark, TimeNs w) { return mark.when < w; });
  return after == marks_.begin() ? first_ : std::prev(after)->sequence;
}

SegmentReader::SegmentReader(std::shared_ptr<LogSegment> segment, std::uint64_t offset)
    : segment_(std::move(segment)), offset_(offset) {}

bool SegmentReader::load(std::uint64_t need, std::uint64_t limit) {
  if (offset_ >= bufferAt_ && offset_ + need <= bufferAt_ + buffer_.size()) return true;
  if (offset_ + need > limit) return false;
  const std::uint64_t size = std::min<std::uint64_t>(std::max<std::uint64_t>(need, kReadAhead), limit - offset_);
  buffer_.resize(size);
  bufferAt_ = offset_;
  if (readAll(segment_->descriptor(), buffer_.data(), size, offset_)) return true;
  buffer_.clear();
  return false;
}

SegmentReader::Status SegmentReader::next(Record& out, std::uint64_t limit, bool verify) {
  if (offset_ >= limit) return Status::End;
  if (!load(sizeof(RecordHead), limit)) return Status::Damaged;
  std::memcpy(&out.head, buffer_.data() + (offset_ - bufferAt_), sizeof out.head);
  if (out.head.size > kLargestRecord || !load(sizeof(RecordHead) + out.head.size, limit)) return Status::Damaged;
  const std::span<const char> payload(buffer_.data() + (offset_ - bufferAt_) + sizeof(RecordHead), out.head.size);
  if (verify && checksumOf(out.head, payload) != out.head.checksum) return Status::Damaged;
  out.payload = std::as_bytes(payload);
  offset_ += sizeof(RecordHead) + out.head.size;
  return Status::Record;
}

}  // namespace qd::daemon
