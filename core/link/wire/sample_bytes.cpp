// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/sample_bytes.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/link/wire/detail.h"
#include "core/link/wire/limits.h"

namespace qd::link {
namespace {

static_assert(std::endian::native == std::endian::little, "fixed fields are copied as they lie in memory");

// Tags, field << 3 | type, as they stand in the proto.
enum BatchTag : std::uint32_t { kSequence = 1 << 3, kPrevious = 2 << 3, kSamples = 4 << 3 | 2, kLogged = 18 << 3 };
enum BlockTag : std::uint32_t {
  kProcess = 1 << 3 | 2,
  kRing = 2 << 3,
  kFirst = 3 << 3,
  kCount = 4 << 3,
  kDropped = 5 << 3,
  kTicks = 6 << 3 | 2,
  kTimes = 7 << 3 | 2,
  kColumn = 8 << 3 | 2,
  kLate = 9 << 3
};
enum RefTag : std::uint32_t { kId = 1 << 3 | 2, kInstance = 2 << 3 | 1 };
enum ColumnTag : std::uint32_t { kSeries = 1 << 3, kRows = 2 << 3 | 2, kIntegers = 3 << 3 | 2, kDoubles = 4 << 3 | 2 };

constexpr std::size_t kTag = 1;  // bytes of every tag but that of logged_ns

std::uint64_t zigzag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>((v >> 1) ^ (0 - (v & 1)));
}

std::size_t sizeOf(std::uint64_t varint) {
  return (static_cast<std::size_t>(std::bit_width(varint | 1)) * 9 + 64) / 64;
}
std::size_t fieldSize(std::uint64_t varint) {
  return varint == 0 ? 0 : kTag + sizeOf(varint);
}
std::size_t blockSize(std::size_t bytes) {
  return kTag + sizeOf(bytes) + bytes;
}
std::size_t packedSize(std::size_t bytes) {
  return bytes == 0 ? 0 : blockSize(bytes);
}

// each(zigzag of the difference to the value before).
template <class Each>
void eachDelta(const std::vector<std::int64_t>& values, Each each) {
  std::uint64_t before = 0;
  for (const std::int64_t value : values) {
    each(zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(value) - before)));
    before = static_cast<std::uint64_t>(value);
  }
}

struct Sizes {
  std::size_t ref = 0, ticks = 0, times = 0, block = 0, batch = 0;
};

std::size_t deltaBytes(const std::vector<std::int64_t>& values) {
  std::size_t bytes = 0;
  eachDelta(values, [&](std::uint64_t delta) { bytes += sizeOf(delta); });
  return bytes;
}

std::size_t rowBytes(const ingest::Column& column) {
  std::size_t bytes = 0;
  for (const std::uint32_t row : column.rows) bytes += sizeOf(row);
  return bytes;
}

std::size_t columnSize(const ingest::Column& column) {
  return fieldSize(column.series.value) + packedSize(rowBytes(column)) + packedSize(column.size() * 8);
}

Sizes sizesOf(const ingest::Envelope& envelope, const ingest::SampleBlock& block) {
  Sizes out;
  out.ref = packedSize(block.process.id.value.size()) + (block.process.instance.value == 0 ? 0 : kTag + 8);
  out.ticks = deltaBytes(block.ticks);
  out.times = deltaBytes(block.times);
  out.block = blockSize(out.ref) + fieldSize(block.ring) + fieldSize(block.firstSequence) + fieldSize(block.count) +
              fieldSize(block.dropped) + packedSize(out.ticks) + packedSize(out.times) + (block.late ? kTag + 1 : 0);
  for (const ingest::Column& column : block.columns) out.block += blockSize(columnSize(column));
  const std::uint64_t logged = zigzag(envelope.received);
  out.batch = fieldSize(envelope.sequence) + fieldSize(envelope.previous) + blockSize(out.block) +
              (logged == 0 ? 0 : sizeOf(kLogged) + sizeOf(logged));
  return out;
}

