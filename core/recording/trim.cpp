// SPDX-License-Identifier: Apache-2.0
#include "core/recording/trim.h"

#include <algorithm>
#include <cstdint>

namespace qd::recording {

using namespace ingest;

namespace {

constexpr std::uint32_t kGone = UINT32_MAX;

std::vector<std::size_t> rowsWithin(const std::vector<TimeNs>& times, TimeNs from, TimeNs to) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] >= from && times[i] <= to) rows.push_back(i);
  }
  return rows;
}

template <class T>
void pick(std::vector<T>& values, const std::vector<std::size_t>& which) {
  std::vector<T> kept;
  kept.reserve(which.size());
  for (const std::size_t i : which) {
    if (i < values.size()) kept.push_back(values[i]);
  }
  values = std::move(kept);
}

// `place[row]`: its new row, or kGone.
void keepRows(Column& column, const std::vector<std::uint32_t>& place) {
  std::vector<std::size_t> which;
  std::vector<std::uint32_t> rows;
  bool leading = true;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const std::size_t row = column.rows.empty() ? i : column.rows[i];
    if (row >= place.size() || place[row] == kGone) continue;
    leading = leading && place[row] == rows.size();
    which.push_back(i);
    rows.push_back(place[row]);
  }
  std::visit([&](auto& values) { pick(values, which); }, column.values);
  if (leading) rows.clear();
  column.rows = std::move(rows);
}

}  // namespace

void keepRows(SampleBlock& block, const std::vector<std::size_t>& rows) {
  std::vector<std::uint32_t> place(block.ticks.size(), kGone);
  for (std::size_t i = 0; i < rows.size(); ++i) place[rows[i]] = static_cast<std::uint32_t>(i);
  for (Column& column : block.columns) keepRows(column, place);
  std::erase_if(block.columns, [](const Column& column) { return column.size() == 0; });
  pick(block.ticks, rows);
  pick(block.times, rows);
}

bool trim(SampleBlock& block, TimeNs from, TimeNs to, const KeepSeries& keep) {
  if (keep) std::erase_if(block.columns, [&](const Column& column) { return !keep(column.series); });
  const std::vector<std::size_t> rows = rowsWithin(block.times, from, to);
  if (rows.size() != block.times.size()) keepRows(block, rows);
  return !block.columns.empty();
}

bool trim(FrameBlock& block, TimeNs from, TimeNs to) {
  const std::vector<std::size_t> rows = rowsWithin(block.times, from, to);
  if (rows.size() == block.times.size()) return !rows.empty();
  pick(block.frames, rows);
  pick(block.times, rows);
  pick(block.renderTicks48_16, rows);
  pick(block.predictedTicks, rows);
  return !rows.empty();
}

}  // namespace qd::recording
