// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/configuration_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "core/breakpoints/registry_view.h"
#include "core/params/configuration.h"
#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"

namespace qd::widgets {
namespace {

enum Column { Process, Name, Now, Default, Who, AtTick, AtTime, Push, Columns };

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

QString valueText(const Value& value, const std::string& unit) {
  const QString text = std::holds_alternative<std::monostate>(value) ? noData() : qt(toText(value));
  return unit.empty() || std::holds_alternative<Duration>(value) ? text : text + QLatin1Char(' ') + qt(unit);
}

}  // namespace

ConfigurationDialog::ConfigurationDialog(const SessionContext& context, QWidget* parent)
    : QDialog(parent), context_(context), table_(new QTableWidget(0, Columns)), armed_(new QLabel) {
  setAttribute(Qt::WA_DeleteOnClose);
  const TimeNs now = context_.clock.now();
  setWindowTitle(tr("Configuration at %1").arg(formatUtc(now, Precision::Milliseconds)));
  resize(940, 480);
  table_->setHorizontalHeaderLabels({tr("Process"), tr("Parameter"), tr("Value"), tr("Default"), tr("Set by"),
                                     tr("At tick"), tr("At UTC"), tr("Push")});
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(22);
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setShowGrid(false);
  table_->horizontalHeader()->setStretchLastSection(true);
  armed_->setWordWrap(true);
  armed_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* copyButton = new QPushButton(tr("Copy as table"));
  auto* close = new QPushButton(tr("Close"));
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(copyButton);
  buttons->addStretch(1);
  buttons->addWidget(close);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(table_, 1);
  layout->addWidget(armed_);
  layout->addLayout(buttons);
  connect(copyButton, &QPushButton::clicked, this, &ConfigurationDialog::copy);
  connect(close, &QPushButton::clicked, this, &QDialog::close);
  fill(now);
}

void ConfigurationDialog::fill(qint64 asOf) {
  const auto rows = params::configurationAt(context_.params, context_.directory, asOf);
  table_->setRowCount(static_cast<int>(rows.size()));
  const QFont changedFont = uiFont(kTextPx, QFont::DemiBold);
  for (int i = 0; i < table_->rowCount(); ++i) {
    const auto& row = rows[static_cast<std::size_t>(i)];
    const bool told = row.value.version != 0;
    const QString cells[Columns] = {qt(row.process.value),
                                    qt(row.spec.name),
                                    valueText(row.value.value, row.spec.unit),
                                    valueText(row.spec.defaultValue, row.spec.unit),
                                    !told                   ? noData()
                                    : row.value.who.empty() ? tr("the process itself")
                                                            : qt(row.value.who),
                                    told ? formatTick(row.value.tick) : noData(),
                                    told ? formatUtc(row.value.time, Precision::Milliseconds) : noData(),
                                    row.value.pushId.empty() ? noData() : qt(row.value.pushId)};
    for (int column = 0; column < Columns; ++column) {
      auto* item = new QTableWidgetItem(cells[column]);
      if (row.changed && (column == Name || column == Now)) item->setFont(changedFont);
      table_->setItem(i, column, item);
    }
  }
  table_->resizeColumnsToContents();
  const QString armed = armedText(asOf);
  armed_->setText(rows.empty() ? tr("No process had declared a parameter at that moment.") + QLatin1Char('\n') + armed
                               : armed);
}

QString ConfigurationDialog::armedText(qint64 asOf) const {
  QStringList parts;
  for (const ingest::Breakpoint& b : context_.breakpoints.breakpoints(asOf)) {
    const QString state = !b.enabled ? tr("disabled") : b.armed ? tr("armed") : tr("not armed");
    const QString place = b.kind == ingest::BreakpointKind::Tick ? tr("tick %1").arg(formatTick(b.tick)) : qt(b.site);
    parts << (b.condition.empty() ? tr("%1: %2").arg(place, state)
                                  : tr("%1 if %2: %3").arg(place, qt(b.condition), state));
  }
  const QString breakpoints =
      parts.isEmpty() ? tr("No breakpoint was set.") : tr("Breakpoints: %1.").arg(parts.join(QStringLiteral("; ")));
  const auto group = context_.breakpoints.stopped(asOf);
  if (!group) return breakpoints + QLatin1Char(' ') + tr("Nothing was stopped.");
  return breakpoints + QLatin1Char(' ') +
         tr("%1 was stopped at tick %2.")
             .arg(qt(group->domain.empty() ? group->id : group->domain), formatTick(group->tick));
}

void ConfigurationDialog::copy() const {
  QStringList lines;
  QStringList head;
  for (int column = 0; column < Columns; ++column) head << table_->horizontalHeaderItem(column)->text();
  lines << head.join(QLatin1Char('\t'));
  for (int row = 0; row < table_->rowCount(); ++row) {
    QStringList cells;
    for (int column = 0; column < Columns; ++column) cells << table_->item(row, column)->text();
    lines << cells.join(QLatin1Char('\t'));
  }
  QApplication::clipboard()->setText(lines.join(QLatin1Char('\n')) + QLatin1Char('\n'));
}

}  // namespace qd::widgets
