// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/players_panel.h"

#include <QHeaderView>
#include <QMenu>
#include <QSignalBlocker>
#include <QTableView>
#include <QToolButton>

#include "widgets/base/empty_state.h"
#include "widgets/base/player_name.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/fleet/player_delegate.h"
#include "widgets/fleet/player_model.h"

namespace qd::fleet {
namespace {

constexpr TimeNs kTrend = 60 * kNsPerSecond;
constexpr int kTrendColumns = 48;

}  // namespace

PlayersPanel::PlayersPanel(const widgets::SessionContext& context, QWidget* parent)
    : Panel(tr("Players"), context, parent),
      model_(new PlayerModel(this)),
      table_(new QTableView),
      unfollow_(new QToolButton) {
  empty_ = new widgets::EmptyState(tr("No players to show"), QString(), QString(), this);
  unfollow_->setProperty("boxed", true);
  unfollow_->setToolTip(tr("Every panel follows this player; click to let go"));
  unfollow_->hide();
  addToTitle(unfollow_);
  makeTable();
  setContent(table_);
  widgets::Selection& selection = this->context().selection;
  connect(unfollow_, &QToolButton::clicked, &selection, [&selection] { selection.setPlayer(std::nullopt); });
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& current) { choose(current.row()); });
  connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) { choose(index.row()); });
  connect(&selection, &widgets::Selection::playerChanged, this, &PlayersPanel::showSelection);
  connect(this, &Panel::processChanged, this, [this] { refresh(true); });
  connect(&this->context().clock, &widgets::ViewClock::jumped, this, [this] { refresh(true); });
  refresh(true);
}

void PlayersPanel::makeTable() {
  table_->setModel(model_);
  table_->setItemDelegate(new PlayerDelegate(table_));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  table_->setDragEnabled(true);
  table_->setDragDropMode(QAbstractItemView::DragOnly);
  table_->setShowGrid(false);
  table_->setWordWrap(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setSortingEnabled(true);
  table_->sortByColumn(PlayerModel::ClientColumn, Qt::AscendingOrder);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(20);
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  QHeaderView* header = table_->horizontalHeader();
  header->setHighlightSections(false);
  header->setMinimumSectionSize(24);
  header->setStyleSheet(QStringLiteral("QHeaderView::section { padding: 4px; }"));
  header->setSectionsMovable(true);
  header->setSectionResizeMode(QHeaderView::Interactive);
  // By content as it may become, so that nothing jumps when a value changes width.
  static constexpr int kWidths[PlayerModel::ColumnCount] = {38, 52, 44, 60, 48, 48, 48, 44, 48, 44, 44, 44, 48};
  for (int column = 0; column < PlayerModel::ColumnCount; ++column) table_->setColumnWidth(column, kWidths[column]);
  header->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(header, &QHeaderView::customContextMenuRequested, this, &PlayersPanel::chooseColumns);
  connect(header, &QHeaderView::sortIndicatorChanged, this, [this] { refresh(true); });
}

void PlayersPanel::chooseColumns(QPoint at) {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  for (int column = PlayerModel::StateColumn; column < PlayerModel::ColumnCount; ++column) {
    QAction* action = menu->addAction(model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString());
    action->setToolTip(model_->headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString());
    action->setCheckable(true);
    action->setChecked(!table_->isColumnHidden(column));
    connect(action, &QAction::toggled, table_, [this, column](bool on) { table_->setColumnHidden(column, !on); });
  }
  menu->setToolTipsVisible(true);
  menu->popup(table_->horizontalHeader()->mapToGlobal(at));
}

ProcessId PlayersPanel::server() const {
  const auto info = context().directory.process(process());
  if (info != nullptr && info->kind == ingest::ProcessKind::Editor) return ProcessId(info->domain);
  return process();
}

void PlayersPanel::choose(int row) {
  bool number = false;
  const uint id = model_->data(model_->index(row, 0), PlayerModel::ClientRole).toString().toUInt(&number);
  if (number) context().selection.setPlayer(widgets::FollowedPlayer{server(), id});
}

void PlayersPanel::showSelection() {
  const auto& player = context().selection.player();
  unfollow_->setVisible(player.has_value());
  if (player) unfollow_->setText(tr("following %1 ✕").arg(player->id));
  const auto here = context().selection.playerOn(server());
  const int row = here ? model_->rowOf(QString::number(*here)) : -1;
  const QSignalBlocker quiet(table_->selectionModel());
  if (row < 0) {
    table_->selectionModel()->clear();
  } else if (table_->selectionModel()->currentIndex().row() != row || !table_->selectionModel()->hasSelection()) {
    table_->selectionModel()->setCurrentIndex(model_->index(row, 0),
                                              QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    table_->scrollTo(model_->index(row, 0));
  }
  table_->viewport()->update();
}

// Only what came since the last time is looked at: a log may be long. Events arrive a little out of order.
void PlayersPanel::learnNames(const ProcessId& server) {
  constexpr TimeNs kDisorder = 30 * kNsPerSecond;
  if (namesOf_ != server) {
    names_.clear();
    namesUpTo_ = 0;
  }
  for (auto& [id, name] : widgets::playerNames(context().log, server, namesUpTo_)) names_[id] = std::move(name);
  namesOf_ = server;
  namesUpTo_ = std::max<TimeNs>(0, context().store.totals().lastTime - kDisorder);
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
  learnNames(of);
  std::vector<PlayerRow> rows = playerRows(context().store, of, now);
  addTrends(rows, context().store, of, model_->trendFigure(), now, kTrend, kTrendColumns);
  for (PlayerRow& row : rows) {
    const auto name = names_.find(QString::fromStdString(row.client).toUInt());
    if (name != names_.end()) row.name = name->second;
  }
  model_->setServer(of);
  model_->setRows(std::move(rows));
  showSelection();
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
