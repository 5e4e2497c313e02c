// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/heat_raster.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace qd::widgets::plot {
namespace {

// Six steps of cividis (Nuñez, Anderton, Renslow 2018): lightness grows all the way, for every colour sight.
constexpr std::array<QRgb, 6> kScale = {0x00224e, 0x35456c, 0x666970, 0x948e77, 0xc8b866, 0xfee838};

QRgb mix(QRgb a, QRgb b, double share) {
  const auto one = [share](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * share)); };
  return qRgb(one(qRed(a), qRed(b)), one(qGreen(a), qGreen(b)), one(qBlue(a), qBlue(b)));
}

class Cells {
 public:
  Cells(QSize size)
      : width_(std::max(1, size.width() / kHeatCell)),
        height_(std::max(1, size.height() / kHeatCell)),
        counts_(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_)) {}

  // `y0` < `y1`: rows of cells, fractions; spread evenly.
  void add(int x, double y0, double y1, double count) {
    if (x < 0 || x >= width_) return;
    y0 = std::clamp(y0, 0.0, height_ - 1e-6);
    y1 = std::clamp(y1, y0 + 1e-6, static_cast<double>(height_));
    for (int y = static_cast<int>(y0); y < height_ && y < y1; ++y) {
      const double part = std::min<double>(y + 1, y1) - std::max<double>(y, y0);
      counts_[indexOf(x, y)] += count * part / (y1 - y0);
    }
  }
  QImage image(bool dark) const {
    const double most = *std::max_element(counts_.begin(), counts_.end());
    QImage image(width_, height_, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    if (most <= 0) return image;
    for (int y = 0; y < height_; ++y) {
      auto* row = reinterpret_cast<QRgb*>(image.scanLine(y));
      for (int x = 0; x < width_; ++x) {
        const double count = counts_[indexOf(x, y)];
        // Logarithmic, so that one sample beside thousands is seen.
        if (count > 0.02) row[x] = heatColor(std::log1p(count) / std::log1p(most), dark);
      }
    }
    return image;
  }
  int width() const { return width_; }
  int height() const { return height_; }

 private:
  std::size_t indexOf(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
  }
  int width_, height_;
  std::vector<double> counts_;
};

}  // namespace

QRgb heatColor(double share, bool dark) {
  const double least = 0.12;  // a cell with anything in it stands out of the ground
  double at = least + std::clamp(share, 0.0, 1.0) * (1 - least);
  if (!dark) at = 1 - at;
  at *= kScale.size() - 1;
  const auto step = std::min(static_cast<std::size_t>(at), kScale.size() - 2);
  return mix(kScale[step], kScale[step + 1], at - static_cast<double>(step)) | 0xff000000U;
}

QImage heatImage(std::span<const series::SketchColumn> columns, const AxisMap& map, double low, double high, QSize size,
                 const RasterScale& scale, bool dark) {
  Cells cells(size);
  const double perKey = cells.width() / (high - low);
  const double perRow = cells.height() / std::max(1.0, scale.height - 1.0);
  for (const auto& column : columns) {
    const double begin = (map.key(column.x0) - low) * perKey, end = (map.key(column.x1) - low) * perKey;
    const int first = static_cast<int>(std::floor(end - begin > 1 ? begin + 0.25 : (begin + end) / 2));
    const int last = std::max(first, static_cast<int>(std::floor(end - begin > 1 ? end - 0.25 : (begin + end) / 2)));
    column.sketch.forEachBin([&](double from, double to, std::uint64_t count) {
      const double y0 = scale.at(to) * perRow, y1 = scale.at(from) * perRow;
      for (int x = first; x <= last; ++x) cells.add(x, y0, y1, static_cast<double>(count) / (last - first + 1));
    });
  }
  return cells.image(dark).scaled(size);
}

}  // namespace qd::widgets::plot
