// SPDX-License-Identifier: GPL-3.0-or-later
// The context menu of the plot stack: of the series whose legend entry was clicked, of its plot, of the moment.
#include <QActionGroup>
#include <QContextMenuEvent>
#include <QDialog>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QMenu>
#include <QPushButton>
#include <map>

#include "core/series/store.h"
#include "widgets/base/format.h"
#include "widgets/base/view_clock.h"
#include "widgets/plot/plot_stack.h"
#include "widgets/plot/stack_overlay.h"

namespace qd::widgets::plot {
namespace {

constexpr TimeNs kWindows[] = {kNsPerSecond, 5 * kNsPerSecond, 10 * kNsPerSecond, 60 * kNsPerSecond};
constexpr double kFractions[] = {0.50, 0.95, 0.99};

}  // namespace

void PlotStack::contextMenuEvent(QContextMenuEvent* event) {
  PlotPane* pane = paneAt(event->pos());
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  const PaneSeries* series = pane != nullptr ? pane->seriesAt(pane->mapFrom(this, event->pos())) : nullptr;
  if (series != nullptr) {
    fillSeriesMenu(*menu, *pane, *series);
    menu->addSeparator();
  } else if (pane != nullptr) {  // also reached without knowing that the legend has a menu
    for (const PaneSeries& one : pane->shown()) fillSeriesMenu(*menu->addMenu(one.label), *pane, one);
    if (!pane->shown().empty()) menu->addSeparator();
  }
  const TimeNs moment = timeAt(event->pos().x());
  const TimeNs reach = 2 * context_.clock.span() / plotWidth();
  menu->addAction(tr("Why did it stutter here?"), this, [this, moment, reach] { Q_EMIT whyAsked(moment, reach); });
  fillMeasureMenu(*menu, moment);
  fillCopyMenu(*menu);
  menu->addSeparator();
  fillAddMenu(*menu->addMenu(pane != nullptr ? tr("Add series here") : tr("Plot a series")), pane);
  if (pane != nullptr) fillPaneMenu(*menu, *pane);
  menu->addAction(tr("Reset plots"), this, &PlotStack::resetPanes);
  menu->popup(event->globalPos());
}

void PlotStack::fillSeriesMenu(QMenu& menu, PlotPane& pane, const PaneSeries& series) {
  const SeriesRef ref = series.ref;
  auto* styles = menu.addMenu(tr("Show %1 as").arg(series.label));
  const auto style = [&](const QString& name, Style value, bool possible) {
    auto* action = styles->addAction(name, this, [this, &pane, ref, value] { setStyle(pane, ref, value); });
    action->setCheckable(true);
    action->setChecked(series.style == value);
    action->setEnabled(possible);
    if (!possible)
      action->setText(
          tr("%1 (%2)").arg(name, series.isDerived() ? tr("of recorded series only") : tr("of whole numbers only")));
  };
  style(tr("Line in its range"), Style::Line, true);
  style(tr("Percentiles p50–p99"), Style::Percentiles, !series.isDerived());
  style(tr("Heat map"), Style::Heat, !series.isDerived());
  style(tr("States"), Style::States, !series.isDerived() && series.meta.info.integer && series.meta.info.scale == 0);
  if (!series.isDerived()) fillDerivedMenu(*menu.addMenu(tr("Derive from %1").arg(series.label)), pane, series);
  menu.addAction(tr("Remove %1").arg(series.label), this, [this, &pane, ref] { removeSeries(pane, ref); });
}

void PlotStack::fillDerivedMenu(QMenu& menu, PlotPane& pane, const PaneSeries& series) {
  using analysis::Derivation;
  analysis::Operand operand = series.bound.expression.a;
  const auto add = [this, &pane, series](QMenu& to, const QString& name, const analysis::Expression& expression) {
    to.addAction(name, this, [this, &pane, series, expression] { addDerived(pane, series, expression); });
  };
  add(menu, tr("Rate of change"), {Derivation::Rate, operand, {}, 0, 0});
  auto* averages = menu.addMenu(tr("Moving average"));
  for (const TimeNs window : kWindows)
    add(*averages, formatSpan(window), {Derivation::Average, operand, {}, window, 0});
  auto* percentiles = menu.addMenu(tr("Moving percentile"));
  for (const double fraction : kFractions)
    for (const TimeNs window : kWindows)
      add(*percentiles, tr("p%1 of %2").arg(fraction * 100).arg(formatSpan(window)),
          {Derivation::Percentile, operand, {}, window, fraction});
  auto* differences = menu.addMenu(tr("Difference to"));
  for (const PlotPane* other : panes_) {
    for (const PaneSeries& b : other->shown()) {
      if (b.isDerived() || b.unit != series.unit || b.meta.id == series.meta.id) continue;
      analysis::Expression e{Derivation::Difference, operand, b.bound.expression.a, 0, 0};
      if (b.meta.process != series.meta.process) {  // across processes both are named
        e.a.process = series.meta.process;
        e.b.process = b.meta.process;
      }
      add(*differences, b.label, e);
    }
  }
  if (differences->isEmpty()) differences->addAction(tr("no other series of this unit is plotted"))->setEnabled(false);
}

void PlotStack::fillPaneMenu(QMenu& menu, PlotPane& pane) {
  auto* axis = menu.addMenu(tr("Value axis"));
  const auto add = [&](const QString& name, ValueAxis::Mode mode, auto act) {
    auto* action = axis->addAction(name, this, act);
    action->setCheckable(true);
    action->setChecked(pane.spec().axis.mode == mode);
  };
  add(tr("Automatic"), ValueAxis::Mode::Auto, [this, &pane] { setAxis(pane, {}); });
  add(tr("Fixed…"), ValueAxis::Mode::Fixed, [this, &pane] { askFixedAxis(&pane); });
  add(tr("Logarithmic"), ValueAxis::Mode::Log, [this, &pane] { setAxis(pane, {ValueAxis::Mode::Log, 0, 1}); });
  menu.addAction(tr("Remove plot %1").arg(pane.spec().title), this, [this, &pane] { removePane(&pane); });
}

void PlotStack::askFixedAxis(PlotPane* pane) {
  auto* dialog = new QDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Value axis of %1").arg(pane->spec().title));
  auto* form = new QFormLayout(dialog);
  const double factor = pane->factor();
  const auto field = [&](const QString& name, double value) {
    auto* spin = new QDoubleSpinBox(dialog);
    spin->setRange(-1e12, 1e12);
    spin->setDecimals(4);
    spin->setSuffix(pane->unit().isEmpty() ? QString() : QLatin1Char(' ') + pane->unit());
    spin->setValue(value * factor);
    form->addRow(name, spin);
    return spin;
  };
  auto* low = field(tr("From"), pane->range().low);
  auto* high = field(tr("To"), pane->range().high);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, dialog);
  form->addRow(buttons);
  const auto check = [=] { buttons->button(QDialogButtonBox::Ok)->setEnabled(high->value() > low->value()); };
  connect(low, &QDoubleSpinBox::valueChanged, dialog, check);
  connect(high, &QDoubleSpinBox::valueChanged, dialog, check);
  connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
  connect(buttons, &QDialogButtonBox::accepted, dialog, &QDialog::accept);
  connect(pane, &QObject::destroyed, dialog, &QDialog::reject);
  connect(dialog, &QDialog::accepted, pane, [this, pane, low, high, factor] {
    setAxis(*pane, {ValueAxis::Mode::Fixed, low->value() / factor, high->value() / factor});
  });
  dialog->open();
}

