// SPDX-License-Identifier: Apache-2.0
// A redraw of a plot of 1200×600 pixels with 8 series: ask the store, fold into pixel columns, rasterise, all series
// into one image. Noise that fills spans of 30 and of 240 pixels. The limit is the same pixels filled with one colour
// (no blending, no data); a plain QCustomPlot at 10^5 points a series is printed beside it.
#include <qcustomplot.h>

#include <QApplication>
#include <QImage>
#include <cmath>
#include <memory>

#include "core/series/store.h"
#include "tests/bench/bench.h"
#include "tests/bench/telemetry.h"
#include "widgets/plot/columns.h"
#include "widgets/plot/span_raster.h"

namespace qd::bench {
namespace {

using namespace qd::widgets::plot;

constexpr int kWidth = 1200, kHeight = 600, kSeries = 8, kRows = 1024;
constexpr double kNoise = 1.0;  // shown values lie in [0, kNoise)
const ProcessId kServer("server-1");

// Blocks whose noise is the same for all series: full range, so that every column of the screen is a full span.
ingest::EnvelopePtr noiseBlock(std::uint64_t n) {
  const Shape shape{.series = kSeries, .rows = kRows};
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
  for (std::uint32_t s = 0; s < kSeries; ++s) {
    std::vector<std::int64_t> values(kRows);
    for (auto& v : values) {
      random = random * 6364136223846793005 + 1442695040888963407;
      v = static_cast<std::int64_t>(random >> 54) * 1000 / 1024;
    }
    out.columns.push_back({SeriesIndex(s), {}, std::move(values)});
  }
  auto made = std::make_shared<ingest::Envelope>();
  made->sequence = n + 1;
  made->event = std::move(out);
  return made;
}

std::unique_ptr<series::Store> filled(std::uint64_t pointsEach) {
  auto store = std::make_unique<series::Store>(std::size_t{6} << 30);
  store->on(declaration({.series = kSeries}));
  for (std::uint64_t n = 0; n * kRows < pointsEach; ++n) store->on(noiseBlock(n));
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

// The cheapest of some redraws of everything that the store has.
Cost redraw(const series::Store& store, int span) {
  std::vector<series::SeriesId> ids;
  for (int s = 0; s < kSeries; ++s) {
    if (const auto id = store.find(kServer, "series." + std::to_string(s))) ids.push_back(*id);
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
  const double all = best(15, [&] {
    ask();
    QImage image(kWidth, kHeight, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    for (int s = 0; s < kSeries; ++s) {
      drawColumns(image, foldColumns(data[static_cast<std::size_t>(s)], map, 0, high, kWidth), scaleOf(s, span),
                  colorOf(s), 2);
    }
  });
  return {all, best(15, ask)};
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
  for (const int exponent : {4, 5, 6, 7}) {
    const auto store = filled(static_cast<std::uint64_t>(std::pow(10, exponent)));
    for (int i = 0; i < 2; ++i) {
      const Cost cost = redraw(*store, kSpans[i]);
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
      if (exponent != 7) continue;
      const auto beside = [&](const std::string& which, double seconds) {
        report({.name = "redraw: t(" + which + ")/t(10^5), " + what,
                .unit = "times",
                .value = seconds / at5[i],
                .target = 1.3});
      };
      beside("10^7", cost.all);
      beside("slowest above", slowest[i]);
    }
  }
  report(
      {.name = "redraw: plain QCustomPlot, 8 x 10^5, 75 px", .unit = "ms", .value = customPlotSeconds(100'000) * 1e3});
}

}  // namespace qd::bench
