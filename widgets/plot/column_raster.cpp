// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/column_raster.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace qd::widgets::plot {
namespace {

constexpr int kSpanAlpha = 105;
constexpr int kSpikeRows = 6;
constexpr std::size_t kBatch = 8;  // layers whose mixtures are tabulated together

// Source over destination, both premultiplied.
QRgb over(QRgb source, QRgb target) {
  const unsigned keep = 255U - static_cast<unsigned>(qAlpha(source));
  const auto mix = [keep](int s, int d) {
    return static_cast<int>(static_cast<unsigned>(s) + static_cast<unsigned>(d) * keep / 255U);
  };
  return qRgba(mix(qRed(source), qRed(target)), mix(qGreen(source), qGreen(target)), mix(qBlue(source), qBlue(target)),
               mix(qAlpha(source), qAlpha(target)));
}

QRgb faint(QColor color) {
  color.setAlpha(kSpanAlpha);
  return qPremultiply(color.rgba());
}

Run run(int top, int bottom) {
  return {static_cast<std::int16_t>(top), static_cast<std::int16_t>(bottom)};
}

// Rows of the columns of one series.
struct Rows {
  struct Of {
    int top = 0, bottom = 0, mean = 0;
    bool filled = false;
  };
  Rows(const std::vector<Column>& columns, const RasterScale& scale) : all(columns.size()) {
    for (std::size_t x = 0; x < columns.size(); ++x) {
      const Column& c = columns[x];
      if (c.count > 0) all[x] = {scale.row(c.max), scale.row(c.min), scale.row(c.mean), true};
    }
  }
  // The lowest top and the highest bottom within two columns of `x` on one side: two, because a bucket of the store may
  // lie across two.
  struct Beside {
    int top, bottom;
  };
  Beside beside(int x, int side, const Of& otherwise) const {
    Beside result{otherwise.bottom, otherwise.top};
    bool any = false;
    for (const int at : {x + side, x + 2 * side}) {
      if (at < 0 || at >= static_cast<int>(all.size()) || !all[static_cast<std::size_t>(at)].filled) continue;
      const Of& c = all[static_cast<std::size_t>(at)];
      result.top = any ? std::max(result.top, c.top) : c.top;
      result.bottom = any ? std::min(result.bottom, c.bottom) : c.bottom;
      any = true;
    }
    return result;
  }
  std::vector<Of> all;
};

// What stands out of its surroundings is drawn opaque: a spike of one sample must not fade away.
void markSpike(Ink& ink, const Rows& rows, int x, const Rows::Of& c, int height) {
  const auto left = rows.beside(x, -1, c), right = rows.beside(x, 1, c);
  const int above = std::min(left.top, right.top), below = std::max(left.bottom, right.bottom);
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
  const double step = static_cast<double>(y1 - y0) / (to - from);
  int before = y0;
  for (int x = from; x <= to; ++x) {
    const int next = x == to ? y1 : static_cast<int>(std::lround(y0 + step * (x + 0.5 - from)));
    include(inks[static_cast<std::size_t>(x)].line, before, next, thickness);
    before = next;
  }
}

}  // namespace

double RasterScale::at(double value) const {
  if (!log) return (high - value) / (high - low) * (height - 1);
  if (!(value > 0)) return height - 1;
  return std::log(high / value) / std::log(high / low) * (height - 1);
}

int RasterScale::row(double value) const {
  // To the nearest: nothing here is negative, and a call of lround() costs more than the rest.
  return static_cast<int>(std::clamp(at(value), 0.0, static_cast<double>(height - 1)) * 2 + 1) / 2;
}

