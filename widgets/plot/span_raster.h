// SPDX-License-Identifier: GPL-3.0-or-later
// Draws one series into an image: where samples are dense as min-max spans with their mean as a line, where they are
// few as exact points joined by lines. Cost depends on pixels, not on samples. Pure; any thread.
#pragma once

#include <QColor>
#include <QImage>
#include <vector>

#include "widgets/plot/columns.h"

namespace qd::widgets::plot {

// Vertical extent of the image in values; row 0 is `high`.
struct RasterScale {
  double low = 0, high = 1;
  int height = 0;
  int row(double value) const;  // clamped to the image
};

// `image`: ARGB32_Premultiplied, one column a pixel; `columns` has its width.
void drawColumns(QImage& image, const std::vector<Column>& columns, const RasterScale& scale, const QColor& color,
                 int thickness);

// The exact line for few samples.
void drawSamples(QImage& image, const series::RangeResult& data, const AxisMap& map, double low, double high,
                 const RasterScale& scale, const QColor& color, double ratio);
// Whether drawSamples() is the one to take.
bool isSparse(const series::RangeResult& data, int width);

}  // namespace qd::widgets::plot
