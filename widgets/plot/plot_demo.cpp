// SPDX-License-Identifier: GPL-3.0-or-later
// Plots, timeline and world on a made-up session: to look at them without a cluster, and to time a redraw.
#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QHBoxLayout>
#include <QTimer>
#include <QVBoxLayout>
#include <cstdio>
#include <ctime>

#include "widgets/base/demo_session.h"
#include "widgets/base/theme.h"
#include "widgets/plot/plot_panel.h"
#include "widgets/plot/plot_stack.h"
#include "widgets/timeline/timeline_panel.h"
#include "widgets/world/world_panel.h"

namespace {

using namespace qd;
using namespace qd::widgets;

struct Options {
  bool empty = false, light = false, ticks = false, replay = false, time = false, measure = false;
  double span = 60, at = -1, cross = -1;
  QString process, screenshot, style, derive, axis;
};

Options readOptions(const QApplication& app) {
  QCommandLineParser parser;
  const auto flag = [&](const char* name) { parser.addOption({QLatin1String(name), QString()}); };
  const auto value = [&](const char* name) {
    parser.addOption({QLatin1String(name), QString(), QStringLiteral("value")});
  };
  for (const char* name : {"empty", "light", "ticks", "replay", "time", "measure"}) flag(name);
  for (const char* name : {"span", "at", "cross", "process", "screenshot", "style", "derive", "axis"}) value(name);
  parser.addHelpOption();
  parser.process(app);
  const auto text = [&](const char* name) { return parser.value(QLatin1String(name)); };
  const auto number = [&](const char* name, double otherwise) {
    return text(name).isEmpty() ? otherwise : text(name).toDouble();
  };
  const auto isSet = [&](const char* name) { return parser.isSet(QLatin1String(name)); };
  return {isSet("empty"),     isSet("light"),     isSet("ticks"),   isSet("replay"),     isSet("time"),
          isSet("measure"),   number("span", 60), number("at", -1), number("cross", -1), text("process"),
          text("screenshot"), text("style"),      text("derive"),   text("axis")};
}

void timeRedraws(ViewClock& clock, plot::PlotStack& stack) {
  constexpr int kCount = 50;
  QElapsedTimer timer;
  timer.start();
  const std::clock_t before = std::clock();
  for (int i = 0; i < kCount; ++i) {
    clock.panBy(-kNsPerSecond);
    stack.refresh(false);
  }
  std::printf("redraw of %d px: %.2f ms, %.2f ms of CPU\n", stack.width(),
              static_cast<double>(timer.nsecsElapsed()) / 1e6 / kCount,
              1e3 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC / kCount);
}

// What an operator would do by the context menu: to the first series of the first plot.
void edit(const Options& options, plot::PlotStack& stack, const ViewClock& clock) {
  plot::PlotPane& pane = *stack.panes().front();
  if (pane.shown().empty()) return;
  const plot::PaneSeries series = pane.shown().front();
  if (!options.style.isEmpty()) {
    const auto style = options.style == QLatin1String("heat")     ? plot::Style::Heat
                       : options.style == QLatin1String("states") ? plot::Style::States
                                                                  : plot::Style::Percentiles;
    for (const auto& one : pane.shown()) stack.setStyle(pane, one.ref, style);
    plot::PlotPane& counts = *stack.panes().back();
    if (style == plot::Style::States && !counts.shown().empty())
      stack.setStyle(counts, counts.shown().front().ref, style);
  }
  if (const auto expression = analysis::parseExpression(options.derive.toStdString()); expression)
    stack.addDerived(pane, series, *expression);
  if (options.axis == QLatin1String("log")) stack.setAxis(pane, {plot::ValueAxis::Mode::Log, 0, 1});
  if (options.axis == QLatin1String("fixed")) stack.setAxis(pane, {plot::ValueAxis::Mode::Fixed, 1, 4});
  if (!options.measure) return;
  const TimeNs from = clock.viewFrom(), span = clock.span();
  stack.setMeasures({{from + span / 5, from + span / 3}, std::pair(from + span / 2, from + span * 3 / 4)});
}

}  // namespace

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  const Options options = readOptions(app);
  applyTheme(app, options.light ? Scheme::Light : Scheme::Dark);

  demo::Session session(options.empty ? 0 : 600 * kNsPerSecond, options.replay);
  const SessionContext& context = session.context;
  ViewClock& clock = session.clock;
  clock.setSpan(static_cast<TimeNs>(options.span * 1e9));
  if (options.at >= 0) clock.goTo(demo::kStart + static_cast<TimeNs>(options.at * 1e9));
  if (options.ticks) clock.setAxis(series::Axis::Tick);
  session.selection.setProcess(ProcessId(options.process.toStdString()));

  QWidget window;
  auto* plots = new PlotPanel(context);
  auto* row = new QHBoxLayout;
  row->addWidget(plots, 816);
  row->addWidget(new WorldPanel(context), 360);
  auto* layout = new QVBoxLayout(&window);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGap);
  layout->addLayout(row, 1);
  layout->addWidget(new TimelinePanel(context));
  window.resize(1180, 720);
  window.show();
  session.selection.setEntity(6);
  QObject::connect(&session.ticker, &FrameTick::tick, &clock, &ViewClock::advance);
  QTimer::singleShot(400, plots, [&] { edit(options, plots->stack(), clock); });
  if (options.cross >= 0) QTimer::singleShot(600, plots, [&] { plots->stack().setCrosshair(options.cross); });
  if (!options.screenshot.isEmpty() || options.time)
    QTimer::singleShot(1500, &window, [&] {
      if (!options.screenshot.isEmpty()) window.grab().save(options.screenshot);
      if (options.time) timeRedraws(clock, plots->stack());
      QApplication::quit();
    });
  return QApplication::exec();
}
