// SPDX-License-Identifier: Apache-2.0
#include "core/serve/rollup.h"

#include <algorithm>
#include <cmath>
#include <variant>

namespace qd::serve {
namespace {

TimeNs secondOf(TimeNs time) {
  return time - (time % kNsPerSecond + kNsPerSecond) % kNsPerSecond;
}

}  // namespace

void RollupMaker::Values::add(double value) {
  min = count == 0 ? value : std::min(min, value);
  max = count == 0 ? value : std::max(max, value);
  sum += value;
  last = value;
  ++count;
  if (kept.size() == kKept) {
    for (const double one : kept) folded.add(one);
    kept.clear();
  }
  kept.push_back(value);
}

ingest::RollupRow RollupMaker::Values::row(std::uint32_t series) {
  ingest::RollupRow row;
  row.series = SeriesIndex(series);
  row.count = count;
  row.min = min;
  row.max = max;
  row.mean = sum / static_cast<double>(count);
  row.last = last;
  if (folded.empty()) {
    row.sketch = encodedSketch(kept);
    const auto rank = static_cast<std::size_t>(std::ceil(0.99 * static_cast<double>(kept.size()))) - 1;
    std::nth_element(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(rank), kept.end());
    row.p99 = kept[rank];
  } else {
    for (const double one : kept) folded.add(one);
    row.p99 = std::clamp(folded.quantile(0.99), min, max);
    row.sketch = folded.encode();
  }
  return row;
}

void RollupMaker::declare(const ingest::ProcessInfo& info) {
  auto& factors = instances_[info.instance].factors;
  for (const auto& series : info.series) {
    factors[series.index.value] = series.integer ? std::pow(10.0, -series.scale) : 1.0;
  }
}

void RollupMaker::addColumn(Instance& instance, const ingest::SampleBlock& block, const ingest::Column& column) {
  const auto factor = instance.factors.find(column.series.value);
  const double scale = factor == instance.factors.end() ? 1.0 : factor->second;
  Second* second = nullptr;
  Values* values = nullptr;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const std::size_t row = column.rows.empty() ? i : column.rows[i];
    if (row >= block.times.size() || row >= block.ticks.size()) continue;
    const TimeNs from = secondOf(block.times[row]);
    if (second == nullptr || second->from != from) {
      second = &instance.seconds[from];
      second->process = block.process;
      second->from = from;
      values = nullptr;
    }
    second->tick = std::max(second->tick, block.ticks[row]);
    const double raw = std::visit([i](const auto& all) { return static_cast<double>(all[i]); }, column.values);
    if (!std::isfinite(raw)) continue;
    if (values == nullptr) values = &second->series[column.series.value];
    values->add(raw * scale);
  }
}

void RollupMaker::add(const ingest::SampleBlock& block, std::vector<ingest::Rollup>& out) {
  Instance& instance = instances_[block.process.instance];
  for (const auto& column : block.columns) addColumn(instance, block, column);
  if (block.times.empty()) return;
  // Rings of one process may be some milliseconds apart: a second is complete half a second after its end.
  auto& seconds = instance.seconds;
  const TimeNs newest = seconds.empty() ? 0 : std::max(seconds.rbegin()->first, block.times.back());
  while (!seconds.empty() && seconds.begin()->first + kNsPerSecond + kNsPerSecond / 2 <= newest) {
    close(seconds.begin()->second, out);
    seconds.erase(seconds.begin());
  }
}

void RollupMaker::expire(TimeNs now, std::vector<ingest::Rollup>& out) {
  for (auto& [id, instance] : instances_) {
    auto& seconds = instance.seconds;
    while (!seconds.empty() && seconds.begin()->first + 3 * kNsPerSecond <= now) {
      close(seconds.begin()->second, out);
      seconds.erase(seconds.begin());
    }
  }
}

void RollupMaker::forget(InstanceId instance, std::vector<ingest::Rollup>& out) {
  const auto found = instances_.find(instance);
  if (found == instances_.end()) return;
  for (auto& [from, second] : found->second.seconds) close(second, out);
  instances_.erase(found);
}

void RollupMaker::close(Second& second, std::vector<ingest::Rollup>& out) {
  ingest::Rollup rollup;
  rollup.process = second.process;
  rollup.from = second.from;
  rollup.tick = second.tick;
  for (auto& [series, values] : second.series) rollup.rows.push_back(values.row(series));
  if (!rollup.rows.empty()) out.push_back(std::move(rollup));
}

}  // namespace qd::serve
