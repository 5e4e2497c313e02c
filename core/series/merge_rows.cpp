// SPDX-License-Identifier: Apache-2.0
#include "core/series/merge_rows.h"

#include <algorithm>
#include <array>

#include "core/base/sketch.h"

namespace qd::series {
namespace {

void appendTo(std::vector<Entry>& entries, std::vector<Entry> more) {
  entries.insert(entries.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::vector<Entry> mergedChunk(Meter& meter, const Entry& entry, std::span<const Late> rows) {
  const Chunk& chunk = *entry.chunk;
  std::vector<Late> present, all;
  present.reserve(chunk.size());
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    present.push_back({chunk.row(i), chunk.kind(), i == 0 && chunk.breakBefore()});
  }
  all.reserve(present.size() + rows.size());
  std::merge(present.begin(), present.end(), rows.begin(), rows.end(), std::back_inserter(all),
             [](const Late& a, const Late& b) { return a.row.time < b.row.time; });
  return chunksOf(meter, all);
}

// They count from now on; their values are in the recording alone.
void takeIn(Meter& meter, Entry& entry, std::span<const Late> rows) {
  Sketch sketch;
  const bool sketched = entry.sketch != nullptr;
  if (sketched) sketch.mergeOwn(*entry.sketch);
  const double last = entry.extent.summary.last;
  for (const Late& late : rows) {
    const double value = Chunk::displayed(late.kind, late.row.bits);
    entry.extent.summary.add(value);
    sketch.add(value);
    entry.extent.k0 = std::min(entry.extent.k0, late.row.tick);
    entry.extent.k1 = std::max(entry.extent.k1, late.row.tick);
    entry.extent.mixed = entry.extent.mixed || late.kind.segment != entry.extent.segment;
  }
  if (!std::isnan(last)) entry.extent.summary.last = last;
  entry.sketch = sketched ? meteredSketch(meter, sketch.encode()) : nullptr;
  entry.key = 0;
  entry.gone = false;
}

std::vector<Entry> mergedCold(Meter& meter, Entry entry, std::span<const Late> rows) {
  const auto first =
      std::partition_point(rows.begin(), rows.end(), [&](const Late& r) { return r.row.time < entry.extent.t0; });
  const auto after =
      std::partition_point(first, rows.end(), [&](const Late& r) { return r.row.time <= entry.extent.t1; });
  std::vector<Late> before(rows.begin(), first), later(after, rows.end());
  std::vector<Entry> result = chunksOf(meter, before);
  if (first != after) takeIn(meter, entry, {first, after});
  result.push_back(std::move(entry));
  appendTo(result, chunksOf(meter, later));
  return result;
}

std::vector<Entry> mergedEntry(Meter& meter, const Entry& entry, std::span<const Late> rows) {
  if (entry.chunk) return mergedChunk(meter, entry, rows);
  if (!entry.branch) return mergedCold(meter, entry, rows);
  std::vector<Entry> inner = entry.branch->entries;
  mergeInto(meter, inner, rows);
  return grouped(meter, std::move(inner), entry.branch.get());
}

}  // namespace

std::vector<Entry> chunksOf(Meter& meter, std::vector<Late>& rows, bool loaded) {
  std::vector<Entry> result;
  std::vector<Row> run;
  bool breakBefore = false;
  Kind kind;
  const auto flush = [&] {
    if (run.empty()) return;
    auto chunk = Chunk::of(meter, kind, breakBefore, run);
    chunk->loaded = loaded;
    std::array<std::uint64_t, kChunkSamples> bits;
    std::transform(run.begin(), run.end(), bits.begin(), [](const Row& row) { return row.bits; });
    result.push_back(entryOf(std::move(chunk), sketchOf(meter, kind, {bits.data(), run.size()})));
    run.clear();
    breakBefore = false;
  };
  // What is a little more than one chunk becomes two halves, so that the next late rows find room in both.
  const std::size_t most =
      rows.size() > kChunkSamples && rows.size() < 2 * kChunkSamples ? (rows.size() + 1) / 2 : kChunkSamples;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Late& late = rows[i];
    if (i != 0 && late.kind.segment == kind.segment && late.row.tick < rows[i - 1].row.tick) {
      const std::uint32_t old = late.kind.segment;
      for (std::size_t k = i; k < rows.size() && rows[k].kind.segment == old; ++k) ++rows[k].kind.segment;
      late.breakBefore = true;
    }
    const bool other = i != 0 && late.kind.segment != kind.segment;
    if (late.breakBefore || late.kind != kind || run.size() == most) {
      flush();
      breakBefore = late.breakBefore || other;
      kind = late.kind;
    }
    run.push_back(late.row);
  }
  flush();
  return result;
}

void mergeInto(Meter& meter, std::vector<Entry>& entries, std::span<const Late> rows) {
  if (entries.empty()) {
    std::vector<Late> all(rows.begin(), rows.end());
    entries = chunksOf(meter, all);
    return;
  }
  std::vector<std::vector<Entry>> changed(entries.size());
  std::size_t end = rows.size();
  for (std::size_t i = entries.size(); i-- > 0 && end != 0;) {
    std::size_t begin = 0;  // what comes before the first entry is merged into it
    if (i != 0) {
      const auto at = std::partition_point(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(end),
                                           [&](const Late& r) { return r.row.time < entries[i].extent.t0; });
      begin = static_cast<std::size_t>(at - rows.begin());
    }
    if (begin != end) changed[i] = mergedEntry(meter, entries[i], rows.subspan(begin, end - begin));
    end = begin;
  }
  std::vector<Entry> result;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (changed[i].empty()) {
      result.push_back(std::move(entries[i]));
    } else {
      appendTo(result, std::move(changed[i]));
    }
  }
  entries = std::move(result);
}

}  // namespace qd::series
