// SPDX-License-Identifier: GPL-3.0-or-later
// A heat map over time: for each cell of moments and values how many samples fell there, as colour. The map goes from
// the ground of the plot to the brightest (dark scheme) or the darkest (light scheme) of one blue-to-yellow scale that
// people with any colour sight can order. Pure; any thread.
#pragma once

#include <QImage>
#include <span>

#include "core/analysis/distribution.h"
#include "widgets/plot/column_raster.h"

namespace qd::widgets::plot {

inline constexpr int kHeatCell = 4;  // px a side

// `share`: 0 to 1 of the fullest cell.
QRgb heatColor(double share, bool dark);
QImage heatImage(std::span<const series::SketchColumn> columns, const AxisMap& map, double low, double high, QSize size,
                 const RasterScale& scale, bool dark);

}  // namespace qd::widgets::plot
