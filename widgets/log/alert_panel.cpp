// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/log/alert_panel.h"

#include <QHeaderView>
#include <QStyledItemDelegate>
#include <QTableView>

#include "widgets/base/empty_state.h"
#include "widgets/base/frame_tick.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/log/alert_model.h"

namespace qd::log {
namespace {

class AlertDelegate final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
    QStyledItemDelegate::initStyleOption(option, index);
    const auto& colors = widgets::colorsOf(option->widget);
    const bool on = index.data(AlertModel::OnRole).toBool();
    option->palette.setColor(QPalette::Text, on ? colors.alarm : colors.muted);
    option->font = index.column() == 0 ? widgets::numberFont() : widgets::uiFont(widgets::kSmallPx);
  }
};

}  // namespace

AlertPanel::AlertPanel(const analysis::AlertBook& book, const widgets::SessionContext& context, QWidget* parent)
    : Panel(tr("Alerts"), context, parent), model_(new AlertModel(book, this)), table_(new QTableView) {
  titleBar()->hide();  // it stands in a tab of its own name
  empty_ = new widgets::EmptyState(
      tr("No alert so far"), tr("Ticks over budget, processes gone, agents lost and dropped samples are listed here."),
      QString(), this);
  table_->setModel(model_);
  table_->setItemDelegate(new AlertDelegate(table_));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setShowGrid(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setWordWrap(true);  // a sentence is read whole; alerts are few
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setMinimumSectionSize(widgets::kRowHeight);
  table_->horizontalHeader()->hide();
  table_->horizontalHeader()->setStretchLastSection(true);
  table_->setColumnWidth(AlertModel::TimeColumn, 76);
  setContent(table_);
  connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) { openRow(index.row()); });
  connect(&this->context().ticker, &widgets::FrameTick::tick, this, [this](TimeNs, bool second) {
    if (second) count();
  });
  connect(&this->context().clock, &widgets::ViewClock::jumped, this, &AlertPanel::count);
  count();
}

void AlertPanel::openRow(int row) {
  const analysis::Alert* alert = model_->at(row);
  if (alert == nullptr) return;
  const analysis::Alert chosen = *alert;
  if (!chosen.process.value.empty()) context().selection.setProcess(chosen.process);
  if (chosen.from > 0) context().clock.goTo(chosen.from);
}

void AlertPanel::count() {
  model_->refresh(context().clock.now());
  showEmpty(model_->rowCount() == 0 ? empty_ : nullptr);
  if (model_->on() == shown_) return;
  shown_ = model_->on();
  Q_EMIT countChanged(shown_);
}

}  // namespace qd::log
