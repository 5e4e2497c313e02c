// SPDX-License-Identifier: GPL-3.0-or-later
// The plot's maths and what its raster shows, then the whole stack on a made-up session.
#include <QPainter>
#include <QTest>
#include <algorithm>
#include <cmath>

#include "widgets/plot/columns.h"
#include "widgets/plot/span_raster.h"
#include "widgets/plot/stack_overlay.h"

using namespace qd;
using namespace qd::widgets;
using namespace qd::widgets::plot;

namespace {

constexpr TimeNs kS = kNsPerSecond;
constexpr TimeNs kDay = 1'772'632'800LL * kNsPerSecond;  // 2026-03-04 14:00:00 UTC

series::RangeResult samplesAt(std::initializer_list<std::pair<TimeNs, double>> points) {
  series::RangeResult data;
  data.exact = true;
  for (const auto& [time, value] : points) data.samples.push_back({0, kDay + time, value});
  return data;
}

QStringList labelsOf(const std::vector<AxisTick>& ticks) {
  QStringList labels;
  for (const auto& tick : ticks) labels << tick.label;
  return labels;
}

QImage canvas(int width, int height) {
  QImage image(width, height, QImage::Format_ARGB32_Premultiplied);
  image.fill(Qt::transparent);
  return image;
}

void drawColumns(QImage& image, const std::vector<Column>& columns, const RasterScale& scale, const QColor& color,
                 int thickness) {
  ColumnRaster raster;
  image = raster.draw(image.size(), {{inkOf(columns, scale, thickness), color}}).copy();
}

void drawExactly(QImage& image, const series::RangeResult& data, double high, const RasterScale& scale) {
  QPainter painter(&image);
  drawSamples(painter, data, AxisMap::time(kDay), 0, high, image.width(), scale, Qt::red);
}

bool isColumnEmpty(const QImage& image, int x) {
  for (int y = 0; y < image.height(); ++y)
    if (qAlpha(image.pixel(x, y)) != 0) return false;
  return true;
}

}  // namespace

class PlotTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void everySampleIsInSomeColumn() {
    const AxisMap map = AxisMap::time(kDay);
    const auto columns = foldColumns(samplesAt({{0, 1}, {kS / 4, 9}, {kS / 2, 3}, {3 * kS, 4}}), map, 0, 4, 4);
    QCOMPARE(columns.size(), 4U);
    QCOMPARE(columns[0].count, 3U);
    QCOMPARE(columns[0].min, 1.0);
    QCOMPARE(columns[0].max, 9.0);
    QCOMPARE(columns[0].first, 1.0);
    QCOMPARE(columns[0].last, 3.0);
    QCOMPARE(columns[1].count, 0U);
    QCOMPARE(columns[3].mean, 4.0);
    QVERIFY(columns[3].joined);
  }

  void aBucketFillsTheColumnsItSpans() {
    series::RangeResult data;
    data.buckets.push_back({kDay, kDay + 2 * kS - 1, 1, 5, 2, 3, 100});
    const auto columns = foldColumns(data, AxisMap::time(kDay), 0, 4, 4);
    QCOMPARE(columns[0].max, 5.0);
    QCOMPARE(columns[1].max, 5.0);
    QCOMPARE(columns[2].count, 0U);
  }

  void aBreakStaysABreak() {
    auto data = samplesAt({{0, 1}, {3 * kS, 1}});
    data.breaks = {kDay + 3 * kS};
    const auto columns = foldColumns(data, AxisMap::time(kDay), 0, 4, 40);
    QVERIFY(!columns[30].joined);
    QImage image = canvas(40, 20);
    drawColumns(image, columns, {0, 2, 20}, Qt::red, 1);
    QVERIFY(!isColumnEmpty(image, 0));
    QVERIFY(!isColumnEmpty(image, 30));
    for (int x = 1; x < 30; ++x) QVERIFY(isColumnEmpty(image, x));
  }

  // A frame whose error cannot be known carries NaN: nothing is drawn there, and no line leads across.
  void whatIsNotANumberIsAGap() {
    const auto data = samplesAt({{0, 1}, {kS, std::nan("")}, {3 * kS, 1}});
    const auto columns = foldColumns(data, AxisMap::time(kDay), 0, 4, 40);
    QCOMPARE(columns[10].count, 0U);
    QVERIFY(!columns[30].joined);
    QImage dense = canvas(40, 20), sparse = canvas(40, 20);
    drawColumns(dense, columns, {0, 2, 20}, Qt::red, 1);
    drawExactly(sparse, data, 4, {0, 2, 20});
    for (int x = 5; x < 25; ++x) {
      QVERIFY(isColumnEmpty(dense, x));
      QVERIFY(isColumnEmpty(sparse, x));
    }
    ValueRange range;
    range.include(std::nan(""));
    QVERIFY(!range.any);
  }

  void withoutABreakTheLineGoesOn() {
    QImage image = canvas(40, 20);
    const auto columns = foldColumns(samplesAt({{0, 0}, {3 * kS, 2}}), AxisMap::time(kDay), 0, 4, 40);
    drawColumns(image, columns, {0, 2, 20}, Qt::red, 1);
    for (int x = 0; x <= 30; ++x) QVERIFY(!isColumnEmpty(image, x));
    QVERIFY(isColumnEmpty(image, 31));
  }

  // 100,000 samples on 200 px, one of them high: its pixel is there, opaque.
  void aSpikeOfOneSampleIsNeverLost() {
    series::RangeResult data;
    data.exact = true;
    constexpr int kCount = 100'000, kAt = 61'234;
    for (int i = 0; i < kCount; ++i)
      data.samples.push_back({i, kDay + i * kNsPerMs, i == kAt ? 22.0 : 2.0 + (i % 7) * 0.01});
    const auto columns = foldColumns(data, AxisMap::time(kDay), 0, 100, 200);
    QImage image = canvas(200, 100);
    const RasterScale scale{0, 25, 100};
    drawColumns(image, columns, scale, QColor(0x56b4e9), 1);
    const int x = kAt / 500;
    QCOMPARE(qAlpha(image.pixel(x, scale.row(22))), 255);
    QCOMPARE(qAlpha(image.pixel(x, scale.row(12))), 255);
    QCOMPARE(qAlpha(image.pixel(x, scale.row(24))), 0);
    QCOMPARE(qAlpha(image.pixel(x + 1, scale.row(12))), 0);
  }

  void valuesOutsideOfTheScaleStayInTheImage() {
    const RasterScale scale{0, 10, 50};
    QCOMPARE(scale.row(10), 0);
    QCOMPARE(scale.row(0), 49);
    QCOMPARE(scale.row(1e300), 0);
    QCOMPARE(scale.row(-1e300), 49);
  }

  void fewSamplesAreDrawnExactly() {
    const auto data = samplesAt({{0, 1}, {2 * kS, 1}});
    QVERIFY(isSparse(data, 100));
    QVERIFY(!isSparse(data, 3));
    QImage image = canvas(100, 21);
    drawExactly(image, data, 4, {0, 2, 21});
    QVERIFY(qAlpha(image.pixel(25, 10)) > 100);
    QVERIFY(isColumnEmpty(image, 60));
  }

  void timeLabelsAreRoundUtc() {
    const AxisMap map = AxisMap::time(kDay);
    const auto ticks = timeTicks(map, kDay + kS, kDay + 61 * kS, 6);
    QCOMPARE(labelsOf(ticks).first(), QStringLiteral("14:00:10"));
    QCOMPARE(ticks.size(), 6U);
    QCOMPARE(ticks.front().key, 10.0);
    QCOMPARE(labelsOf(timeTicks(map, kDay, kDay + 3600 * kS, 4)),
             (QStringList{QStringLiteral("14:00"), QStringLiteral("14:15"), QStringLiteral("14:30"),
                          QStringLiteral("14:45"), QStringLiteral("15:00")}));
    QCOMPARE(labelsOf(timeTicks(map, kDay, kDay + 10 * kNsPerMs, 2)).at(1), QStringLiteral("00:00.005"));
    QVERIFY(timeTicks(map, kDay, kDay, 5).empty());
  }

  void tickLabelsAreRoundNumbers() {
    QCOMPARE(labelsOf(tickTicks(118, 152, 4)),
             (QStringList{QStringLiteral("120"), QStringLiteral("130"), QStringLiteral("140"), QStringLiteral("150")}));
    QCOMPARE(tickTicks(10.2, 12.9, 10).size(), 2U);  // never a part of a tick
    QCOMPARE(labelsOf(valueTicks(0, 1, 5)).at(1), QStringLiteral("0.2"));
    QCOMPARE(labelsOf(valueTicks(0, 250, 5)).last(), QStringLiteral("250"));
    QCOMPARE(niceStep(3), 5.0);
    QCOMPARE(niceStep(0.011), 0.02);
  }

  // Ticks stand still while a process is parked: that time has no room on the tick axis.
  void parkedTimeTakesNoRoomOnTheTickAxis() {
    const AxisMap map = AxisMap::ticks({{kDay, 0}, {kDay + kS, 60}, {kDay + 11 * kS, 60}, {kDay + 12 * kS, 120}}, kDay);
    QVERIFY(map.isTicks());
    QCOMPARE(map.key(kDay + kS / 2), 30.0);
    QCOMPARE(map.key(kDay + 5 * kS), 60.0);
    QCOMPARE(map.key(kDay + 12 * kS), 120.0);
    QCOMPARE(map.timeOf(90), kDay + 11 * kS + kS / 2);
    QVERIFY(!AxisMap::ticks({{kDay, 0}}, kDay).isTicks());
    QCOMPARE(AxisMap::time(kDay).timeOf(AxisMap::time(kDay).key(kDay + 12'345)), kDay + 12'345);
  }

  void theAxisDoesNotBreathe() {
    ValueRange data;
    data.include(0.2);
    data.include(9.3);
    const AxisRange first = chooseRange(data, {}, nullptr);
    QCOMPARE(first.low, 0.0);
    QVERIFY(first.high >= 9.3 && first.high <= 15);
    ValueRange less;
    less.include(0.2);
    less.include(8);
    QCOMPARE(chooseRange(less, first, nullptr).high, first.high);
    ValueRange little;
    little.include(1);
    QVERIFY(chooseRange(little, first, nullptr).high < 2);
    const double near = 16.67, far = 500;
    QVERIFY(chooseRange(data, first, &near).high > near);
    QVERIFY(chooseRange(data, first, &far).high < far);
    QCOMPARE(chooseRange({}, first, nullptr).high, first.high);
  }

  void stopsAreBands() {
    const auto at = [](ingest::MomentKind kind, TimeNs time) {
      ingest::Moment moment;
      moment.kind = kind;
      moment.time = time;
      return moment;
    };
    using enum ingest::MomentKind;
    using Bands = std::vector<std::pair<TimeNs, TimeNs>>;
    QCOMPARE(stoppedIn({at(Stop, 10), at(Resume, 20), at(Stop, 90)}, 0, 100), (Bands{{10, 20}, {90, 100}}));
    QCOMPARE(stoppedIn({at(Stop, 10), at(Resume, 60)}, 50, 100), (Bands{{50, 60}}));
    QCOMPARE(stoppedIn({at(Stop, 10), at(Resume, 20)}, 50, 100), Bands{});
    QCOMPARE(stoppedIn({at(Resume, 20)}, 0, 100), Bands{});
  }

  void markersStandAtTheirMoments() {
    ingest::Moment push, outside, log;
    push.kind = outside.kind = ingest::MomentKind::Push;
    push.time = kDay + 25 * kS;
    outside.time = kDay + 200 * kS;
    log.time = kDay + 30 * kS;
    const auto placed = placeMarkers({push, outside, log}, kDay, kDay + 100 * kS, 50, 400);
    QCOMPARE(placed.size(), 1U);
    QCOMPARE(placed.front().x, 150.0);
    StackOverlay overlay;
    overlay.setMarkers(placed);
    QVERIFY(overlay.markerNear(154) != nullptr);
    QVERIFY(overlay.markerNear(160) == nullptr);
  }
};

QObject* makePlotTest() {
  return new PlotTest;
}
#include "plot_test.moc"