class Out {
 public:
  explicit Out(std::uint8_t* to) : to_(to) {}
  void varint(std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) *to_++ = static_cast<std::uint8_t>(v | 0x80);
    *to_++ = static_cast<std::uint8_t>(v);
  }
  void raw(const void* from, std::size_t bytes) {
    if (bytes != 0) std::memcpy(to_, from, bytes);
    to_ += bytes;
  }
  void field(std::uint32_t tag, std::uint64_t value) {
    if (value == 0) return;
    varint(tag);
    varint(value);
  }
  void head(std::uint32_t tag, std::size_t bytes) {
    varint(tag);
    varint(bytes);
  }
  void deltas(std::uint32_t tag, std::size_t bytes, const std::vector<std::int64_t>& values) {
    if (bytes == 0) return;
    head(tag, bytes);
    eachDelta(values, [this](std::uint64_t delta) { varint(delta); });
  }

 private:
  std::uint8_t* to_;
};

void writeColumn(const ingest::Column& column, Out& out) {
  out.head(kColumn, columnSize(column));
  out.field(kSeries, column.series.value);
  if (!column.rows.empty()) {
    out.head(kRows, rowBytes(column));
    for (const std::uint32_t row : column.rows) out.varint(row);
  }
  std::visit(
      [&](const auto& values) {
        if (values.empty()) return;
        out.head(column.values.index() == 0 ? kIntegers : kDoubles, values.size() * 8);
        out.raw(values.data(), values.size() * 8);
      },
      column.values);
}

// Reads what the writer above writes. Once something is not so, all that follows is nothing.
class In {
 public:
  In(const std::uint8_t* from, const std::uint8_t* end) : at_(from), end_(end) {}
  bool ok() const { return ok_; }
  bool atEnd() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const std::uint8_t* at() const { return at_; }

  std::uint64_t varint() {
    if (at_ != end_ && *at_ < 0x80) return *at_++;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const std::uint8_t byte = *at_++;
      if (shift == 63 && byte > 1) break;
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    return spoil();
  }
  std::uint32_t small() {
    const std::uint64_t value = varint();
    return static_cast<std::uint32_t>(value > UINT32_MAX ? spoil() : value);
  }
  // Takes the tag if it is the one that comes next.
  bool next(std::uint32_t tag) {
    if (tag >= 0x80) {
      if (left() < 2 || at_[0] != ((tag & 0x7F) | 0x80) || at_[1] != tag >> 7) return false;
      at_ += 2;
      return true;
    }
    if (at_ == end_ || *at_ != tag) return false;
    ++at_;
    return true;
  }
  In block() {
    const std::uint64_t bytes = varint();
    if (bytes > left()) spoil();
    if (!ok_) return {end_, end_};
    const std::uint8_t* from = at_;
    at_ += bytes;
    return {from, at_};
  }
  std::uint64_t spoil() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

 private:
  const std::uint8_t *at_, *end_;
  bool ok_ = true;
};

// How many varints a packed field holds: bytes that end one.
std::size_t varints(const In& in) {
  return static_cast<std::size_t>(std::count_if(in.at(), in.at() + in.left(), [](std::uint8_t b) { return b < 0x80; }));
}

bool readDeltas(In in, std::vector<std::int64_t>& out) {
  out.resize(varints(in));
  std::uint64_t sum = 0;
  for (std::int64_t& value : out) {
    sum += static_cast<std::uint64_t>(unzigzag(in.varint()));
    value = static_cast<std::int64_t>(sum);
  }
  return in.ok() && in.atEnd() && !out.empty();
}

bool readRows(In in, std::size_t rows, std::vector<std::uint32_t>& out) {
  out.resize(varints(in));
  for (std::uint32_t& row : out) row = in.small();
  return in.ok() && in.atEnd() && !out.empty() && std::is_sorted(out.begin(), out.end()) && out.back() < rows;
}

template <class T>
bool readFixed(const In& in, ingest::Column& out) {
  std::vector<T> values(in.left() / sizeof(T));
  if (values.empty() || in.left() % sizeof(T) != 0) return false;
  std::memcpy(values.data(), in.at(), in.left());
  out.values = std::move(values);
  return true;
}

bool readColumn(In in, std::size_t rows, ingest::Column& out) {
  if (in.next(kSeries)) out.series = SeriesIndex(in.small());
  if (in.next(kRows) && !readRows(in.block(), rows, out.rows)) return false;
  if (in.next(kIntegers)) {
    if (!readFixed<std::int64_t>(in.block(), out)) return false;
  } else if (in.next(kDoubles)) {
    if (!readFixed<double>(in.block(), out)) return false;
  }
  const std::size_t n = out.size();
  return in.ok() && in.atEnd() && detail::isSeriesIndex(out.series.value) &&
         (out.rows.empty() ? n <= rows : n == out.rows.size());
}

