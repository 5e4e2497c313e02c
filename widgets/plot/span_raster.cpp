// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/span_raster.h"

#include <QPainter>
#include <algorithm>
#include <cmath>
#include <optional>

namespace qd::widgets::plot {
namespace {

constexpr int kSpanAlpha = 105;
constexpr int kSpikeRows = 6;

// Source over destination, both premultiplied.
QRgb over(QRgb source, QRgb target) {
  const unsigned keep = 255U - static_cast<unsigned>(qAlpha(source));
  const auto mix = [keep](int s, int d) {
    return static_cast<int>(static_cast<unsigned>(s) + static_cast<unsigned>(d) * keep / 255U);
  };
  return qRgba(mix(qRed(source), qRed(target)), mix(qGreen(source), qGreen(target)), mix(qBlue(source), qBlue(target)),
               mix(qAlpha(source), qAlpha(target)));
}

class Canvas {
 public:
  explicit Canvas(QImage& image)
      : bits_(reinterpret_cast<QRgb*>(image.bits())),
        stride_(image.bytesPerLine() / 4),
        width_(image.width()),
        height_(image.height()) {}

  void blend(int x, int top, int bottom, QRgb color) {
    if (x < 0 || x >= width_) return;
    for (int y = std::max(top, 0); y <= std::min(bottom, height_ - 1); ++y) {
      QRgb& pixel = bits_[static_cast<qsizetype>(y) * stride_ + x];
      pixel = over(color, pixel);
    }
  }
  void set(int x, int top, int bottom, QRgb color) {
    if (x < 0 || x >= width_) return;
    for (int y = std::max(top, 0); y <= std::min(bottom, height_ - 1); ++y)
      bits_[static_cast<qsizetype>(y) * stride_ + x] = color;
  }

 private:
  QRgb* bits_;
  qsizetype stride_;
  int width_, height_;
};

class ColumnPainter {
 public:
  ColumnPainter(QImage& image, const RasterScale& scale, const QColor& color, int thickness)
      : canvas_(image), scale_(scale), solid_(qPremultiply(color.rgba())), thickness_(std::max(1, thickness)) {
    QColor faint = color;
    faint.setAlpha(kSpanAlpha);
    faint_ = qPremultiply(faint.rgba());
  }

  // `left` and `right`: the lowest maximum and the highest minimum within two columns at either side.
  struct Beside {
    double max = 0, min = 0;
    bool any = false;
    void include(const Column* c) {
      if (c == nullptr) return;
      max = any ? std::min(max, c->max) : c->max;
      min = any ? std::max(min, c->min) : c->min;
      any = true;
    }
  };
  void span(int x, const Column& c, const Beside& left, const Beside& right) {
    const int top = scale_.row(c.max), bottom = scale_.row(c.min);
    canvas_.blend(x, top, bottom, faint_);
    // What stands out of its surroundings is drawn opaque: a spike of one sample must not fade away.
    const int above = std::min(left.any ? scale_.row(left.max) : bottom, right.any ? scale_.row(right.max) : bottom);
    const int below = std::max(left.any ? scale_.row(left.min) : top, right.any ? scale_.row(right.min) : top);
    const int least = std::max(kSpikeRows, scale_.height / 6);
    if (above - top > least) canvas_.set(x, top, above, solid_);
    if (bottom - below > least) canvas_.set(x, below, bottom, solid_);
  }

  // The line of the means through adjacent columns; a straight one from the last to the first value over empty ones.
  void line(int x, const Column& c, int from, const Column* before) {
    const int here = scale_.row(c.mean);
    if (before == nullptr) {
      run(x, here, here);
    } else if (from == x - 1) {
      run(x, scale_.row(before->mean), here);
    } else {
      const double y0 = scale_.row(before->mean), step = (here - y0) / (x - from);
      for (int i = from + 1; i <= x; ++i)
        run(i, static_cast<int>(std::lround(y0 + step * (i - 1 - from))),
            static_cast<int>(std::lround(y0 + step * (i - from))));
    }
  }

 private:
  void run(int x, int a, int b) {
    const int top = std::min(a, b), bottom = std::max(a, b);
    canvas_.set(x, top, std::max(bottom, top + thickness_ - 1), solid_);
  }

  Canvas canvas_;
  const RasterScale& scale_;
  QRgb solid_, faint_ = 0;
  int thickness_;
};

}  // namespace

int RasterScale::row(double value) const {
  const double at = (high - value) / (high - low) * (height - 1);
  return static_cast<int>(std::lround(std::clamp(at, 0.0, static_cast<double>(height - 1))));
}

void drawColumns(QImage& image, const std::vector<Column>& columns, const RasterScale& scale, const QColor& color,
                 int thickness) {
  ColumnPainter painter(image, scale, color, thickness);
  const Column* before = nullptr;
  int from = 0;
  const auto filled = [&](int x) {
    const bool inside = x >= 0 && x < static_cast<int>(columns.size());
    return inside && columns[static_cast<std::size_t>(x)].count > 0 ? &columns[static_cast<std::size_t>(x)] : nullptr;
  };
  for (int x = 0; x < static_cast<int>(columns.size()); ++x) {
    const Column& c = columns[static_cast<std::size_t>(x)];
    if (c.count == 0) continue;
    if (c.count > 1) {
      ColumnPainter::Beside left, right;  // two columns, because a bucket of the store may lie across two
      for (const int i : {1, 2}) {
        left.include(filled(x - i));
        right.include(filled(x + i));
      }
      painter.span(x, c, left, right);
    }
    painter.line(x, c, from, c.joined ? before : nullptr);
    before = &c;
    from = x;
  }
}

bool isSparse(const series::RangeResult& data, int width) {
  return data.exact && static_cast<int>(data.samples.size()) * 3 < width;
}

void drawSamples(QImage& image, const series::RangeResult& data, const AxisMap& map, double low, double high,
                 const RasterScale& scale, const QColor& color, double ratio) {
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(color, 1.5 * ratio, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  QVector<QLineF> lines;  // not one polyline: Qt strokes single segments four times as fast
  QVector<QPointF> points;
  std::optional<QPointF> before;
  const double perKey = image.width() / (high - low);
  std::size_t nextBreak = 0;
  const bool dots = static_cast<int>(data.samples.size()) * 10 < image.width();
  for (const auto& s : data.samples) {
    bool broken = false;
    for (; nextBreak < data.breaks.size() && data.breaks[nextBreak] <= s.time; ++nextBreak) broken = true;
    if (broken || !std::isfinite(s.value)) before.reset();
    if (!std::isfinite(s.value)) continue;
    const double y = (scale.high - s.value) / (scale.high - scale.low) * (scale.height - 1);
    const QPointF at((map.key(s.time) - low) * perKey, y);
    if (before) lines.append(QLineF(*before, at));
    points.append(at);
    before = at;
  }
  painter.drawLines(lines);
  if (!dots) return;
  painter.setBrush(color);
  for (const QPointF& p : points) painter.drawEllipse(p, 1.5 * ratio, 1.5 * ratio);
}

}  // namespace qd::widgets::plot
