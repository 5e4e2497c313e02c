// SPDX-License-Identifier: Apache-2.0
#include "core/recording/chunk_layout.h"
#include "core/recording/stored_sketch.h"

#include <algorithm>
#include <map>
#include <utility>

namespace qd::recording {
namespace {

using ingest::Column;
using ingest::SampleBlock;

const SampleBlock& blockOf(const Placed& placed) {
  return std::get<SampleBlock>(placed.envelope->event);
}

// The values of one series over all blocks. `rows` stays empty as long as value i stands in row i.
struct Gathered {
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> ints;
  std::vector<double> doubles;
  std::size_t expected = 0;
  std::size_t size() const { return ints.size() + doubles.size(); }
  void leaveRows() {
    rows.reserve(rows.capacity() + size());
    for (std::size_t i = 0; i < size(); ++i) rows.push_back(static_cast<std::int64_t>(i));
  }
};
using SeriesKey = std::pair<std::uint32_t, bool>;

std::size_t sizeOf(const Column& column) {
  if (const auto* ints = std::get_if<0>(&column.values)) return ints->size();
  return std::get<1>(column.values).size();
}

SeriesKey keyOf(const Column& column) {
  return {column.series.value, column.values.index() == 1};
}

// The values of all series. Blocks mostly have the same columns in the same order, so each is looked for where its like
// stood in the block before.
class BySeries {
 public:
  // Before any values, so that there is room for all.
  void expect(const SampleBlock& block) {
    eachOf(block, [](const Column& column, Gathered& into) { into.expected += sizeOf(column); });
  }
  template <class Each>
  void eachOf(const SampleBlock& block, Each each) {
    places_.resize(std::max(places_.size(), block.columns.size()), all_.end());
    for (std::size_t i = 0; i < block.columns.size(); ++i) {
      const SeriesKey key = keyOf(block.columns[i]);
      if (places_[i] == all_.end() || places_[i]->first != key) places_[i] = all_.try_emplace(key).first;
      each(block.columns[i], places_[i]->second);
    }
  }
  std::map<SeriesKey, Gathered>& all() { return all_; }

