// SPDX-License-Identifier: GPL-3.0-or-later
// Paints what layers of ink leave in a strip of neighbouring pixel columns, row by row: from one edge of a run to the
// next the strip's row of pixels stays the same and is copied, so that the image is written along its lines and not
// across them, and a colour is composed only where a run begins or ends. Replaces what the columns held. One thread.
#pragma once

#include <QColor>
#include <array>
#include <cstdint>
#include <vector>

#include "widgets/plot/column_raster.h"

namespace qd::widgets::plot {

class StripPainter {
 public:
  // The most that a strip has: few enough that what is known of it stays in the nearest cache, many enough that a row
  // has mostly edges, which is what branches can be guessed by.
  static constexpr int kColumns = 64;

  // The layers outlive this; the first is at the bottom.
  StripPainter(const std::vector<ColumnRaster::Layer>& layers, int height);
  // Columns [x, x + count) of an image of `stride` pixels a line, whose first pixel is at `bits`.
  void paint(QRgb* bits, qsizetype stride, int x, int count);

 private:
  static constexpr unsigned kBatch = 8;  // layers whose mixtures are tabulated together
  static constexpr unsigned kRuns = 3;   // opaque ones a layer
  // What lies in a column at a row: a bit for each span of a batch, above them kRuns for each of its layers.
  using Held = std::uint32_t;
  // The colour of each set of spans, the first at the bottom, then that of each bit above them.
  using Table = std::array<QRgb, (1U << kBatch) + kRuns * kBatch>;
  struct Edge {
    std::uint32_t next;        // of the same row; 0: none
    std::uint16_t place, bit;  // batch * kColumns + column; what changes there
  };

  void collect(int x, int count);
  void add(const Run& run, unsigned place, unsigned bit);
  static unsigned highest(Held held);
  QRgb colorOf(std::size_t batch, Held held) const;
  QRgb colorAt(unsigned column) const;

  const std::vector<ColumnRaster::Layer>& layers_;
  const int height_;
  std::vector<Table> tables_;         // of each batch
  std::vector<Held> held_;            // at each place
  std::vector<std::uint32_t> heads_;  // of each row and beyond the last: its first edge
  std::vector<Edge> edges_;           // from 1 on
  std::uint32_t used_ = 1;
};

}  // namespace qd::widgets::plot
