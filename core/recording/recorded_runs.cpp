// SPDX-License-Identifier: Apache-2.0
// Decoded columns as the rows that a store takes.
#include <algorithm>
#include <bit>

#include "core/recording/recorded_samples_impl.h"

namespace qd::recording {

bool RunBuilder::isNew(std::size_t part, std::uint32_t ring, const BlockHead& block, TimeNs first) {
  if (parts_ < 2) return true;
  return taken_.try_emplace({ring, block.firstSequence, first}, part).first->second == part;
}

void RunBuilder::add(std::size_t part, std::uint32_t ring, const ChunkHead& head, const DecodedColumn& column) {
  const auto* integers = std::get_if<0>(&column.values);
  const auto* reals = std::get_if<1>(&column.values);
  std::size_t block = 0, ends = head.blocks.empty() ? 0 : head.blocks[0].rows;
  bool breakBefore = !head.blocks.empty() && head.blocks[0].dropped > 0;
  const auto isWanted = [&](const BlockHead& of, std::size_t begin) {
    return of.rows != 0 && isNew(part, ring, of, head.times[begin]);
  };
  bool wanted = !head.blocks.empty() && isWanted(head.blocks[0], 0);
  rows_.reserve(rows_.size() + column.size());
  for (std::size_t i = 0; i < column.size(); ++i) {
    const std::size_t row = column.row(i);
    while (row >= ends && block + 1 < head.blocks.size()) {
      const BlockHead& next = head.blocks[++block];
      wanted = isWanted(next, ends);
      ends += next.rows;
      breakBefore = breakBefore || next.dropped > 0;
    }
    if (!wanted) continue;
    const std::uint64_t bits =
        integers != nullptr ? static_cast<std::uint64_t>((*integers)[i]) : std::bit_cast<std::uint64_t>((*reals)[i]);
    rows_.push_back({{head.times[row], head.ticks[row], bits}, integers != nullptr, breakBefore});
    breakBefore = false;
  }
}

void RunBuilder::addClock(std::size_t part, std::uint32_t ring, const ChunkHead& head) {
  std::size_t row = 0;
  for (const BlockHead& block : head.blocks) {
    const std::size_t end = row + block.rows;
    if (row != end && !isNew(part, ring, block, head.times[row])) row = end;
    for (; row < end; ++row) rows_.push_back({{head.times[row], head.ticks[row], 0}, true, false});
  }
}

series::ColdLoad RunBuilder::take(const series::Extent& extent) {
  const auto earlier = [](const Placed& a, const Placed& b) { return a.row.time < b.row.time; };
  if (!std::is_sorted(rows_.begin(), rows_.end(), earlier)) std::stable_sort(rows_.begin(), rows_.end(), earlier);
  series::ColdLoad out;
  series::ColdRun* run = nullptr;
  auto nextBreak = breaks_.begin();
  std::uint32_t segment = extent.segment;
  TimeNs before = INT64_MIN;
  for (const Placed& placed : rows_) {
    nextBreak = std::upper_bound(nextBreak, breaks_.end(), before);
    const bool gap = before != INT64_MIN && nextBreak != breaks_.end() && *nextBreak <= placed.row.time;
    const bool back = run != nullptr && placed.row.tick < run->rows.back().tick;
    if (back && extent.mixed) ++segment;
    if (run == nullptr || gap || back || placed.breakBefore || run->kind.integer != placed.integer) {
      out.runs.push_back({{segment, static_cast<std::int8_t>(info_.scale), placed.integer},
                          run != nullptr && (gap || back || placed.breakBefore),
                          {}});
      run = &out.runs.back();
    }
    run->rows.push_back(placed.row);
    before = placed.row.time;
  }
  return out;
}

}  // namespace qd::recording
