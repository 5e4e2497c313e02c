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
  Instance& instance = instances_[info.instance];
  for (const auto& series : info.series) {
    instance.of(series.index.value).factor = series.integer ? std::pow(10.0, -series.scale) : 1.0;
  }
}

RollupMaker::Series& RollupMaker::Instance::of(std::uint32_t index) {
  if (index >= kDense) return sparse[index];
  if (index >= dense.size()) dense.resize(index + 1);
  return dense[index];
}

void RollupMaker::Instance::look(const ingest::ProcessRef& process, TimeNs second) {
  if (atHand != nullptr && atHand->from == second) return;
  Second& found = seconds[second];
  found.process = process;
  found.from = second;
  look(&found);
}

void RollupMaker::Instance::look(Second* second) {
  atHand = second;
  const auto leave = [](Series& series) {
    if (Values* values = std::exchange(series.values, nullptr)) series.before = values->kept.size();
  };
  for (Series& series : dense) leave(series);
  for (auto& [index, series] : sparse) leave(series);
}

void RollupMaker::Instance::closeFirst(std::vector<ingest::Rollup>& out) {
  const auto first = seconds.begin();
  if (atHand == &first->second) look(nullptr);
  close(first->second, out);
  seconds.erase(first);
}

void RollupMaker::addColumn(Instance& instance, const ingest::SampleBlock& block, const ingest::Column& column) {
  Series& series = instance.of(column.series.value);
  const auto add = [&](std::size_t i, double raw) {
    const std::size_t row = column.rows.empty() ? i : column.rows[i];
    if (row >= block.times.size() || row >= block.ticks.size()) return;
    instance.look(block.process, secondOf(block.times[row]));
    instance.atHand->tick = std::max(instance.atHand->tick, block.ticks[row]);
    if (!std::isfinite(raw)) return;
    if (series.values == nullptr) {
      series.values = &instance.atHand->series[column.series.value];
      series.values->kept.reserve(std::min(series.before, kKept));
    }
    series.values->add(raw * series.factor);
  };
  std::visit(
      [&](const auto& all) {
        for (std::size_t i = 0; i < all.size(); ++i) add(i, static_cast<double>(all[i]));
      },
      column.values);
}

void RollupMaker::add(const ingest::SampleBlock& block, std::vector<ingest::Rollup>& out) {
  Instance& instance = instances_[block.process.instance];
  for (const auto& column : block.columns) addColumn(instance, block, column);
  if (block.times.empty()) return;
  // Rings of one process may be some milliseconds apart: a second is complete half a second after its end.
  auto& seconds = instance.seconds;
  const TimeNs newest = seconds.empty() ? 0 : std::max(seconds.rbegin()->first, block.times.back());
  while (!seconds.empty() && seconds.begin()->first + kNsPerSecond + kNsPerSecond / 2 <= newest) {
    instance.closeFirst(out);
  }
}

void RollupMaker::expire(TimeNs now, std::vector<ingest::Rollup>& out) {
  for (auto& [id, instance] : instances_) {
    auto& seconds = instance.seconds;
    while (!seconds.empty() && seconds.begin()->first + 3 * kNsPerSecond <= now) {
      instance.closeFirst(out);
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
