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

  void sample(TimeNs time, double value) {
    const int at = columnAt(placeOf(time));
    add(time, at, at, value, value, value, value, value, 1);
  }
  // A bucket lies in every column that it covers by more than its rim: the store's are cut where its own columns end,
  // and what reaches a little across an edge must not light the next column. One shorter than that lies in one.
  void bucket(const series::Bucket& b) {
    const double begin = placeOf(b.x0), end = placeOf(b.x1);
    const bool isShort = end - begin <= 2 * kRim;
    const int from = columnAt(isShort ? (begin + end) / 2 : begin + kRim);
    const int to = isShort ? from : columnAt(end - kRim);
    add(b.x0, from, to, b.min, b.max, b.mean, b.mean, b.last, b.count);
  }
  std::vector<Column> take() { return std::move(columns_); }

 private:
  static constexpr double kRim = 0.25;

  double placeOf(TimeNs time) const { return (map_.key(time) - low_) * perKey_; }
  // The column that a place lies in, -1 and one beyond the last for what is outside. Not std::floor(), which is a call.
  int columnAt(double place) const {
    const double inside = std::clamp(place, -1.0, static_cast<double>(columns_.size()));
    const int column = static_cast<int>(inside);
    return column - (inside < column ? 1 : 0);
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

  void add(TimeNs x0, int from, int to, double min, double max, double mean, double first, double last,
           std::uint64_t count) {
    if (!std::isfinite(min) || !std::isfinite(max)) {  // "not known here" interrupts the line
      started_ = false;
      return;
    }
    const bool broken = isBrokenBefore(x0);
    started_ = true;
    if (!std::isfinite(mean)) mean = (min + max) / 2;
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
  if (value > 0) leastPositive = leastPositive > 0 ? std::min(leastPositive, value) : value;
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

AxisRange chooseLogRange(const ValueRange& data, AxisRange previous) {
  const bool before = previous.low > 0 && previous.high > previous.low;
  if (!data.any || !(data.leastPositive > 0)) return before ? previous : AxisRange{0.1, 10};
  double first = std::floor(std::log10(data.leastPositive) + 1e-9);
  const double last = std::max(first + 1, std::ceil(std::log10(data.max) - 1e-9));
  first = std::max(first, last - kMostDecades);
  const AxisRange wanted{std::pow(10, first), std::pow(10, last)};
  if (!before) return wanted;
  const bool fits = wanted.low >= previous.low && wanted.high <= previous.high;
  const double unused = std::log10(wanted.low / previous.low) + std::log10(previous.high / wanted.high);
  return fits && unused < 1.5 ? previous : wanted;
}

}  // namespace qd::widgets::plot