bool readRef(In in, ingest::ProcessRef& out) {
  if (!in.next(kId)) return false;
  const In id = in.block();
  const std::string_view text(reinterpret_cast<const char*>(id.at()), id.left());
  if (!isProcessId(text)) return false;
  out.id = ProcessId(std::string(text));
  std::uint64_t instance = 0;
  if (in.next(kInstance)) {
    if (in.left() != sizeof(instance)) return false;
    std::memcpy(&instance, in.at(), sizeof(instance));
  } else if (!in.atEnd()) {
    return false;
  }
  out.instance = InstanceId(instance);
  return in.ok();
}

// The columns that follow each other here; each is at least a tag and a length.
std::size_t columnsAhead(In in) {
  std::size_t n = 0;
  for (; in.next(kColumn); ++n) in.block();
  return n;
}

bool readBlock(In in, ingest::SampleBlock& out) {
  if (!in.next(kProcess) || !readRef(in.block(), out.process)) return false;
  if (in.next(kRing)) out.ring = in.small();
  if (in.next(kFirst)) out.firstSequence = in.varint();
  if (in.next(kCount)) out.count = in.varint();
  if (in.next(kDropped)) out.dropped = in.varint();
  if (in.next(kTicks) && !readDeltas(in.block(), out.ticks)) return false;
  if (in.next(kTimes) && !readDeltas(in.block(), out.times)) return false;
  const std::size_t rows = out.ticks.size();
  if (rows != out.times.size() || rows > std::size_t{kMaxRows} || !std::is_sorted(out.times.begin(), out.times.end()))
    return false;
  const std::size_t columns = columnsAhead(in);
  if (columns > std::size_t{kMaxColumns}) return false;
  out.columns.resize(columns);
  for (ingest::Column& column : out.columns) {
    if (!in.next(kColumn) || !readColumn(in.block(), rows, column)) return false;
  }
  if (in.next(kLate)) out.late = in.varint() != 0;
  return in.ok() && in.atEnd();
}

}  // namespace

std::size_t sampleBatchSize(const ingest::Envelope& envelope) {
  const auto* block = std::get_if<ingest::SampleBlock>(&envelope.event);
  return block == nullptr ? 0 : sizesOf(envelope, *block).batch;
}

void writeSampleBatch(const ingest::Envelope& envelope, std::uint8_t* to) {
  const auto& block = std::get<ingest::SampleBlock>(envelope.event);
  const Sizes sizes = sizesOf(envelope, block);
  Out out(to);
  out.field(kSequence, envelope.sequence);
  out.field(kPrevious, envelope.previous);
  out.head(kSamples, sizes.block);
  out.head(kProcess, sizes.ref);
  const std::string& id = block.process.id.value;
  if (!id.empty()) {
    out.head(kId, id.size());
    out.raw(id.data(), id.size());
  }
  if (const std::uint64_t instance = block.process.instance.value; instance != 0) {
    out.varint(kInstance);
    out.raw(&instance, sizeof(instance));
  }
  out.field(kRing, block.ring);
  out.field(kFirst, block.firstSequence);
  out.field(kCount, block.count);
  out.field(kDropped, block.dropped);
  out.deltas(kTicks, sizes.ticks, block.ticks);
  out.deltas(kTimes, sizes.times, block.times);
  for (const ingest::Column& column : block.columns) writeColumn(column, out);
  out.field(kLate, block.late ? 1 : 0);
  out.field(kLogged, zigzag(envelope.received));
}

bool readSampleBatch(std::span<const std::byte> bytes, ingest::Envelope& out) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  In in(from, from + bytes.size());
  out.sequence = in.next(kSequence) ? in.varint() : 0;
  out.previous = in.next(kPrevious) ? in.varint() : 0;
  if (!in.next(kSamples)) return false;
  auto& block = out.event.emplace<ingest::SampleBlock>();
  if (!readBlock(in.block(), block)) return false;
  out.received = in.next(kLogged) ? unzigzag(in.varint()) : 0;
  return in.ok() && in.atEnd();
}

}  // namespace qd::link