void PlotStack::fillMeasureMenu(QMenu& menu, TimeNs at) {
  auto* pin = menu.addAction(tr("Pin cursor %1 here").arg(cursorName(measures_.cursors.size())), this,
                             [this, at] { pinCursor(at); });
  pin->setShortcut(Qt::Key_C);
  pin->setEnabled(measures_.cursors.size() < kMostCursors);
  if (!measures_.cursors.empty())
    menu.addAction(tr("Remove cursors"), this, [this] { setMeasures({{}, measures_.range}); });
  if (!measures_.range) {
    auto* range = menu.addAction(tr("Statistics of what is in view\tShift + drag"), this, [this] {
      setMeasures({measures_.cursors, std::pair(view_.from, std::min(view_.to, context_.clock.last()))});
    });
    range->setToolTip(tr("Count, mean, percentiles and a histogram; Shift + drag selects a shorter stretch"));
    return;
  }
  menu.addAction(tr("Zoom to the selected range"), this, [this] {
    const auto [from, to] = *measures_.range;
    context_.clock.goTo(from + (to - from) / 2);
    context_.clock.setSpan(to - from);
    context_.clock.zoomAt(from, 1);
  });
  menu.addAction(tr("Forget the selected range"), this, [this] { setMeasures({measures_.cursors, std::nullopt}); });
}

void PlotStack::fillCopyMenu(QMenu& menu) {
  const QString what = measures_.range ? tr("of the selected range") : tr("in view");
  auto* copy = menu.addMenu(tr("Copy"));
  copy->addAction(tr("Picture"), QKeySequence::Copy, this, &PlotStack::copyPicture);
  copy->addAction(tr("Samples %1 as a table").arg(what), this, &PlotStack::copySamples);
  copy->addAction(tr("Measurements as a table"), this, &PlotStack::copyMeasures)->setEnabled(!measures_.empty());
  auto* save = menu.addMenu(tr("Save"));
  const auto ask = [this](const QString& title, const QString& filter, const QString& suffix, auto act) {
    auto* dialog = new QFileDialog(this, title, QString(), filter);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(suffix);
    connect(dialog, &QFileDialog::fileSelected, this, act);
    dialog->open();
  };
  save->addAction(tr("Picture…"), this, [ask] {
    ask(tr("Save the plots as a picture"), tr("Pictures (*.png)"), QStringLiteral("png"), &PlotStack::savePicture);
  });
  save->addAction(tr("Samples %1…").arg(what), this, [ask] {
    ask(tr("Save samples"), tr("Comma-separated values (*.csv)"), QStringLiteral("csv"), &PlotStack::saveCsv);
  });
}

// Grouped by the part of the name before its first dot; a name stands for that series of every process in sight.
void PlotStack::fillAddMenu(QMenu& menu, PlotPane* pane) {
  std::map<std::string, std::vector<SeriesRef>> names;
  for (const ProcessId& process : group())
    for (const auto& meta : context_.store.list(process))
      if (meta.info.dimensions.empty()) names[meta.info.name].push_back({process, meta.info.name, {}});
  std::map<std::string, QMenu*> groups;
  for (const auto& [name, series] : names) {
    const std::string prefix = name.substr(0, name.find('.'));
    QMenu*& submenu = groups[prefix];
    if (submenu == nullptr) submenu = menu.addMenu(QString::fromStdString(prefix));
    submenu->addAction(QString::fromStdString(name), this, [this, pane, refs = series] { addSeries(pane, refs); });
  }
  menu.setEnabled(!names.empty());
}

}  // namespace qd::widgets::plot
