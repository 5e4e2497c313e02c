// SPDX-License-Identifier: GPL-3.0-or-later
// One series where samples are few: exact points joined by lines. (Where they are dense: column_raster.h.) Pure; any
// thread.
#pragma once

#include <QColor>
#include <QSizeF>

#include "core/series/store.h"
#include "widgets/plot/column_raster.h"

class QPainter;

namespace qd::widgets::plot {

// Draws into the painter's rectangle (0, 0, width, scale.height); `ratio` is the width of lines in its units.
void drawSamples(QPainter& painter, const series::RangeResult& data, const AxisMap& map, double low, double high,
                 double width, const RasterScale& scale, const QColor& color, double ratio = 1);
// Whether drawSamples() is the one to take.
bool isSparse(const series::RangeResult& data, int width);

}  // namespace qd::widgets::plot
