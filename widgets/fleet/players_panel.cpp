// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/players_panel.h"

#include <QHeaderView>
#include <QSignalBlocker>
#include <QTableView>

#include "widgets/base/empty_state.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/fleet/player_model.h"

namespace qd::fleet {

PlayersPanel::PlayersPanel(const widgets::SessionContext& context, QWidget* parent)
    : Panel(tr("Players"), context, parent), model_(new PlayerModel(this)), table_(new QTableView) {
  empty_ = new widgets::EmptyState(tr("No players to show"), QString(), QString(), this);
  table_->setModel(model_);
  table_->setFont(widgets::numberFont());
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setShowGrid(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setSortingEnabled(true);
  table_->sortByColumn(PlayerModel::ClientColumn, Qt::AscendingOrder);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(20);
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setMinimumSectionSize(24);
  table_->horizontalHeader()->setStyleSheet(QStringLiteral("QHeaderView::section { padding: 4px; }"));
  table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  setContent(table_);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& current) {
    bool number = false;
    const uint entity = model_->data(current, PlayerModel::ClientRole).toString().toUInt(&number);
    if (number) this->context().selection.setEntity(entity);
  });
  connect(model_, &QAbstractItemModel::modelReset, this, &PlayersPanel::showSelection);
  connect(&this->context().selection, &widgets::Selection::entityChanged, this, &PlayersPanel::showSelection);
  connect(this, &Panel::processChanged, this, [this] { refresh(true); });
  connect(&this->context().clock, &widgets::ViewClock::jumped, this, [this] { refresh(true); });
  refresh(true);
}

ProcessId PlayersPanel::server() const {
  const auto info = context().directory.process(process());
  if (info != nullptr && info->kind == ingest::ProcessKind::Editor) return ProcessId(info->domain);
  return process();
}

void PlayersPanel::showSelection() {
  const auto entity = context().selection.entity();
  const int row = entity ? model_->rowOf(QString::number(*entity)) : -1;
  const QSignalBlocker quiet(table_->selectionModel());
  if (row < 0) {
    table_->selectionModel()->clear();
  } else {
    table_->selectionModel()->setCurrentIndex(model_->index(row, 0),
                                              QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
  }
  table_->viewport()->update();
}

void PlayersPanel::refresh(bool second) {
  if (!second) return;
  const ProcessId of = server();
  // The players of a stopped server wait: they are shown as they were when it stopped.
  TimeNs now = context().clock.now();
  const auto info = context().directory.process(of, now);
  const bool stopped = info && info->state == ingest::ProcessState::Parked;
  if (const auto online = stopped ? context().store.find(of, "players.online") : std::nullopt) {
    if (const auto last = context().store.at(*online, now)) now = last->time;
  }
  model_->setRows(playerRows(context().store, of, now));
  const int count = model_->rowCount();
  const QString name = QString::fromStdString(of.value);
  setSubtitle(name.isEmpty() ? QString()
                             : (stopped ? tr("of %1 · %2 · waiting") : tr("of %1 · %2")).arg(name).arg(count));
  empty_->setText(name.isEmpty() ? tr("Select a server") : tr("No players on %1").arg(name),
                  name.isEmpty() ? tr("Its players appear here.")
                                 : tr("A row appears for each client that the server reports figures of."));
  showEmpty(count == 0 ? empty_ : nullptr);
}

}  // namespace qd::fleet
