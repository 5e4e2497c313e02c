// SPDX-License-Identifier: GPL-3.0-or-later
// What the raster lights against what a plain QCustomPlot lights when it draws every sample; that a spike of one sample
// is never lost; that only columns that changed are drawn again, to the same picture.
#include <qcustomplot.h>

#include <QTest>
#include <cmath>
#include <random>

#include "core/series/store.h"
#include "widgets/plot/column_raster.h"

using namespace qd;
using namespace qd::widgets::plot;

namespace {

constexpr int kWidth = 600, kHeight = 300;
constexpr TimeNs kStep = kNsPerMs, kStart = 1'772'632'800LL * kNsPerSecond;

using Values = std::vector<double>;

struct Lit {
  int top = INT_MAX, bottom = -1;
  bool any() const { return bottom >= 0; }
};

std::vector<Lit> litRows(const QImage& image, const QRect& area) {
  std::vector<Lit> lit(static_cast<std::size_t>(area.width()));
  for (int x = 0; x < area.width(); ++x) {
    for (int y = 0; y < area.height(); ++y) {
      if (qAlpha(image.pixel(area.left() + x, area.top() + y)) == 0) continue;
      Lit& column = lit[static_cast<std::size_t>(x)];
      column.top = std::min(column.top, y);
      column.bottom = std::max(column.bottom, y);
    }
  }
  return lit;
}

// QCustomPlot as it draws every sample: lines of one pixel, nothing left out, not smoothed.
std::vector<Lit> plainPlot(const Values& values, double low, double high) {
  QCustomPlot plot;
  plot.setNotAntialiasedElements(QCP::aeAll);
  plot.setBackground(Qt::transparent);
  plot.axisRect()->setAutoMargins(QCP::msNone);
  plot.axisRect()->setMargins({0, 0, 0, 0});
  for (QCPAxis* axis : {plot.xAxis, plot.yAxis}) {
    axis->setVisible(false);
    axis->grid()->setVisible(false);
  }
  plot.setViewport(QRect(0, 0, kWidth, kHeight));
  plot.xAxis->setRange(0, static_cast<double>(values.size()));
  plot.yAxis->setRange(low, high);
  QVector<double> keys;
  for (std::size_t i = 0; i < values.size(); ++i) keys.append(static_cast<double>(i));
  auto* graph = plot.addGraph();
  graph->setAdaptiveSampling(false);
  graph->setPen(QPen(Qt::red, 1));
  graph->setData(keys, QVector<double>(values.begin(), values.end()), true);
  QImage image(kWidth, kHeight, QImage::Format_ARGB32_Premultiplied);
  image.fill(Qt::transparent);
  QCPPainter painter(&image);
  plot.toPainter(&painter, kWidth, kHeight);
  painter.end();
  return litRows(image, QRect(0, 0, kWidth, kHeight));
}

std::unique_ptr<series::Store> storeOf(const Values& values, series::SeriesId& id) {
  auto store = std::make_unique<series::Store>();
  ingest::SeriesInfo info;
  info.name = "noise";
  info.integer = false;
  id = store->declareDerived(ProcessId("server-1"), info);
  std::vector<series::Sample> samples;
  for (std::size_t i = 0; i < values.size(); ++i)
    samples.push_back({static_cast<Tick>(i), kStart + static_cast<TimeNs>(i) * kStep, values[i]});
  store->append(id, samples);
  return store;
}

std::vector<Column> columnsOf(const Values& values) {
  series::SeriesId id;
  const auto store = storeOf(values, id);
  const TimeNs end = kStart + static_cast<TimeNs>(values.size()) * kStep;
  const auto data = store->query(id, series::Axis::Time, kStart, end - 1, kWidth);
  const AxisMap map = AxisMap::time(kStart);
  return foldColumns(data, map, 0, map.key(end), kWidth);
}

// QCustomPlot puts the lowest value into the last row and then counts as many rows as there are, not one less.
std::vector<Lit> ourPlot(const Values& values, double low, double high) {
  ColumnRaster raster;
  high = low + (high - low) * (kHeight - 1) / kHeight;
  const auto inks = inkOf(columnsOf(values), {low, high, kHeight}, 1);
  return litRows(raster.draw({kWidth, kHeight}, {{inks, Qt::red}}), QRect(0, 0, kWidth, kHeight));
}

// Of columns x - reach to x + reach together.
Lit around(const std::vector<Lit>& lit, int x, int reach) {
  Lit all;
  for (int i = std::max(0, x - reach); i <= std::min<int>(x + reach, static_cast<int>(lit.size()) - 1); ++i) {
    all.top = std::min(all.top, lit[static_cast<std::size_t>(i)].top);
    all.bottom = std::max(all.bottom, lit[static_cast<std::size_t>(i)].bottom);
  }
  return all;
}

Values noise(int count, double amplitude) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> value(-amplitude, amplitude);
  Values values;
  for (int i = 0; i < count; ++i) values.push_back(50 + 20 * std::sin(i * 2e-4) + value(random));
  return values;
}

}  // namespace

class RasterTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void columnsLightWhatAPlainPlotLights_data() {
    QTest::addColumn<QVector<double>>("values");
    const auto row = [](const char* name, const Values& values) {
      QTest::newRow(name) << QVector<double>(values.begin(), values.end());
    };
    row("noise, 10^4", noise(10'000, 8));
    row("noise, 10^5", noise(100'000, 25));
    Values steps(20'000), spikes = noise(50'000, 1), slow(5'000);
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = i / 1700 % 2 == 0 ? 10 : 90;
    for (std::size_t i = 777; i < spikes.size(); i += 4321) spikes[i] = i % 2 == 0 ? 98 : 2;
    for (std::size_t i = 0; i < slow.size(); ++i) slow[i] = 50 + 45 * std::sin(static_cast<double>(i) * 0.004);
    row("steps", steps);
    row("spikes of one sample", spikes);
    row("sine", slow);
  }
  // Tolerance: one row, because both round to pixels by themselves; and one column to the side, because a line between
  // two columns is drawn in the one or in the other. Within that, every column has the same lit rows.
  void columnsLightWhatAPlainPlotLights() {
    QFETCH(QVector<double>, values);
    const Values all(values.begin(), values.end());
    const auto plain = plainPlot(all, 0, 100), ours = ourPlot(all, 0, 100);
    int same = 0;
    for (int x = 0; x < kWidth; ++x) {
      const Lit here = ours[static_cast<std::size_t>(x)], there = plain[static_cast<std::size_t>(x)];
      const QString where = QStringLiteral("column %1: ours %2-%3, plain %4-%5")
                                .arg(x)
                                .arg(here.top)
                                .arg(here.bottom)
                                .arg(there.top)
                                .arg(there.bottom);
      QVERIFY2(here.any() && there.any(), qPrintable(where));
      const Lit oursAround = around(ours, x, 1), plainAround = around(plain, x, 1);
      QVERIFY2(oursAround.top <= there.top + 1 && oursAround.bottom >= there.bottom - 1,
               qPrintable(QStringLiteral("lost: ") + where));
      QVERIFY2(plainAround.top <= here.top + 1 && plainAround.bottom >= here.bottom - 1,
               qPrintable(QStringLiteral("invented: ") + where));
      same += std::abs(here.top - there.top) <= 1 && std::abs(here.bottom - there.bottom) <= 1 ? 1 : 0;
    }
    // And most columns agree without the neighbours' help.
    QVERIFY2(same >= kWidth * 8 / 10, qPrintable(QStringLiteral("%1 of %2 columns").arg(same).arg(kWidth)));
  }

  void aSpikeOfOneSampleInMillionsIsLit() {
    Values values(4'000'000, 10);
    values[2'345'678] = 95;
    const auto lit = ourPlot(values, 0, 100);
    const int x = static_cast<int>(2'345'678.0 / 4'000'000 * kWidth);
    const RasterScale scale{0, 100.0 * (kHeight - 1) / kHeight, kHeight};
    QVERIFY(lit[static_cast<std::size_t>(x)].top <= scale.row(95));
    QVERIFY(lit[static_cast<std::size_t>(x)].bottom >= scale.row(10) - 1);
    for (const int beside : {x - 2, x + 2}) QVERIFY(lit[static_cast<std::size_t>(beside)].top > scale.row(20));
  }

  void onlyChangedColumnsAreDrawnAgain() {
    Values values = noise(60'000, 8);
    const RasterScale scale{0, 100, kHeight};
    ColumnRaster raster;
    raster.draw({kWidth, kHeight}, {{inkOf(columnsOf(values), scale, 2), Qt::red}});
    QCOMPARE(raster.drawnColumns(), std::uint64_t{kWidth});
    raster.draw({kWidth, kHeight}, {{inkOf(columnsOf(values), scale, 2), Qt::red}});
    QCOMPARE(raster.drawnColumns(), std::uint64_t{kWidth});  // nothing changed
    values[30'000] = 99;
    const auto inks = inkOf(columnsOf(values), scale, 2);
    const QImage again = raster.draw({kWidth, kHeight}, {{inks, Qt::red}}).copy();
    const std::uint64_t drawn = raster.drawnColumns() - kWidth;
    QVERIFY2(drawn >= 1 && drawn <= 5, qPrintable(QString::number(drawn)));  // a spike and what it stands out of
    ColumnRaster anew;
    QCOMPARE(again, anew.draw({kWidth, kHeight}, {{inks, Qt::red}}));
  }

  void aViewThatMovedIsShiftedAndItsNewColumnsAreDrawn() {
    const Values values = noise(120'000, 8);
    const auto window = [&](int first) {  // 500 samples a column
      const auto all = columnsOf(values);
      return std::vector<Column>(all.begin() + first, all.begin() + first + 300);
    };
    const RasterScale scale{0, 100, kHeight};
    ColumnRaster raster;
    raster.draw({300, kHeight}, {{inkOf(window(0), scale, 2), Qt::red}});
    for (const int step : {7, -4}) {
      static int first = 0;
      first += step;
      const std::uint64_t before = raster.drawnColumns();
      const auto inks = inkOf(window(first), scale, 2);
      const QImage moved = raster.draw({300, kHeight}, {{inks, Qt::red}}, step).copy();
      const auto drawn = static_cast<int>(raster.drawnColumns() - before);
      QVERIFY2(drawn >= std::abs(step) && drawn <= std::abs(step) + 6, qPrintable(QString::number(drawn)));
      ColumnRaster anew;
      QCOMPARE(moved, anew.draw({300, kHeight}, {{inks, Qt::red}}));
    }
  }

  // More layers than are mixed at once; the picture is that of painting one over the other.
  void spansOfManySeriesLieOverEachOther() {
    std::vector<ColumnRaster::Layer> layers;
    for (int i = 0; i < 11; ++i) {
      Ink ink;
      ink.span = {static_cast<std::int16_t>(i * 3), static_cast<std::int16_t>(i * 3 + 40)};
      layers.push_back({std::vector<Ink>(4, ink), QColor::fromHsv(i * 30, 255, 255)});
    }
    ColumnRaster raster;
    const QImage all = raster.draw({4, 100}, layers);
    QImage wanted(4, 100, QImage::Format_ARGB32_Premultiplied);
    wanted.fill(Qt::transparent);
    QPainter painter(&wanted);
    for (const auto& layer : layers) {
      QColor color = layer.color;
      color.setAlpha(105);
      painter.fillRect(QRect(0, layer.inks[0].span.top, 4, 41), color);
    }
    painter.end();
    for (int y = 0; y < 100; ++y) {
      const QColor a = all.pixelColor(1, y), b = wanted.pixelColor(1, y);
      const int apart = std::max({std::abs(a.alpha() - b.alpha()), std::abs(a.red() - b.red()),
                                  std::abs(a.green() - b.green()), std::abs(a.blue() - b.blue())});
      QVERIFY2(apart <= 12, qPrintable(QStringLiteral("row %1: %2 against %3").arg(y).arg(a.name(), b.name())));
    }
  }

  // Runs of any rows in more columns than a strip has and more layers than are mixed at once: spans over each other,
  // above them what is opaque, the last layer's on top.
  void anyInkIsPaintedAsIfRunByRun() {
    constexpr int kColumns = 150, kRows = 90, kLayers = 11;
    std::mt19937 random(5);
    const auto row = [&] { return static_cast<std::int16_t>(random() % kRows); };
    const auto run = [&](unsigned oneIn) {
      if (random() % oneIn != 0) return Run{};
      const auto a = row(), b = row();
      return Run{std::min(a, b), std::max(a, b)};
    };
    std::vector<ColumnRaster::Layer> layers;
    for (int i = 0; i < kLayers; ++i) {
      std::vector<Ink> inks(kColumns);
      for (Ink& ink : inks) ink = {run(2), run(2), run(9), run(9)};
      layers.push_back({std::move(inks), QColor::fromHsv(i * 30, 255, 255)});
    }
    QImage wanted(kColumns, kRows, QImage::Format_ARGB32_Premultiplied);
    wanted.fill(Qt::transparent);
    QPainter painter(&wanted);
    const auto fill = [&](int x, const Run& at, const QColor& color) {
      if (!at.empty()) painter.fillRect(QRect(x, at.top, 1, at.bottom - at.top + 1), color);
    };
    for (int x = 0; x < kColumns; ++x) {
      for (const auto& layer : layers) {
        QColor color = layer.color;
        color.setAlpha(105);
        fill(x, layer.inks[static_cast<std::size_t>(x)].span, color);
      }
      for (const auto& layer : layers) {
        const Ink& ink = layer.inks[static_cast<std::size_t>(x)];
        for (const Run& at : {ink.line, ink.above, ink.below}) fill(x, at, layer.color);
      }
    }
    painter.end();
    ColumnRaster raster;
    const QImage all = raster.draw({kColumns, kRows}, layers);
    for (int y = 0; y < kRows; ++y) {
      for (int x = 0; x < kColumns; ++x) {
        const QColor a = all.pixelColor(x, y), b = wanted.pixelColor(x, y);
        const int apart = std::max({std::abs(a.alpha() - b.alpha()), std::abs(a.red() - b.red()),
                                    std::abs(a.green() - b.green()), std::abs(a.blue() - b.blue())});
        QVERIFY2(apart <= 12,
                 qPrintable(QStringLiteral("%1, %2: %3 against %4").arg(x).arg(y).arg(a.name(), b.name())));
      }
    }
  }
};

QObject* makeRasterTest() {
  return new RasterTest;
}
#include "raster_test.moc"
