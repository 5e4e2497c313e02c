// SPDX-License-Identifier: GPL-3.0-or-later
// Dense series as pixels: what each series leaves in each pixel column (Ink: rows, not values), and the image of all of
// them. The image is kept: only columns whose ink changed are drawn again, and a view that moved by whole pixels is
// shifted. Translucent spans lie over each other, means and spikes opaque above every span. One thread.
#pragma once

#include <QColor>
#include <QImage>
#include <algorithm>
#include <cstdint>
#include <vector>

#include "widgets/plot/columns.h"

namespace qd::widgets::plot {

// Vertical extent of the image in values; row 0 is `high`. Logarithmic: both ends are above 0, and what is not above 0
// stands at the bottom.
struct RasterScale {
  double low = 0, high = 1;
  int height = 0;
  bool log = false;
  double at(double value) const {  // row, not clamped
    return log ? logAt(value) : (high - value) / (high - low) * (height - 1);
  }
  int row(double value) const {  // clamped to the image
    // To the nearest: nothing here is negative, and a call of lround() costs more than the rest.
    return static_cast<int>(std::clamp(at(value), 0.0, static_cast<double>(height - 1)) * 2 + 1) / 2;
  }
  bool operator==(const RasterScale&) const = default;

 private:
  double logAt(double value) const;
};

// Runs of rows, ends included; top > bottom: nothing.
struct Run {
  std::int16_t top = 1, bottom = 0;
  bool empty() const { return top > bottom; }
  bool operator==(const Run&) const = default;
};
// What one series leaves in one pixel column.
struct Ink {
  Run span;          // translucent: from the least to the greatest
  Run line;          // opaque: the mean, joined to the columns beside it
  Run above, below;  // opaque: what of the span stands out of its surroundings
  bool operator==(const Ink&) const = default;
};

enum class Spikes { Opaque, Faint };
std::vector<Ink> inkOf(const std::vector<Column>& columns, const RasterScale& scale, int thickness,
                       Spikes spikes = Spikes::Opaque);

class ColumnRaster {
 public:
  struct Layer {
    std::vector<Ink> inks;  // one a column
    QColor color;
    bool operator==(const Layer&) const = default;
  };
  // The image of `layers`, the first at the bottom, over `size` pixels. `shift`: by how many columns the view moved to
  // the right since the last call. Valid until the next call; ARGB32_Premultiplied.
  const QImage& draw(QSize size, std::vector<Layer> layers, int shift = 0);
  std::uint64_t drawnColumns() const { return drawn_; }  // in all calls so far

 private:
  bool fits(QSize size, const std::vector<Layer>& layers) const;
  void shiftBy(int columns);
  bool differs(int x, int shift, const std::vector<Layer>& before) const;

  QImage image_;
  std::vector<Layer> layers_;
  QRgb* bits_ = nullptr;
  qsizetype stride_ = 0;
  std::uint64_t drawn_ = 0;
};

}  // namespace qd::widgets::plot
