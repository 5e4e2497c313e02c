// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/strip_painter.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace qd::widgets::plot {
namespace {

constexpr int kSpanAlpha = 105;

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

}  // namespace

StripPainter::StripPainter(const std::vector<ColumnRaster::Layer>& layers, int height)
    : layers_(layers),
      height_(height),
      tables_((layers.size() + kBatch - 1) / kBatch),
      held_(tables_.size() * kColumns),
      heads_(static_cast<std::size_t>(height) + 1),
      edges_(1 + layers.size() * kColumns * (kRuns + 1) * 2) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Table& table = tables_[i / kBatch];
    const std::size_t bit = i % kBatch, low = std::size_t{1} << bit;
    const QRgb top = faint(layers[i].color);
    for (std::size_t set = 0; set < low; ++set) table[low + set] = over(top, table[set]);
    std::fill_n(table.begin() + (1U << kBatch) + kRuns * bit, kRuns, qPremultiply(layers[i].color.rgba()));
  }
}

void StripPainter::add(const Run& run, unsigned place, unsigned bit) {
  const int top = std::max<int>(run.top, 0), end = std::min<int>(run.bottom + 1, height_);
  if (top >= end) return;
  for (const int row : {top, end}) {
    edges_[used_] = {heads_[static_cast<std::size_t>(row)], static_cast<std::uint16_t>(place),
                     static_cast<std::uint16_t>(bit)};
    heads_[static_cast<std::size_t>(row)] = used_++;
  }
}

void StripPainter::collect(int x, int count) {
  used_ = 1;
  const auto first = static_cast<std::size_t>(x);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::vector<Ink>& inks = layers_[i].inks;
    const auto bit = static_cast<unsigned>(i % kBatch), opaque = kBatch + kRuns * bit;
    const auto place = static_cast<unsigned>(i / kBatch * kColumns);
    const std::size_t end = std::min(first + static_cast<std::size_t>(count), inks.size());
    for (std::size_t at = first; at < end; ++at) {
      const Ink& ink = inks[at];
      const unsigned here = place + static_cast<unsigned>(at - first);
      add(ink.span, here, bit);
      add(ink.line, here, opaque);
      if (!ink.above.empty()) add(ink.above, here, opaque + 1);
      if (!ink.below.empty()) add(ink.below, here, opaque + 2);
    }
  }
}

unsigned StripPainter::highest(Held held) {
  return static_cast<unsigned>(std::bit_width(held | 1)) - 1;
}

inline QRgb StripPainter::colorOf(std::size_t batch, Held held) const {
  const unsigned bit = highest(held);
  return tables_[batch][bit < kBatch ? held : (1U << kBatch) - kBatch + bit];
}

// The spans of all batches, the first at the bottom; what is opaque lies above every span, the last layer's on top.
inline QRgb StripPainter::colorAt(unsigned column) const {
  QRgb color = colorOf(0, held_[column]);
  bool opaque = highest(held_[column]) >= kBatch;
  for (std::size_t i = 1; i < tables_.size(); ++i) {
    const Held held = held_[i * kColumns + column];
    const QRgb here = colorOf(i, held);
    if (highest(held) >= kBatch) {
      color = here;
      opaque = true;
    } else if (!opaque && here != 0) {
      color = color == 0 ? here : over(here, color);
    }
  }
  return color;
}

void StripPainter::paint(QRgb* bits, qsizetype stride, int x, int count) {
  collect(x, count);
  std::fill(held_.begin(), held_.end(), 0);
  std::array<QRgb, kColumns> colors{};
  QRgb* line = bits + x;
  for (int row = 0; row < height_; ++row, line += stride) {
    for (std::uint32_t at = std::exchange(heads_[static_cast<std::size_t>(row)], 0); at != 0; at = edges_[at].next) {
      const unsigned place = edges_[at].place, column = place % kColumns;
      held_[place] ^= Held{1} << edges_[at].bit;
      colors[column] = colorAt(column);
    }
    if (count == kColumns) {
      std::memcpy(line, colors.data(), sizeof(colors));
    } else {
      std::copy_n(colors.data(), count, line);
    }
  }
  heads_.back() = 0;
}

}  // namespace qd::widgets::plot