 private:
  std::map<SeriesKey, Gathered> all_;
  std::vector<std::map<SeriesKey, Gathered>::iterator> places_;
};

void gather(const Column& column, std::size_t base, Gathered& into) {
  const std::size_t n = sizeOf(column);
  const bool leading = into.rows.empty() && into.size() == base && column.rows.empty();
  if (!leading) {
    if (into.rows.empty()) into.leaveRows();
    for (std::size_t i = 0; i < n; ++i) {
      into.rows.push_back(static_cast<std::int64_t>(base + (column.rows.empty() ? i : column.rows[i])));
    }
  }
  if (const auto* ints = std::get_if<0>(&column.values)) {
    if (into.ints.empty()) into.ints.reserve(into.expected);
    into.ints.insert(into.ints.end(), ints->begin(), ints->end());
  } else {
    const auto& doubles = std::get<1>(column.values);
    if (into.doubles.empty()) into.doubles.reserve(into.expected);
    into.doubles.insert(into.doubles.end(), doubles.begin(), doubles.end());
  }
}

// Whether the rows say nothing that their number does not.
bool isDense(const std::vector<std::int64_t>& rows, std::size_t chunkRows) {
  if (rows.size() != chunkRows) return false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

// Ticks and times of all rows of a chunk.
struct Places {
  std::vector<Tick> ticks;
  std::vector<TimeNs> times;

  Extent extent(std::size_t from, std::size_t to) const {
    Extent out{times[from], times[from], ticks[from], ticks[from]};
    for (std::size_t i = from + 1; i < to; ++i) out.add({times[i], times[i], ticks[i], ticks[i]});
    return out;
  }
  Extent extent(std::span<const std::int64_t> rows) const {
    Extent out = at(rows.front());
    for (const std::int64_t row : rows) out.add(at(row));
    return out;
  }

 private:
  Extent at(std::int64_t row) const {
    const auto i = static_cast<std::size_t>(row);
    return {times[i], times[i], ticks[i], ticks[i]};
  }
};

template <class T>
std::vector<Summary> bucketsOf(std::span<const T> values) {
  std::vector<Summary> out;
  out.reserve(values.size() / kBucket + 1);
  for (std::size_t at = 0; at < values.size(); at += kBucket) {
    out.push_back(summarise(values.subspan(at, std::min(kBucket, values.size() - at))));
  }
  return out;
}

// `rows`: of a column that is not dense, else empty.
void describe(Packer& packer, const Gathered& data, std::span<const std::int64_t> rows, const Places& places,
              const Extent& whole, EncodedColumn& out) {
  Pyramid pyramid;
  pyramid.buckets = out.isDouble ? bucketsOf<double>(data.doubles) : bucketsOf<std::int64_t>(data.ints);
  out.summary = pyramid.buckets.front();
  for (std::size_t i = 1; i < pyramid.buckets.size(); ++i) out.summary.add(pyramid.buckets[i]);
  out.extent = rows.empty() ? whole : places.extent(rows);
  if (pyramid.buckets.size() < 2) return;
  for (std::size_t at = 0; at < rows.size(); at += kBucket) {
    pyramid.own.push_back(places.extent(rows.subspan(at, std::min(kBucket, rows.size() - at))));
  }
  out.pyramid = encodePyramid(packer, pyramid);
}

// The lists of rows that columns stand in, each once: series that are sampled together share theirs.
class RowLists {
 public:
  std::size_t of(const std::vector<std::int64_t>& rows) {
    const auto [at, fresh] = places_.try_emplace(rows, lists_.size());
    if (fresh) lists_.push_back(&at->first);
    return at->second;
  }
  void pack(Packer& packer, Bytes& out) const {
    ByteWriter(out).varint(lists_.size());
    for (const auto* list : lists_) packer.ints(*list, out);
  }

 private:
  std::map<std::vector<std::int64_t>, std::size_t> places_;
  std::vector<const std::vector<std::int64_t>*> lists_;
};

EncodedColumn encodeColumn(Packer& packer, SeriesKey key, Gathered& data, const Places& places,
                           const EncodedChunk& chunk, RowLists& lists, Detail detail, std::int32_t scale) {
  EncodedColumn out;
  out.series = key.first;
  out.isDouble = key.second;
  if (data.rows.empty() && data.size() != chunk.rows) data.leaveRows();
  const bool dense = data.rows.empty() || isDense(data.rows, chunk.rows);
  ByteWriter(out.body).u8(dense ? kEveryRow : kSharedList);
  if (!dense) ByteWriter(out.body).varint(lists.of(data.rows));
  out.isDouble ? packer.doubles(data.doubles, out.body) : packer.ints(data.ints, out.body);
  const std::span<const std::int64_t> rows = dense ? std::span<const std::int64_t>() : data.rows;
  if (detail == Detail::Tail) return out;
  describe(packer, data, rows, places, chunk.extent, out);
  out.sketch = out.isDouble ? storedSketch(data.doubles) : storedSketch(data.ints, scale);
  return out;
}

Bytes headOf(Packer& packer, std::span<const Placed> blocks, const Places& places) {
  std::vector<BlockHead> heads;
  heads.reserve(blocks.size());
  for (const Placed& placed : blocks) {
    const SampleBlock& block = blockOf(placed);
    const ingest::Envelope& envelope = *placed.envelope;
    heads.push_back({placed.ord, placed.at, envelope.sequence, envelope.previous, envelope.received,
                     block.firstSequence, block.count, block.dropped, block.ticks.size()});
  }
  return encodeHead(packer, heads, places.ticks, places.times);
}

Bytes encodeMarks(Packer& packer, const Places& places) {
  Bytes out;
  const std::size_t rows = places.ticks.size();
  if (rows <= kBucket) return out;
  std::vector<Extent> marks;
  for (std::size_t at = 0; at < rows; at += kBucket) {
    marks.push_back(places.extent(at, std::min(at + kBucket, rows)));
  }
  packExtents(packer, marks, out);
  return out;
}

// What the blocks say together, and all their rows.
EncodedChunk bound(std::span<const Placed> blocks, Places& places) {
  EncodedChunk chunk;
  chunk.ring = blockOf(blocks.front()).ring;
  chunk.ord = chunk.ordMax = blocks.front().ord;
  chunk.at = chunk.atMax = blocks.front().at;
  chunk.blocks = blocks.size();
  for (const Placed& placed : blocks) {
    const SampleBlock& block = blockOf(placed);
    chunk.ord = std::min(chunk.ord, placed.ord);
    chunk.ordMax = std::max(chunk.ordMax, placed.ord);
    chunk.at = std::min(chunk.at, placed.at);
    chunk.atMax = std::max(chunk.atMax, placed.at);
    chunk.dropped += block.dropped;
    places.ticks.insert(places.ticks.end(), block.ticks.begin(), block.ticks.end());
    places.times.insert(places.times.end(), block.times.begin(), block.times.end());
  }
  chunk.rows = places.ticks.size();
  chunk.extent = chunk.rows > 0 ? places.extent(0, chunk.rows) : Extent{chunk.at, chunk.atMax, 0, 0};
  return chunk;
}

}  // namespace

bool isSound(const SampleBlock& block) {
  const std::size_t rows = block.ticks.size();
  if (block.times.size() != rows || rows > kMostInAList) return false;
  return std::all_of(block.columns.begin(), block.columns.end(), [rows](const Column& column) {
    const std::size_t n = column.size();
    if (column.rows.empty()) return n <= rows;
    return column.rows.size() == n &&
           std::all_of(column.rows.begin(), column.rows.end(), [rows](std::uint32_t row) { return row < rows; });
  });
}

EncodedChunk encodeChunk(Packer& packer, std::span<const Placed> blocks, Detail detail, const Scales& scales) {
  Places places;
  EncodedChunk chunk = bound(blocks, places);
  chunk.head = headOf(packer, blocks, places);
  if (detail == Detail::Chunk) chunk.marks = encodeMarks(packer, places);
  BySeries bySeries;
  for (const Placed& placed : blocks) bySeries.expect(blockOf(placed));
  RowLists lists;
  std::size_t base = 0;
  for (const Placed& placed : blocks) {
    const SampleBlock& block = blockOf(placed);
    bySeries.eachOf(block, [base](const Column& column, Gathered& into) { gather(column, base, into); });
    base += block.ticks.size();
  }
  for (auto& [key, data] : bySeries.all()) {
    if (data.size() == 0) continue;
    const auto scale = scales.find(key.first);
    chunk.columns.push_back(
        encodeColumn(packer, key, data, places, chunk, lists, detail, scale == scales.end() ? 0 : scale->second));
    chunk.points += data.size();
  }
  lists.pack(packer, chunk.head);
  return chunk;
}

}  // namespace qd::recording
