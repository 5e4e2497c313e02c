// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/column_raster.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "widgets/plot/strip_painter.h"

namespace qd::widgets::plot {
namespace {

constexpr int kSpikeRows = 6;

Run run(int top, int bottom) {
  return {static_cast<std::int16_t>(top), static_cast<std::int16_t>(bottom)};
}

// Rows of the columns of one series, with two empty ones at either side.
struct Rows {
  static constexpr int kNone = std::numeric_limits<int>::max();
  struct Of {
    int top = -kNone, bottom = kNone, mean = 0;  // what is empty is never the lowest top or the highest bottom
    bool filled = false;
  };
  Rows(const std::vector<Column>& columns, const RasterScale& scale) : all(columns.size() + 4) {
    for (std::size_t x = 0; x < columns.size(); ++x) {
      const Column& c = columns[x];
      if (c.count > 0) all[x + 2] = {scale.row(c.max), scale.row(c.min), scale.row(c.mean), true};
    }
  }
  const Of& operator[](int x) const { return all[static_cast<std::size_t>(x) + 2]; }
  // The lowest top and the highest bottom within two columns of `x` on one side: two, because a bucket of the store may
  // lie across two. `otherwise`: where both are empty.
  int lowestTop(int x, int side, int otherwise) const {
    const int top = std::max((*this)[x + side].top, (*this)[x + 2 * side].top);
    return top == -kNone ? otherwise : top;
  }
  int highestBottom(int x, int side, int otherwise) const {
    const int bottom = std::min((*this)[x + side].bottom, (*this)[x + 2 * side].bottom);
    return bottom == kNone ? otherwise : bottom;
  }
  std::vector<Of> all;
};

// What stands out of its surroundings is drawn opaque: a spike of one sample must not fade away.
void markSpike(Ink& ink, const Rows& rows, int x, const Rows::Of& c, int height) {
  const int above = std::min(rows.lowestTop(x, -1, c.bottom), rows.lowestTop(x, 1, c.bottom));
  const int below = std::max(rows.highestBottom(x, -1, c.top), rows.highestBottom(x, 1, c.top));
  const int least = std::max(kSpikeRows, height / 6);
  if (above - c.top > least) ink.above = run(c.top, above);
  if (c.bottom - below > least) ink.below = run(below, c.bottom);
}

void include(Run& line, int a, int b, int thickness) {
  const int top = std::min(a, b), bottom = std::max({a, b, top + thickness - 1});
  line = line.empty() ? run(top, bottom) : run(std::min<int>(line.top, top), std::max<int>(line.bottom, bottom));
}

// A straight line from the middle of one filled column to that of another, over empty columns too: each lights what the
// line crosses of it, so that a slope stands where its samples are and not half a column beside them.
void join(std::vector<Ink>& inks, int from, int y0, int to, int y1, int thickness) {
  if (to == from + 1) {  // mostly; what the division would give, halves away from zero
    const int middle = (y0 + y1 + 1) / 2;
    include(inks[static_cast<std::size_t>(from)].line, y0, middle, thickness);
    include(inks[static_cast<std::size_t>(to)].line, middle, y1, thickness);
    return;
  }
  const double step = static_cast<double>(y1 - y0) / (to - from);
  int before = y0;
  for (int x = from; x <= to; ++x) {
    const int next = x == to ? y1 : static_cast<int>(std::lround(y0 + step * (x + 0.5 - from)));
    include(inks[static_cast<std::size_t>(x)].line, before, next, thickness);
    before = next;
  }
}

}  // namespace

double RasterScale::logAt(double value) const {
  if (!(value > 0)) return height - 1;
  return std::log(high / value) / std::log(high / low) * (height - 1);
}

std::vector<Ink> inkOf(const std::vector<Column>& columns, const RasterScale& scale, int thickness, Spikes spikes) {
  std::vector<Ink> inks(columns.size());
  const Rows rows(columns, scale);
  int from = -1;  // the filled column before
  for (int x = 0; x < static_cast<int>(columns.size()); ++x) {
    const auto at = static_cast<std::size_t>(x);
    const Rows::Of& here = rows[x];
    if (!here.filled) continue;
    Ink& ink = inks[at];
    if (columns[at].count > 1) {
      ink.span = run(here.top, here.bottom);
      if (spikes == Spikes::Opaque) markSpike(ink, rows, x, here, scale.height);
    }
    if (from < 0 || !columns[at].joined) {
      include(ink.line, here.mean, here.mean, thickness);
    } else {
      join(inks, from, rows[from].mean, x, here.mean, thickness);
    }
    from = x;
  }
  return inks;
}

bool ColumnRaster::fits(QSize size, const std::vector<Layer>& layers) const {
  return image_.size() == size &&
         std::equal(layers.begin(), layers.end(), layers_.begin(), layers_.end(), [](const Layer& a, const Layer& b) {
           return a.color == b.color && a.inks.size() == b.inks.size();
         });
}

const QImage& ColumnRaster::draw(QSize size, std::vector<Layer> layers, int shift) {
  const bool kept = fits(size, layers) && std::abs(shift) < size.width();
  if (!kept) {
    if (image_.size() != size) image_ = QImage(size, QImage::Format_ARGB32_Premultiplied);
    bits_ = reinterpret_cast<QRgb*>(image_.bits());
    stride_ = image_.bytesPerLine() / 4;
  }
  const std::vector<Layer> before = std::exchange(layers_, std::move(layers));
  if (kept && shift != 0) shiftBy(shift);
  StripPainter painter(layers_, size.height());
  for (int x = 0; x < size.width();) {
    const auto changed = [&](int column) { return !kept || differs(column, shift, before); };
    int end = x;
    while (end < size.width() && end - x < StripPainter::kColumns && changed(end)) ++end;
    if (end > x) painter.paint(bits_, stride_, x, end - x);
    drawn_ += static_cast<std::uint64_t>(end - x);
    x = std::max(end, x + 1);
  }
  return image_;
}

void ColumnRaster::shiftBy(int columns) {
  const auto keep = static_cast<std::size_t>(image_.width() - std::abs(columns)) * sizeof(QRgb);
  for (int y = 0; y < image_.height(); ++y) {
    QRgb* row = bits_ + y * stride_;
    std::memmove(row + std::max(0, -columns), row + std::max(0, columns), keep);
  }
}

bool ColumnRaster::differs(int x, int shift, const std::vector<Layer>& before) const {
  const int was = x + shift;
  if (was < 0 || was >= image_.width()) return true;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (static_cast<std::size_t>(x) >= layers_[i].inks.size()) continue;
    if (layers_[i].inks[static_cast<std::size_t>(x)] != before[i].inks[static_cast<std::size_t>(was)]) return true;
  }
  return false;
}

}  // namespace qd::widgets::plot
