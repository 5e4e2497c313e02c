// SPDX-License-Identifier: Apache-2.0
// A redraw of a plot of 1200×600 pixels with 8 series: ask the store, fold into pixel columns, rasterise, all series
// into one image. Noise that fills spans of 30 and of 240 pixels; 10^4 to 10^8 points a series. The limit is the same
// pixels filled with one colour (no blending, no data); a plain QCustomPlot at 10^5 points a series is printed beside
// it.
#include <qcustomplot.h>

#include <QApplication>
#include <QImage>
#include <cmath>
#include <memory>

#include "core/series/store.h"
#include "tests/bench/bench.h"
#include "tests/bench/telemetry.h"
#include "widgets/plot/column_raster.h"
#include "widgets/plot/columns.h"

namespace qd::bench {
namespace {

using namespace qd::widgets::plot;

constexpr int kWidth = 1200, kHeight = 600, kSeries = 8, kRows = 1024;
constexpr double kNoise = 1.0;  // shown values lie in [0, kNoise)
constexpr double kSpike = 3.0;  // but for one sample of the longest series
constexpr std::uint64_t kSpikeBlock = 61'234;
const ProcessId kServer("server-1");

// Blocks whose noise is the same for all series: full range, so that every column of the screen is a full span.
ingest::EnvelopePtr noiseBlock(std::uint64_t n, int series) {
  const Shape shape{.series = series, .rows = kRows};
  ingest::SampleBlock out;
  out.process = {kServer, InstanceId(1)};
  out.firstSequence = n * shape.points();
  out.count = shape.points();
  std::uint64_t random = n * 2654435761 + 1;
  for (int i = 0; i < kRows; ++i) {
    const auto tick = static_cast<Tick>(n) * kRows + i;
    out.ticks.push_back(tick);
    out.times.push_back(kFirstTime + tick * kTickNs);
  }
  for (std::uint32_t s = 0; s < static_cast<std::uint32_t>(series); ++s) {
    std::vector<std::int64_t> values(kRows);
    for (auto& v : values) {
      random = random * 6364136223846793005 + 1442695040888963407;
      v = static_cast<std::int64_t>(random >> 54) * 1000 / 1024;
    }
    if (n == kSpikeBlock) values[kRows / 3] = static_cast<std::int64_t>(kSpike * 1000);
    out.columns.push_back({SeriesIndex(s), {}, std::move(values)});
  }
  auto made = std::make_shared<ingest::Envelope>();
  made->sequence = n + 1;
  made->event = std::move(out);
  return made;
}

std::unique_ptr<series::Store> filled(std::uint64_t pointsEach, int series) {
  auto store = std::make_unique<series::Store>(std::size_t{6} << 30);
  store->on(declaration({.series = series}));
  for (std::uint64_t n = 0; n * kRows < pointsEach; ++n) store->on(noiseBlock(n, series));
  return store;
}

QColor colorOf(int series) {
  return QColor::fromHsv(series * 45, 200, 220);
}

RasterScale scaleOf(int series, int span) {
  const double perPixel = kNoise / span;
  const double low = -perPixel * (kHeight - span) * series / (kSeries - 1);  // spread over the height
  return {low, low + perPixel * kHeight, kHeight};
}

struct Cost {
  double all = std::nan(""), asking = std::nan("");  // seconds; `asking` the store is part of `all`
};

// The cheapest of some redraws of everything that the store has: every column drawn anew, into the kept image, as a
// plot does that was zoomed. `shared`: the one series of the store stands for all eight.
Cost redraw(const series::Store& store, int span, bool shared) {
  std::vector<series::SeriesId> ids;
  for (int s = 0; s < kSeries; ++s) {
    if (const auto id = store.find(kServer, "series." + std::to_string(shared ? 0 : s))) ids.push_back(*id);
  }
  if (ids.size() != kSeries) return {};
  const auto totals = store.totals();
  const AxisMap map = AxisMap::time(totals.firstTime);
  const double high = map.key(totals.lastTime);
  std::vector<series::RangeResult> data(kSeries);
  const auto ask = [&] {
    for (std::size_t s = 0; s < kSeries; ++s) {
      data[s] = store.query(ids[s], series::Axis::Time, totals.firstTime, totals.lastTime, kWidth);
    }
  };
  ColumnRaster raster;
  int round = 0;
  const double all = best(15, [&] {
    ask();
    std::vector<ColumnRaster::Layer> layers;
    ++round;
    for (int s = 0; s < kSeries; ++s) {
      QColor color = colorOf(s);
      color.setAlpha(round % 2 == 0 ? 255 : 254);  // another colour: nothing of the image may be kept
      layers.push_back(
          {inkOf(foldColumns(data[static_cast<std::size_t>(s)], map, 0, high, kWidth), scaleOf(s, span), 2), color});
    }
    raster.draw({kWidth, kHeight}, std::move(layers));
  });
  if (raster.drawnColumns() != static_cast<std::uint64_t>(15 * kWidth)) return {};  // not what was to be measured
  return {all, best(15, ask)};
}

// Rows above the noise that are lit, opaque, when the whole series is shown.
int litBySpike(const series::Store& store) {
  const auto totals = store.totals();
  const auto data =
      store.query(*store.find(kServer, "series.0"), series::Axis::Time, totals.firstTime, totals.lastTime, kWidth);
  const AxisMap map = AxisMap::time(totals.firstTime);
  const RasterScale scale{0, 4 * kNoise, kHeight};
  ColumnRaster raster;
  const auto columns = foldColumns(data, map, 0, map.key(totals.lastTime), kWidth);
  const QImage& image = raster.draw({kWidth, kHeight}, {{inkOf(columns, scale, 2), colorOf(0)}});
  int lit = 0;
  for (int y = 0; y < scale.row(kNoise) - 2; ++y)
    for (int x = 0; x < kWidth; ++x) lit += qAlpha(image.pixel(x, y)) == 255 ? 1 : 0;
  return lit;
}

double fillSeconds(int span) {
  return best(15, [&] {
    QImage image(kWidth, kHeight, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    for (int s = 0; s < kSeries; ++s) {
      const int top = (kHeight - span) * s / (kSeries - 1);
      for (int y = top; y < top + span; ++y) {
        auto* row = reinterpret_cast<QRgb*>(image.scanLine(y));
        std::fill(row, row + kWidth, colorOf(s).rgba());
      }
    }
  });
}

double customPlotSeconds(int points) {
  QCustomPlot plot;
  plot.resize(kWidth, kHeight);
  plot.xAxis->setRange(0, points);
  plot.yAxis->setRange(0, kSeries);
  std::uint64_t random = 1;
  for (int s = 0; s < kSeries; ++s) {
    QVector<double> keys(points), values(points);
    for (int i = 0; i < points; ++i) {
      random = random * 6364136223846793005 + 1442695040888963407;
      keys[i] = i;
      values[i] = s + static_cast<double>(random >> 54) / 1024;
    }
    plot.addGraph()->setData(keys, values, true);
  }
  return best(5, [&] { plot.replot(QCustomPlot::rpImmediateRefresh); });
}

}  // namespace

QD_BENCH(plot_redraw) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  int argc = 1;
  char name[] = "qd_bench", *argv[] = {name, nullptr};
  const QApplication application(argc, argv);
  constexpr int kSpans[] = {30, 240};
  const double fill[] = {fillSeconds(kSpans[0]), fillSeconds(kSpans[1])};
  double at5[] = {std::nan(""), std::nan("")}, slowest[] = {0, 0};
  for (const int exponent : {4, 5, 6, 7, 8}) {
    // 8 × 10^8 points would take 13 GB: one series of 10^8 is drawn eight times, in eight places and colours.
    const bool shared = exponent == 8;
    const auto store = filled(static_cast<std::uint64_t>(std::pow(10, exponent)), shared ? 1 : kSeries);
    for (int i = 0; i < 2; ++i) {
      const Cost cost = redraw(*store, kSpans[i], shared);
      const std::string what = "spans of " + std::to_string(kSpans[i]) + " px";
      report({.name = "redraw: 8 x 10^" + std::to_string(exponent) + " points, " + what,
              .unit = "ms",
              .value = cost.all * 1e3,
              .limit = fill[i] * 1e3,
              .target = 4});
      if (i == 0) {
        report({.name = "redraw: asking the store alone, 8 x 10^" + std::to_string(exponent),
                .unit = "ms",
                .value = cost.asking * 1e3});
      }
      if (exponent == 5) at5[i] = cost.all;
      if (exponent > 5) slowest[i] = std::fmax(slowest[i], cost.all);
      if (exponent != 8) continue;
      const auto beside = [&](const std::string& which, double seconds) {
        report({.name = "redraw: t(" + which + ")/t(10^5), " + what,
                .unit = "times",
                .value = seconds / at5[i],
                .target = 1.3});
      };
      if (i == 0) {
        report({.name = "redraw: a spike of one sample in 10^8, rows lit",
                .unit = "rows",
                .value = static_cast<double>(litBySpike(*store)),
                .limit = kHeight * (kSpike - kNoise) / (4 * kNoise),
                .target = kHeight * (kSpike - kNoise) / (4 * kNoise) - 4,
                .better = Better::More});
      }
      beside("10^8", cost.all);
      beside("slowest above", slowest[i]);
    }
  }
  report(
      {.name = "redraw: plain QCustomPlot, 8 x 10^5, 75 px", .unit = "ms", .value = customPlotSeconds(100'000) * 1e3});
}

}  // namespace qd::bench
