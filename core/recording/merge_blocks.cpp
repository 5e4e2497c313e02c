// SPDX-License-Identifier: Apache-2.0
#include "core/recording/merge_blocks.h"

#include <algorithm>

#include "core/recording/recording.h"

namespace qd::recording {

using namespace ingest;

namespace {

using Row = std::pair<Tick, TimeNs>;

std::vector<Row> rowsOf(const SampleBlock& block) {
  std::vector<Row> rows;
  rows.reserve(block.ticks.size());
  for (std::size_t i = 0; i < block.ticks.size(); ++i) rows.emplace_back(block.ticks[i], block.times[i]);
  return rows;
}

// Where each of `rows` stands in `all`, which holds them in this order.
std::vector<std::uint32_t> placesIn(const std::vector<Row>& all, const std::vector<Row>& rows) {
  std::vector<std::uint32_t> places;
  std::size_t at = 0;
  for (const Row& row : rows) {
    while (at < all.size() && all[at] != row) ++at;
    places.push_back(static_cast<std::uint32_t>(at++));
  }
  return places;
}

void move(Column& column, const std::vector<std::uint32_t>& places) {
  std::vector<std::uint32_t> rows;
  bool leading = true;
  for (std::size_t i = 0; i < column.size(); ++i) {
    rows.push_back(places[column.rows.empty() ? i : column.rows[i]]);
    leading = leading && rows.back() == i;
  }
  column.rows = leading ? std::vector<std::uint32_t>() : std::move(rows);
}

// Both columns of one series, ascending in rows; of a row that both have, the value of `a` counts.
Column united(const Column& a, const Column& b) {
  Column out;
  out.series = a.series;
  const auto rowOf = [](const Column& c, std::size_t i) {
    return c.rows.empty() ? static_cast<std::uint32_t>(i) : c.rows[i];
  };
  std::visit(
      [&](const auto& left) {
        using List = std::decay_t<decltype(left)>;
        const auto& right = std::get<List>(b.values);
        List values;
        std::size_t i = 0, j = 0;
        while (i < left.size() || j < right.size()) {
          const bool fromLeft = j == right.size() || (i < left.size() && rowOf(a, i) <= rowOf(b, j));
          const std::uint32_t row = fromLeft ? rowOf(a, i) : rowOf(b, j);
          out.rows.push_back(row);
          values.push_back(fromLeft ? left[i++] : right[j++]);
          while (fromLeft && j < right.size() && rowOf(b, j) == row) ++j;
        }
        out.values = std::move(values);
      },
      a.values);
  bool leading = true;
  for (std::size_t i = 0; i < out.rows.size(); ++i) leading = leading && out.rows[i] == i;
  if (leading) out.rows.clear();
  return out;
}

}  // namespace

bool SeenRanges::contains(std::int64_t value) const {
  auto after = ranges_.upper_bound(value);
  return after != ranges_.begin() && std::prev(after)->second >= value;
}

void SeenRanges::add(std::int64_t first, std::int64_t last) {
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= first - (first == INT64_MIN ? 0 : 1)) {
      first = before->first;
      last = std::max(last, before->second);
      next = ranges_.erase(before);
    }
  }
  while (next != ranges_.end() && (last == INT64_MAX || next->first <= last + 1)) {
    last = std::max(last, next->second);
    next = ranges_.erase(next);
  }
  ranges_.emplace(first, last);
}

BlockKey keyOf(const SampleBlock& block) {
  return {block.process.instance, block.ring, block.firstSequence};
}

void unite(SampleBlock& into, const SampleBlock& other) {
  const std::vector<Row> mine = rowsOf(into), theirs = rowsOf(other);
  std::vector<std::uint32_t> places;
  if (mine == theirs) {
    for (std::uint32_t i = 0; i < theirs.size(); ++i) places.push_back(i);
  } else {
    // Rows of one block stand in the order of time; a stable union keeps both orders.
    std::vector<Row> all;
    const auto earlier = [](const Row& a, const Row& b) {
      return a.second != b.second ? a.second < b.second : a.first < b.first;
    };
    std::vector<Row> left = mine, right = theirs;
    std::stable_sort(left.begin(), left.end(), earlier);
    std::stable_sort(right.begin(), right.end(), earlier);
    std::set_union(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(all), earlier);
    if (left != mine || right != theirs) return;  // out of order: nothing can be said about what is the same
    const std::vector<std::uint32_t> moved = placesIn(all, mine);
    for (Column& column : into.columns) move(column, moved);
    places = placesIn(all, theirs);
    into.ticks.clear();
    into.times.clear();
    for (const auto& [tick, time] : all) {
      into.ticks.push_back(tick);
      into.times.push_back(time);
    }
  }
  for (Column column : other.columns) {
    const auto same = std::find_if(into.columns.begin(), into.columns.end(), [&](const Column& c) {
      return c.series == column.series && c.values.index() == column.values.index();
    });
    const bool whole =
        mine == theirs && same != into.columns.end() && same->size() == column.size() && same->rows == column.rows;
    if (whole) continue;  // as it nearly always is
    move(column, places);
    if (same == into.columns.end()) {
      into.columns.push_back(std::move(column));
    } else {
      *same = united(*same, column);
    }
  }
}

bool DerivedMerge::declare(std::size_t file, DerivedSeries& series) {
  Instance& instance = instances_[series.process.instance];
  const std::string label = RecordedSeries{0, {}, {}, series.info}.label();
  const auto free = static_cast<std::uint32_t>(kFirstDerivedSeries + instance.indices.size());
  const auto [known, fresh] = instance.indices.try_emplace(label, free);
  instance.renamed[{file, series.info.index.value}] = known->second;
  series.info.index = SeriesIndex(known->second);
  return fresh;
}

bool DerivedMerge::take(std::size_t file, SampleBlock& block) {
  Instance& instance = instances_[block.process.instance];
  for (Column& column : block.columns) {
    const auto renamed = instance.renamed.find({file, column.series.value});
    if (renamed != instance.renamed.end()) column.series = SeriesIndex(renamed->second);
    Series& series = instance.series[column.series.value];
    std::vector<std::uint32_t> rows;
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < column.size(); ++i) {
      const std::size_t row = column.rows.empty() ? i : column.rows[i];
      const Tick tick = block.ticks[row];
      const bool seen = std::any_of(series.byFile.begin(), series.byFile.end(), [&](const auto& other) {
        return other.first != file && other.second.contains(tick);
      });
      if (seen) continue;
      rows.push_back(static_cast<std::uint32_t>(row));
      kept.push_back(i);
    }
    if (kept.size() != column.size()) {
      std::visit(
          [&](auto& values) {
            std::decay_t<decltype(values)> some;
            for (const std::size_t i : kept) some.push_back(values[i]);
            values = std::move(some);
          },
          column.values);
      column.rows = std::move(rows);
    }
    for (std::size_t i = 0; i < column.size(); ++i) {
      const Tick tick = block.ticks[column.rows.empty() ? i : column.rows[i]];
      series.byFile[file].add(tick, tick);
    }
  }
  std::erase_if(block.columns, [](const Column& column) { return column.size() == 0; });
  if (block.columns.empty()) return false;
  block.firstSequence = instance.nextSequence;
  block.count = std::max<std::uint64_t>(block.count, 1);
  instance.nextSequence += block.count;
  return true;
}

}  // namespace qd::recording
