// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/columns.h"

#include <algorithm>
#include <cmath>

namespace qd::widgets::plot {
namespace {

class Folder {
 public:
  Folder(const series::RangeResult& data, const AxisMap& map, double low, double high, int width)
      : map_(map), breaks_(data.breaks), low_(low), perKey_(width / (high - low)), columns_(width) {}

  void sample(TimeNs time, double value) { add(time, time, value, value, value, value, value, 1); }
  void bucket(const series::Bucket& b) { add(b.x0, b.x1, b.min, b.max, b.mean, b.mean, b.last, b.count); }
  std::vector<Column> take() { return std::move(columns_); }

 private:
  int columnAt(TimeNs time) const {
    const double at = std::floor((map_.key(time) - low_) * perKey_);
    return static_cast<int>(std::clamp(at, -1.0, static_cast<double>(columns_.size())));
  }

  // Is there an interruption after what came before and not after `time`?
  bool isBrokenBefore(TimeNs time) {
    bool broken = false;
    while (nextBreak_ < breaks_.size() && breaks_[nextBreak_] <= time) {
      broken = true;
      ++nextBreak_;
    }
    return broken || !started_;
  }

  void add(TimeNs x0, TimeNs x1, double min, double max, double mean, double first, double last, std::uint64_t count) {
    if (!std::isfinite(min) || !std::isfinite(max)) {  // "not known here" interrupts the line
      started_ = false;
      return;
    }
    const bool broken = isBrokenBefore(x0);
    started_ = true;
    if (!std::isfinite(mean)) mean = (min + max) / 2;
    const int from = columnAt(x0), to = columnAt(x1);
    const int width = static_cast<int>(columns_.size());
    for (int i = std::max(from, 0); i <= std::min(to, width - 1); ++i) {
      Column& c = columns_[static_cast<std::size_t>(i)];
      if (c.count == 0) {
        c = {min, max, mean, first, last, count, i == std::max(from, 0) ? !broken && any_ : true};
      } else {
        const double total = static_cast<double>(c.count + count);
        c.mean += (mean - c.mean) * (static_cast<double>(count) / total);
        c.min = std::min(c.min, min);
        c.max = std::max(c.max, max);
        c.last = last;
        c.count += count;
      }
      any_ = true;
    }
  }

  const AxisMap& map_;
  const std::vector<std::int64_t>& breaks_;
  double low_, perKey_;
  std::vector<Column> columns_;
  std::size_t nextBreak_ = 0;
  bool started_ = false, any_ = false;
};

}  // namespace

std::vector<Column> foldColumns(const series::RangeResult& data, const AxisMap& map, double low, double high,
                                int width) {
  if (width <= 0 || !(high > low)) return {};
  Folder folder(data, map, low, high, width);
  if (data.exact) {
    for (const auto& s : data.samples) folder.sample(s.time, s.value);
  } else {
    for (const auto& b : data.buckets) folder.bucket(b);
  }
  return folder.take();
}

void ValueRange::include(double value) {
  if (!std::isfinite(value)) return;
  min = any ? std::min(min, value) : value;
  max = any ? std::max(max, value) : value;
  any = true;
}

ValueRange rangeOf(const series::RangeResult& data) {
  ValueRange range;
  if (data.exact) {
    for (const auto& s : data.samples) range.include(s.value);
  } else {
    for (const auto& b : data.buckets) {
      range.include(b.min);
      range.include(b.max);
    }
  }
  return range;
}

AxisRange chooseRange(const ValueRange& data, AxisRange previous, const double* budget) {
  if (!data.any) return previous;
  double top = data.max;
  if (budget != nullptr && data.max >= *budget * 0.25) top = std::max(top, *budget);
  const double bottom = std::min(0.0, data.min);
  const double extent = std::max({top - bottom, std::abs(top) * 1e-3, 1e-12});
  const double step = niceStep(extent * 1.08 / 5);
  const AxisRange wanted{std::floor(bottom / step) * step, std::ceil((bottom + extent * 1.08) / step) * step};
  const bool fits = top <= previous.high && bottom >= previous.low;
  const bool used = (top - bottom) >= (previous.high - previous.low) * 0.5;
  return fits && used ? previous : wanted;
}

}  // namespace qd::widgets::plot
