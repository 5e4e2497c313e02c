// SPDX-License-Identifier: GPL-3.0-or-later
// What an operator does with the plots, on a made-up session in a real window: derived series, styles, axes, layouts;
// cursors, ranges and what they say; what is copied and saved; and that nothing is drawn for nothing.
#include <QClipboard>
#include <QDir>
#include <QFile>
#include <QGuiApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMimeData>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <bit>
#include <cmath>

#include "widgets/base/demo_session.h"
#include "widgets/base/theme.h"
#include "widgets/plot/legend_bar.h"
#include "widgets/plot/measure_view.h"
#include "widgets/plot/plot_export.h"
#include "widgets/plot/plot_panel.h"
#include "widgets/plot/plot_stack.h"
#include "widgets/plot/sample_save.h"
#include "widgets/plot/state_strip.h"

using namespace qd;
using namespace qd::widgets;
using namespace qd::widgets::plot;

namespace {

constexpr TimeNs kS = kNsPerSecond;

struct Shown {
  explicit Shown(TimeNs length) : session(length), panel(session.context) {
    panel.resize(816, 700);
    panel.show();
    refresh();
  }
  PlotStack& stack() { return panel.stack(); }
  PlotPane& pane(std::size_t i) { return *stack().panes().at(i); }
  void refresh() {
    stack().refresh(true);
    QCoreApplication::processEvents();
  }
  QStringList labels(std::size_t i) {
    QStringList all;
    for (const auto& s : pane(i).shown()) all << s.label;
    return all;
  }
  std::uint64_t draws() {
    std::uint64_t sum = 0;
    for (const auto* p : stack().panes()) sum += p->draws();
    return sum;
  }
  // Through the legend, as the context menu does.
  void derive(std::size_t i, std::size_t entry, const char* text) {
    const auto expression = analysis::parseExpression(text);
    QVERIFY(expression);
    const PaneSeries source = pane(i).shown().at(entry);
    stack().addDerived(pane(i), source, *expression);
    refresh();
  }

  demo::Session session;
  PlotPanel panel;
};

int colourful(const QImage& image, const QRect& area) {
  int count = 0;
  for (int y = area.top(); y <= area.bottom(); ++y)
    for (int x = area.left(); x <= area.right(); ++x) count += image.pixelColor(x, y).saturation() > 60 ? 1 : 0;
  return count;
}

void drag(PlotStack& stack, QPoint from, QPoint to, Qt::KeyboardModifiers modifiers) {
  QTest::mousePress(&stack, Qt::LeftButton, modifiers, from);
  for (const QPoint& at : {from + (to - from) / 2, to}) {
    QMouseEvent move(QEvent::MouseMove, QPointF(at), stack.mapToGlobal(QPointF(at)), Qt::NoButton, Qt::LeftButton,
                     modifiers);
    QCoreApplication::sendEvent(&stack, &move);
  }
  QTest::mouseRelease(&stack, Qt::LeftButton, modifiers, to);
}

}  // namespace

class EditTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { applyTheme(*qApp, Scheme::Dark); }

  void aDerivedSeriesFollowsTheSelectionAndCanBeRemoved() {
    Shown shown(60 * kS);
    shown.session.selection.setProcess(ProcessId("server-1"));
    shown.refresh();
    shown.derive(0, 0, "avg(tick.duration, 5s)");
    QCOMPARE(shown.labels(0),
             (QStringList{QStringLiteral("server-1 duration"), QStringLiteral("server-1 avg(tick.duration, 5s)")}));
    shown.session.selection.setProcess(ProcessId("server-2"));
    shown.refresh();
    QCOMPARE(shown.labels(0).last(), QStringLiteral("server-2 avg(tick.duration, 5s)"));
    // Its value in the legend is the mean of the five seconds before.
    const auto& entries = shown.pane(0).legend().entries();
    QVERIFY(entries.size() == 2 && entries[1].value != QStringLiteral("—"));
    QVERIFY(shown.pane(0).shown()[0].color != shown.pane(0).shown()[1].color);
    const SeriesRef ref = shown.pane(0).shown()[1].ref;
    shown.stack().removeSeries(shown.pane(0), ref);
    shown.refresh();
    QCOMPARE(shown.labels(0).size(), 1);
  }

  void aRateHasAnotherUnitAndGetsAPlotOfItsOwn() {
    Shown shown(60 * kS);
    const std::size_t before = shown.stack().panes().size();
    shown.derive(3, 0, "rate(net.bandwidth)");
    QCOMPARE(shown.stack().panes().size(), before + 1);
    QCOMPARE(QString::fromStdString(shown.pane(before).shown().front().unit), QStringLiteral("bytes/s/s"));
    QCOMPARE(shown.pane(before).shown().size(), 2U);  // both servers
  }

  void aFollowedSeriesIsTakenOutForItsProcessAndComesBack() {
    Shown shown(30 * kS);
    const SeriesRef ref = shown.pane(0).shown().at(1).ref;
    QCOMPARE(ref.process.value, std::string("server-2"));
    shown.stack().removeSeries(shown.pane(0), ref);
    shown.refresh();
    QCOMPARE(shown.labels(0), QStringList{QStringLiteral("server-1")});
    shown.stack().addSeries(&shown.pane(0), {ref});
    shown.refresh();
    QCOMPARE(shown.labels(0).size(), 2);
  }

  void theLayoutIsKept() {
    QByteArray layout;
    {
      Shown shown(60 * kS);
      shown.derive(0, 0, "p95(tick.duration, 10s)");
      shown.stack().addSeries(&shown.pane(3), {{ProcessId("editor-1"), "net.rtt", {}}});
      shown.stack().removeSeries(shown.pane(1), shown.pane(1).shown().at(1).ref);
      shown.stack().setStyle(shown.pane(0), shown.pane(0).shown().front().ref, Style::Percentiles);
      shown.stack().setAxis(shown.pane(4), {ValueAxis::Mode::Fixed, 10, 200});
      shown.stack().removePane(shown.stack().panes().at(2));
      layout = shown.stack().saveLayout();
    }
    Shown again(60 * kS);
    QVERIFY(again.stack().restoreLayout(layout));
    again.refresh();
    const auto panesOf = [](const QByteArray& json) {
      return QJsonDocument::fromJson(json).object().value(QStringLiteral("panes")).toArray();
    };
    QCOMPARE(panesOf(again.stack().saveLayout()), panesOf(layout));
    QCOMPARE(panesOf(layout).size(), 4);
    QCOMPARE(again.stack().panes().size(), 4U);
    QVERIFY(again.labels(0).contains(QStringLiteral("server-1 p95(tick.duration, 10s)")));
    QCOMPARE(again.pane(0).shown().front().style, Style::Percentiles);
    QCOMPARE(again.pane(3).range().high, 200.0);
    QVERIFY(again.labels(2).contains(QStringLiteral("editor-1 rtt")));
    for (const char* bad : {"", "null", "[]", "{\"version\":1}", "{\"version\":9,\"panes\":[{\"title\":\"x\"}]}",
                            "{\"version\":1,\"panes\":[7]}"})
      QVERIFY(!again.stack().restoreLayout(bad));
    QCOMPARE(panesOf(again.stack().saveLayout()), panesOf(layout));  // what is none changes nothing
    again.stack().resetPanes();
    QCOMPARE(again.stack().panes().size(), 5U);
  }

  void eachStyleDraws_data() {
    QTest::addColumn<int>("style");
    QTest::newRow("percentiles") << static_cast<int>(Style::Percentiles);
    QTest::newRow("heat map") << static_cast<int>(Style::Heat);
  }
  void eachStyleDraws() {
    QFETCH(int, style);
    for (const Scheme scheme : {Scheme::Dark, Scheme::Light}) {
      applyTheme(*qApp, scheme);
      Shown shown(600 * kS);
      shown.session.clock.setSpan(600 * kS);
      shown.stack().setStyle(shown.pane(0), shown.pane(0).shown().front().ref, static_cast<Style>(style));
      shown.refresh();
      shown.refresh();
      const QImage image = shown.pane(0).grab().toImage();
      QVERIFY(colourful(image, shown.pane(0).plotArea()) > 2000);
      QVERIFY(shown.pane(0).range().high > 5);
    }
    applyTheme(*qApp, Scheme::Dark);
  }

  void aSeriesOfStatesIsAStrip() {
    Shown shown(60 * kS);
    const std::size_t at = 4;  // npc.count: 60, from a third on 90
    shown.stack().setStyle(shown.pane(at), shown.pane(at).shown().front().ref, Style::States);
    shown.refresh();
    shown.refresh();
    const QImage image = shown.pane(at).grab().toImage();
    const QRect area = shown.pane(at).plotArea();
    const auto lit = [&](double from, double to, qint64 state) {
      const QColor color = stateOf(state, {}).color;
      const int y = shown.pane(at).height() - 14;  // the last strip
      int count = 0;
      for (int x = static_cast<int>(area.left() + from * area.width()); x < area.left() + to * area.width(); ++x)
        for (int dy = 0; dy < 10; ++dy) count += image.pixelColor(x, y + dy) == color ? 1 : 0;
      return count;
    };
    QVERIFY(stateOf(60, {}).color != stateOf(90, {}).color);
    QVERIFY(lit(0.05, 0.28, 60) > 100);
    QCOMPARE(lit(0.05, 0.28, 90), 0);
    QVERIFY(lit(0.5, 0.95, 90) > 100);
    QCOMPARE(lit(0.5, 0.95, 60), 0);
  }

  void axesCanBeFixedAndLogarithmic() {
    Shown shown(60 * kS);
    shown.stack().setAxis(shown.pane(0), {ValueAxis::Mode::Fixed, 1, 4});
    shown.refresh();
    QCOMPARE(shown.pane(0).range().low, 1.0);
    QCOMPARE(shown.pane(0).range().high, 4.0);
    shown.stack().setAxis(shown.pane(0), {ValueAxis::Mode::Log, 0, 1});
    shown.refresh();
    QCOMPARE(shown.pane(0).range().low, 1.0);
    QCOMPARE(shown.pane(0).range().high, 100.0);  // the spike of 22 ms
    shown.stack().setAxis(shown.pane(0), {});
    shown.refresh();
    QCOMPARE(shown.pane(0).range().low, 0.0);
  }

  void cursorsMeasureDifferencesInValueTimeAndTicks() {
    Shown shown(60 * kS);
    shown.session.clock.goTo(demo::kStart + 30 * kS);
    shown.refresh();
    PlotStack& stack = shown.stack();
    QVERIFY(!stack.measureView().isVisible());
    stack.setCrosshair(300);
    QTest::keyClick(&stack, Qt::Key_C);
    stack.setCrosshair(500);
    QTest::keyClick(&stack, Qt::Key_C);
    shown.refresh();
    QCOMPARE(stack.measures().cursors.size(), 2U);
    QVERIFY(stack.measureView().isVisible());
    const MeasureTable& table = stack.measureView().table();
    QCOMPARE(table.header, (QStringList{QString(), QStringLiteral("A"), QStringLiteral("B"), QStringLiteral("B−A")}));
    const double ms = static_cast<double>(stack.measures().cursors[1] - stack.measures().cursors[0]) / 1e6;
    QVERIFY2(std::abs(ms - 60e3 * 200 / (816 - 68)) < 100, qPrintable(QString::number(ms)));
    const QString difference = table.rows[0][3];
    QVERIFY2(difference.contains(QStringLiteral("ms")) && difference.contains(QStringLiteral("ticks")),
             qPrintable(difference));
    QVERIFY(table.rows.size() > 4);
    // A cursor is dragged along.
    const int x = static_cast<int>(std::lround(stack.xOf(stack.measures().cursors[0])));
    drag(stack, QPoint(x, 60), QPoint(x - 100, 60), {});
    const TimeNs moved = stack.measures().cursors[0];
    QVERIFY(std::abs(stack.xOf(moved) - (x - 100)) < 2);
    stack.copyMeasures();
    const QString text = QGuiApplication::clipboard()->text();
    QVERIFY2(text.startsWith(QStringLiteral("\tA\tB\tB−A\n")), qPrintable(text));
    stack.setMeasures({});
    shown.refresh();
    QVERIFY(!stack.measureView().isVisible());
  }

  void aSelectedRangeHasStatisticsAndAHistogram() {
    Shown shown(60 * kS);
    shown.session.clock.goTo(demo::kStart + 30 * kS);
    shown.refresh();
    PlotStack& stack = shown.stack();
    drag(stack, QPoint(200, 60), QPoint(420, 60), Qt::ShiftModifier);
    shown.refresh();
    QVERIFY(stack.measures().range.has_value());
    const auto [from, to] = *stack.measures().range;
    const MeasureTable& table = stack.measureView().table();
    QCOMPARE(table.header.mid(1),
             (QStringList{QStringLiteral("n"), QStringLiteral("min"), QStringLiteral("mean"), QStringLiteral("p50"),
                          QStringLiteral("p95"), QStringLiteral("p99"), QStringLiteral("max")}));
    const auto& series = shown.pane(0).shown().front();
    const auto exact = shown.session.store.statistics(series.meta.id, series::Axis::Time, from, to);
    QVERIFY(exact.n > 900);
    QCOMPARE(table.firstSeries, 0);  // no cursor, no row of moments
    QCOMPARE(table.rows[0][1], QString::number(exact.n));
    QVERIFY2(table.rows[0][0].contains(QString::fromStdString(series.meta.label())), qPrintable(table.rows[0][0]));
    QVERIFY2(table.range.contains(QStringLiteral("ticks")) && table.range.contains(QStringLiteral(" – ")),
             qPrintable(table.range));
    QVERIFY(stack.measureView().asTsv().contains(table.range));
    double counted = 0;
    const auto& histogram = const_cast<MeasureView&>(stack.measureView()).histogram().histogram();
    for (const double n : histogram.counts) counted += n;
    QCOMPARE(counted, static_cast<double>(exact.n));
    QCOMPARE(histogram.high, exact.max);
  }

  void whatIsSavedReadsBackToTheSameBits() {
    Shown shown(0);
    ingest::ProcessInfo process;
    process.id = ProcessId("server-1");
    process.instance = InstanceId(1);
    process.domain = "server-1";
    ingest::SeriesInfo real, whole;
    real.name = "a,b \"real\"";
    real.integer = false;
    whole.index = SeriesIndex(1);
    whole.name = "whole";
    whole.scale = 6;
    process.series = {real, whole};
    shown.session.all.on(demo::wrap(ingest::ProcessChange{process, {}}, demo::kStart));
    const std::vector<double> reals{0.1,      -0.0,      5e-324,       1.7976931348623157e308,
                                    INFINITY, -INFINITY, std::nan(""), 1.0 / 3};
    const std::vector<std::int64_t> wholes{1, -1, 123456789, 999999, 1000000, 0, -5, 16666667};
    ingest::SampleBlock block;
    block.process = {process.id, process.instance};
    block.count = 16;
    for (int i = 0; i < 8; ++i) {
      block.ticks.push_back(i);
      block.times.push_back(demo::kStart + i * 7);
    }
    block.columns.push_back({SeriesIndex(0), {}, reals});
    block.columns.push_back({SeriesIndex(1), {}, wholes});
    shown.session.all.on(demo::wrap(block, demo::kStart));
    const auto totals = shown.session.store.totals();
    shown.session.clock.setExtent(totals.firstTime, totals.lastTime);
    shown.refresh();
    for (const char* name : {"a,b \"real\"", "whole"}) {
      PaneSeries series;
      series.meta = *shown.session.store.meta(*shown.session.store.find(process.id, name));
      series.ref = {process.id, name, {}};
      series.bound.a = series.meta.id;
      QByteArray text;
      const auto written = writeSamples(shown.session.store, {series}, demo::kStart, demo::kStart + kS, ',', 1000,
                                        [&](const QByteArray& piece) { return text.append(piece), true; });
      QVERIFY(written && *written == 8);
      const auto lines = text.split('\n');
      QCOMPARE(lines[0], QByteArray("process,series,tick,time_ns,value"));
      const QByteArray head = name[0] == 'a' ? "server-1,\"a,b \"\"real\"\"\"," : "server-1,whole,";
      for (int i = 0; i < 8; ++i) {
        QVERIFY2(lines[i + 1].startsWith(head), lines[i + 1].constData());
        const auto fields = lines[i + 1].mid(head.size()).split(',');
        QCOMPARE(fields[0].toLongLong(), i);
        QCOMPARE(fields[1].toLongLong(), demo::kStart + i * 7);
        const double value = std::strtod(fields[2].constData(), nullptr);
        if (name[0] == 'w') {
          QCOMPARE(std::llround(value * 1e6), wholes[static_cast<std::size_t>(i)]);
        } else if (std::isnan(reals[static_cast<std::size_t>(i)])) {
          QVERIFY(std::isnan(value));
        } else {
          QCOMPARE(std::bit_cast<std::uint64_t>(value),
                   std::bit_cast<std::uint64_t>(reals[static_cast<std::size_t>(i)]));
        }
      }
      const auto tooMany = writeSamples(shown.session.store, {series}, demo::kStart, demo::kStart + kS, ',', 3,
                                        [](const QByteArray&) { return true; });
      QCOMPARE(tooMany.error().code, ErrorCode::Exhausted);
    }
  }

  void picturesAndTablesLeave() {
    Shown shown(30 * kS);
    QTemporaryDir folder;
    PlotStack& stack = shown.stack();
    QSignalSpy said(&stack, &PlotStack::said);
    stack.copyPicture();
    QCOMPARE(QGuiApplication::clipboard()->image().size(), stack.picture().size());
    stack.copySamples();
    const QString table = QGuiApplication::clipboard()->text();
    QVERIFY(table.startsWith(QStringLiteral("process\tseries\ttick\ttime_ns\tvalue\nserver-1\ttick.duration\t")));
    stack.savePicture(folder.filePath(QStringLiteral("a.png")));
    QVERIFY(!QImage(folder.filePath(QStringLiteral("a.png"))).isNull());
    stack.saveCsv(folder.filePath(QStringLiteral("a.csv")));
    QTRY_COMPARE(said.count(), 4);
    QFile csv(folder.filePath(QStringLiteral("a.csv")));
    QVERIFY(csv.open(QIODevice::ReadOnly));
    QCOMPARE(csv.readAll().count('\n'), table.count(QLatin1Char('\n')));
    for (const auto& one : said) QVERIFY(!one.at(1).toBool());
    stack.saveCsv(QStringLiteral("/nowhere/at/all.csv"));
    QTRY_COMPARE(said.count(), 5);
    QVERIFY(said.last().at(1).toBool());
    QVERIFY(said.last().at(0).toString().contains(QStringLiteral("/nowhere/at/all.csv")));
  }

  // Off the window's thread: told how far it is, cancelled it leaves nothing, and a window that closes waits for none.
  void savingManySamplesIsToldAndCancelled() {
    Shown shown(5 * kS);
    const auto id = shown.pane(0).shown().front().meta.id;
    std::vector<series::Sample> many;
    for (int i = 0; i < 400'000; ++i) many.push_back({0, demo::kStart + 10 * kS + i * 1000, 0.1 * i});
    shown.session.store.append(id, many);
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("many.csv"));
    const SampleSave::What what{{shown.pane(0).shown().front()}, demo::kStart, demo::kStart + 20 * kS, path};
    auto* whole = new SampleSave(shown.session.store, what, this);
    QSignalSpy told(whole, &SampleSave::progressed), ended(whole, &SampleSave::finished);
    QTRY_COMPARE(ended.count(), 1);
    QVERIFY2(!ended.front().at(1).toBool(), qPrintable(ended.front().at(0).toString()));
    QVERIFY(told.count() > 2);
    QFile csv(path);
    QVERIFY(csv.open(QIODevice::ReadOnly) && csv.readAll().count('\n') > 400'000);
    QVERIFY(csv.remove());
    auto* part = new SampleSave(shown.session.store, what, this);
    QSignalSpy cancelled(part, &SampleSave::finished);
    part->cancel();
    QTRY_COMPARE(cancelled.count(), 1);
    delete new SampleSave(shown.session.store, what, this);
    QVERIFY(QDir(folder.path()).isEmpty());
  }

  // Samples go on arriving behind the window: nothing of it is drawn, until one falls into it.
  void aFrozenViewCostsNothing() {
    Shown shown(60 * kS);
    shown.session.clock.goTo(demo::kStart + 20 * kS);
    shown.session.clock.setSpan(10 * kS);
    for (int i = 0; i < 3; ++i) shown.refresh();
    const std::uint64_t before = shown.draws();
    const auto add = [&](TimeNs time) {
      const std::vector<series::Sample> one{{0, time, 3}};
      shown.session.store.append(shown.pane(0).shown().front().meta.id, one);
    };
    for (int i = 0; i < 50; ++i) {
      add(demo::kStart + (61 + i) * kS);
      shown.refresh();
    }
    QCOMPARE(shown.draws(), before);
    add(demo::kStart + 20 * kS + 7);  // a late one
    shown.refresh();
    QVERIFY(shown.draws() > before);
    const std::uint64_t after = shown.draws();
    for (int i = 0; i < 5; ++i) shown.refresh();
    QCOMPARE(shown.draws(), after);
  }

  // A minute of 36,000 samples moves on by one pixel: of 748 columns a handful is rasterised.
  void aViewThatMovesDrawsItsNewColumnsOnly() {
    Shown shown(600 * kS);
    ViewClock& clock = shown.session.clock;
    clock.setSpan(500 * kS);
    clock.goTo(demo::kStart + 500 * kS);
    shown.refresh();
    shown.refresh();
    const TimeNs pixel = clock.span() / (816 - 68);
    const std::uint64_t before = shown.pane(0).drawnColumns();
    clock.panBy(3 * pixel);
    shown.refresh();
    const std::uint64_t drawn = shown.pane(0).drawnColumns() - before;
    QVERIFY2(drawn >= 3 && drawn < 150, qPrintable(QString::number(drawn)));
  }

  void theLegendIsHitWhereItsEntriesAre() {
    Shown shown(30 * kS);
    LegendBar& legend = shown.pane(0).legend();
    shown.refresh();
    const int x = legend.xOf(1);
    QVERIFY(x > 0);
    const PaneSeries* series = shown.pane(0).seriesAt(QPoint(x, 8));
    QVERIFY(series != nullptr);
    QCOMPARE(series->ref.process.value, std::string("server-2"));
    QVERIFY(shown.pane(0).seriesAt(QPoint(20, 8)) == nullptr);  // the title
    QVERIFY(shown.pane(0).seriesAt(QPoint(x, 60)) == nullptr);  // the plot
    QSignalSpy dragged(&legend, &LegendBar::dragged);
    legend.disconnect(&shown.pane(0));  // a real drag would wait for a real mouse
    QTest::mousePress(&legend, Qt::LeftButton, {}, QPoint(x, 8));
    QMouseEvent move(QEvent::MouseMove, QPointF(x, 30), legend.mapToGlobal(QPointF(x, 30)), Qt::NoButton,
                     Qt::LeftButton, {});
    QCoreApplication::sendEvent(&legend, &move);
    QCOMPARE(dragged.count(), 1);
    QCOMPARE(dragged.first().first().toInt(), 1);
  }
};

QObject* makeEditTest() {
  return new EditTest;
}
#include "edit_test.moc"
