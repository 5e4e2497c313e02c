// SPDX-License-Identifier: Apache-2.0
#include "core/recording/head_codec.h"

#include <algorithm>

#include "core/ingest/log_grid.h"

namespace qd::recording {
namespace {

using ingest::isOnLogGrid;
using ingest::kLogGridNs;

// How a head of format 3 begins; one of format 2 begins with the number of its blocks, which is not 0.
constexpr std::uint8_t kMarked = 0;
enum Bits : std::uint8_t {
  kAtOnGrid = 1,        // `at` as grid points after the first row; 0: when that was
  kReceivedOnGrid = 2,  // `received` as grid points after `at`
  kSequenceByOrd = 4,   // `sequence` less `ord`
  kAllBits = 7
};

// One list for each field of BlockHead, in its order.
enum Place { kOrd, kAt, kSequence, kPrevious, kReceived, kFirst, kCount, kDropped, kRows, kPlaces };
struct Lists {
  std::vector<std::int64_t> of[kPlaces];
};

std::uint64_t u(std::int64_t v) {
  return static_cast<std::uint64_t>(v);
}
std::int64_t i(std::uint64_t v) {
  return static_cast<std::int64_t>(v);
}

// The time of the first row of each block, 0 where it has none.
class FirstRows {
 public:
  explicit FirstRows(std::span<const TimeNs> times) : times_(times) {}
  TimeNs next(std::size_t rows) {
    const TimeNs first = rows == 0 ? 0 : times_[row_];
    row_ += rows;
    return first;
  }

 private:
  std::span<const TimeNs> times_;
  std::size_t row_ = 0;
};

// Which of the fields can be told as points of the grid without losing anything.
std::uint8_t bitsOf(std::span<const BlockHead> blocks, std::span<const TimeNs> times) {
  FirstRows rows(times);
  bool at = true, received = true;
  for (const BlockHead& block : blocks) {
    const TimeNs first = rows.next(block.rows);
    at = at && first >= 0 && (block.at == first || (block.at > first && isOnLogGrid(block.at)));
    received = received && block.at >= 0 && block.received >= 0 && isOnLogGrid(block.received);
  }
  const bool logged = !blocks.empty() && blocks.front().sequence != 0;
  return static_cast<std::uint8_t>((at ? kAtOnGrid : 0) | (received ? kReceivedOnGrid : 0) |
                                   (logged ? kSequenceByOrd : 0));
}

std::int64_t placeOf(const BlockHead& block, TimeNs first, bool onGrid) {
  if (!onGrid) return i(u(block.at) - u(first));
  return block.at == first ? 0 : block.at / kLogGridNs - first / kLogGridNs;
}

// Undoes the differences. Numbers of hostile bytes wrap.
void restore(ChunkHead& head, std::uint8_t bits) {
  constexpr auto kGrid = static_cast<std::uint64_t>(kLogGridNs);
  FirstRows rows(head.times);
  std::uint64_t expected = 0;
  for (BlockHead& block : head.blocks) {
    const TimeNs first = rows.next(block.rows);
    const bool onGrid = (bits & kAtOnGrid) != 0 && block.at != 0;
    block.at = i(onGrid ? (u(first / kLogGridNs) + u(block.at)) * kGrid : u(first) + u(block.at));
    if ((bits & kSequenceByOrd) != 0) block.sequence += block.ord;
    block.previous = block.sequence - block.previous;
    block.received = i((bits & kReceivedOnGrid) != 0 ? (u(block.at / kLogGridNs) + u(block.received)) * kGrid
                                                     : u(block.received) + u(block.at));
    block.firstSequence += expected;
    expected = block.firstSequence + block.count;
  }
}

}  // namespace

Bytes encodeHead(Packer& packer, std::span<const BlockHead> blocks, std::span<const Tick> ticks,
                 std::span<const TimeNs> times) {
  const std::uint8_t bits = bitsOf(blocks, times);
  Lists lists;
  FirstRows rows(times);
  std::uint64_t expected = 0;
  for (const BlockHead& block : blocks) {
    const std::int64_t fields[kPlaces] = {i(block.ord),
                                          placeOf(block, rows.next(block.rows), (bits & kAtOnGrid) != 0),
                                          i(block.sequence - ((bits & kSequenceByOrd) != 0 ? block.ord : 0)),
                                          i(block.sequence - block.previous),
                                          (bits & kReceivedOnGrid) != 0
                                              ? block.received / kLogGridNs - block.at / kLogGridNs
                                              : i(u(block.received) - u(block.at)),
                                          i(block.firstSequence - expected),
                                          i(block.count),
                                          i(block.dropped),
                                          i(block.rows)};
    for (std::size_t k = 0; k < kPlaces; ++k) lists.of[k].push_back(fields[k]);
    expected = block.firstSequence + block.count;
  }
  Bytes out{kMarked, bits};
  for (const auto& list : lists.of) packer.ints(list, out);
  packer.ints(ticks, out);
  packer.ints(times, out);
  return out;
}

Result<ChunkHead> decodeHead(ByteView bytes, int format) {
  ByteReader in(bytes);
  const bool marked = format > 2 && !bytes.empty() && bytes.front() == kMarked;
  if (marked) (void)in.u8();
  const std::uint8_t bits = marked ? in.u8() : 0;
  Lists lists;
  for (auto& list : lists.of) list = unpackInts(in);
  ChunkHead head;
  head.ticks = unpackInts(in);
  head.times = unpackInts(in);
  if (format > 1) {
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) head.rowLists.push_back(unpackInts(in));
  }
  bool sound = in.ok() && in.atEnd() && bits <= kAllBits && head.ticks.size() == head.times.size();
  for (const auto& list : lists.of) sound = sound && list.size() == lists.of[0].size();
  std::uint64_t rows = 0;
  for (std::size_t b = 0; sound && b < lists.of[0].size(); ++b) {
    const auto field = [&](Place place) { return u(lists.of[place][b]); };
    head.blocks.push_back({field(kOrd), lists.of[kAt][b], field(kSequence), field(kPrevious), lists.of[kReceived][b],
                           field(kFirst), field(kCount), field(kDropped), field(kRows)});
    sound = field(kRows) <= head.ticks.size() - rows;
    rows += field(kRows);
  }
  if (!sound || rows != head.ticks.size()) return fail(ErrorCode::Corrupt, "its head does not decode");
  if (format > 1) restore(head, bits);
  return head;
}

}  // namespace qd::recording