std::vector<Ink> inkOf(const std::vector<Column>& columns, const RasterScale& scale, int thickness, Spikes spikes) {
  std::vector<Ink> inks(columns.size());
  const Rows rows(columns, scale);
  int from = -1;  // the filled column before
  for (int x = 0; x < static_cast<int>(columns.size()); ++x) {
    const auto at = static_cast<std::size_t>(x);
    const Rows::Of& here = rows.all[at];
    if (!here.filled) continue;
    Ink& ink = inks[at];
    if (columns[at].count > 1) {
      ink.span = run(here.top, here.bottom);
      if (spikes == Spikes::Opaque) markSpike(ink, rows, x, here, scale.height);
    }
    if (from < 0 || !columns[at].joined) {
      include(ink.line, here.mean, here.mean, thickness);
    } else {
      join(inks, from, rows.all[static_cast<std::size_t>(from)].mean, x, here.mean, thickness);
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
    image_.fill(Qt::transparent);
    bits_ = reinterpret_cast<QRgb*>(image_.bits());
    stride_ = image_.bytesPerLine() / 4;
  }
  std::vector<Layer> before = std::exchange(layers_, std::move(layers));
  std::vector<Colors> colors((layers_.size() + kBatch - 1) / kBatch);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Colors& batch = colors[i / kBatch];
    const std::size_t bit = i % kBatch, low = std::size_t{1} << bit;
    if (bit == 0) batch.mixed[0] = 0;
    batch.solid[bit] = qPremultiply(layers_[i].color.rgba());
    const QRgb top = faint(layers_[i].color);
    for (std::size_t set = 0; set < low; ++set) batch.mixed[low + set] = over(top, batch.mixed[set]);
  }
  if (kept && shift != 0) shiftBy(shift);
  for (int x = 0; x < size.width(); ++x) {
    if (kept && !differs(x, shift, before)) continue;
    drawColumn(x, colors);
    ++drawn_;
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

void ColumnRaster::drawColumn(int x, const std::vector<Colors>& colors) {
  for (std::size_t batch = 0; batch < colors.size(); ++batch) spans(x, batch * kBatch, colors[batch]);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (static_cast<std::size_t>(x) >= layers_[i].inks.size()) continue;
    const Ink& ink = layers_[i].inks[static_cast<std::size_t>(x)];
    const QRgb solid = colors[i / kBatch].solid[i % kBatch];
    opaque(x, ink.above, solid);
    opaque(x, ink.below, solid);
    opaque(x, ink.line, solid);
  }
}

// The first batch replaces what the column held, the others lie above.
void ColumnRaster::spans(int x, std::size_t first, const Colors& colors) {
  struct Edge {
    int row;
    unsigned set;  // toggled from this row on
  };
  std::array<Edge, 2 * kBatch + 1> edges;
  std::size_t count = 0;
  const auto insert = [&](int row, unsigned set) {
    std::size_t at = count++;
    for (; at > 0 && edges[at - 1].row > row; --at) edges[at] = edges[at - 1];
    edges[at] = {row, set};
  };
  const int height = image_.height();
  for (std::size_t i = first; i < std::min(first + kBatch, layers_.size()); ++i) {
    if (static_cast<std::size_t>(x) >= layers_[i].inks.size()) continue;
    const Run& span = layers_[i].inks[static_cast<std::size_t>(x)].span;
    if (span.empty()) continue;
    insert(std::max<int>(span.top, 0), 1U << (i - first));
    insert(std::min<int>(span.bottom + 1, height), 1U << (i - first));
  }
  insert(height, 0);
  QRgb* pixel = bits_ + x;
  unsigned set = 0;
  int row = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const QRgb color = colors.mixed[set];
    if (first == 0) {
      for (; row < edges[i].row; ++row, pixel += stride_) *pixel = color;
    } else if (color == 0) {
      pixel += (edges[i].row - row) * stride_;
      row = edges[i].row;
    } else {
      for (; row < edges[i].row; ++row, pixel += stride_) *pixel = over(color, *pixel);
    }
    set ^= edges[i].set;
  }
}

void ColumnRaster::opaque(int x, const Run& run, QRgb color) {
  const int bottom = std::min<int>(run.bottom, image_.height() - 1);
  QRgb* pixel = bits_ + run.top * stride_ + x;
  for (int row = run.top; row <= bottom; ++row, pixel += stride_) *pixel = color;
}

}  // namespace qd::widgets::plot
