// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_model.h"

#include <algorithm>
#include <cmath>

namespace qd::widgets::timeline {
namespace {

constexpr TimeNs kWindow = 15 * 60 * kNsPerSecond;
constexpr TimeNs kShortest = 60 * kNsPerSecond;
constexpr int kExact = 2;  // columns that one value may fill and still be said to be there

}  // namespace

double Extent::x(TimeNs time, double width) const {
  return to > from ? static_cast<double>(time - from) / static_cast<double>(to - from) * width : 0;
}

TimeNs Extent::timeAt(double x, double width) const {
  return width > 0 ? from + static_cast<TimeNs>(static_cast<double>(to - from) * (x / width)) : from;
}

Extent chooseExtent(TimeNs first, TimeNs last, bool recording) {
  if (recording) return {first, std::max(last, first + kNsPerSecond)};
  const TimeNs length = std::clamp(last - first, kShortest, kWindow);
  return {last - length, last};
}

void foldWorst(const series::RangeResult& data, const Extent& extent, Worst& into, Worst& around) {
  const int width = static_cast<int>(into.size());
  const auto add = [&](TimeNs x0, TimeNs x1, double value) {
    const int first = std::max(0, static_cast<int>(std::floor(extent.x(x0, width))));
    const int last = std::min(width - 1, static_cast<int>(std::floor(extent.x(x1, width))));
    Worst& to = data.refining && last - first > kExact ? around : into;
    for (int i = first; i <= last; ++i) {
      auto& column = to[static_cast<std::size_t>(i)];
      column = column ? std::max(*column, value) : value;
    }
  };
  for (const auto& s : data.samples) add(s.time, s.time, s.value);
  for (const auto& b : data.buckets) add(b.x0, b.x1, b.max);
}

WorstTicks worstTicks(const series::Store& store, const std::vector<ingest::ProcessInfoPtr>& processes,
                      const Extent& extent, int columns) {
  WorstTicks worst;
  worst.values.resize(static_cast<std::size_t>(std::max(0, columns)));
  worst.around.resize(worst.values.size());
  for (const auto& process : processes) {
    const auto id = store.find(process->id, "tick.duration");
    if (!id) continue;
    foldWorst(store.query(*id, series::Axis::Time, extent.from, extent.to, columns), extent, worst.values,
              worst.around);
    const auto meta = store.meta(*id);
    if (!meta) continue;
    worst.unit = meta->info.unit;
    if (meta->info.budget)
      worst.budget = worst.budget ? std::min(*worst.budget, *meta->info.budget) : *meta->info.budget;
  }
  return worst;
}

std::string pushAsOne(const std::string& pushId) {
  const auto step = pushId.rfind('.');
  const auto process = step == std::string::npos || step == 0 ? std::string::npos : pushId.rfind('.', step - 1);
  if (process == std::string::npos || step + 1 == pushId.size()) return pushId;
  return pushId.substr(0, process) + (pushId[step + 1] == 'r' ? " taken back" : "");
}

}  // namespace qd::widgets::timeline
