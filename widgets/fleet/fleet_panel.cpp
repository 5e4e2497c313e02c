// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/fleet_panel.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QTableView>
#include <QVBoxLayout>

#include "widgets/base/empty_state.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/unreachable.h"
#include "widgets/base/view_clock.h"
#include "widgets/fleet/fleet_delegate.h"
#include "widgets/fleet/fleet_model.h"

namespace qd::fleet {
namespace {
constexpr int kLeastWidth = 240;  // a name and its three figures
constexpr TimeNs kChoosing = 3 * kNsPerSecond;
constexpr std::size_t kMostFound = 200;
}  // namespace

FleetPanel::FleetPanel(const widgets::SessionContext& context, QWidget* parent)
    : Panel(tr("Fleet"), context, parent), model_(new FleetModel(this)), table_(new QTableView) {
  setSubtitle(tr("worst first"));
  setMinimumWidth(kLeastWidth);
  empty_ = new widgets::EmptyState(
      tr("No server or editor here yet"),
      tr("Each process that runs with the probe beside an attached agent appears by itself."), QString(), this);
  connect(empty_, &widgets::EmptyState::activated, this, [this] { text_->clear(); });
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  makeTable();
  column->addWidget(table_, 1);
  column->addWidget(makeFilterRow());
  setContent(content);
  connect(&this->context().selection, &widgets::Selection::processChanged, this, &FleetPanel::showSelection);
  connect(&this->context().clock, &widgets::ViewClock::jumped, this, [this] { refresh(true); });
  showState();
}

QWidget* FleetPanel::makeFilterRow() {
  auto* row = new QWidget;
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(widgets::kPad, widgets::kGap, widgets::kPad, widgets::kGap);
  layout->setSpacing(widgets::kGap);
  text_ = new QLineEdit;
  text_->setPlaceholderText(tr("Filter, or find a player"));
  text_->setToolTip(tr("In names and labels, such as zone=eu-1; or the id of a player, or part of a player's name"));
  text_->setClearButtonEnabled(true);
  group_ = new QComboBox;
  group_->addItem(tr("no groups"), QString());
  group_->setToolTip(tr("Group by a label"));
  group_->setMaximumWidth(110);
  layout->addWidget(text_, 1);
  layout->addWidget(group_);
  connect(text_, &QLineEdit::textChanged, this, [this](const QString& text) {
    model_->setFilter(text);
    find();
    showState();
  });
  connect(group_, &QComboBox::currentIndexChanged, this,
          [this] { model_->setGroupBy(group_->currentData().toString()); });
  connect(text_, &QLineEdit::returnPressed, this, [this] {
    for (int row = 0; row < model_->rowCount(); ++row) {
      if (model_->at(row) == nullptr) continue;
      table_->setCurrentIndex(model_->index(row, 0));  // the worst of what is left, or where the player is
      return;
    }
  });
  return row;
}

void FleetPanel::makeTable() {
  table_->setModel(model_);
  table_->setItemDelegate(new FleetDelegate(table_));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setShowGrid(false);
  table_->setWordWrap(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(widgets::kRowHeight);
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  QHeaderView* header = table_->horizontalHeader();
  header->setHighlightSections(false);
  header->setMinimumSectionSize(24);
  header->setStyleSheet(QStringLiteral("QHeaderView::section { padding: 4px; }"));
  header->setSectionResizeMode(FleetModel::NameColumn, QHeaderView::Stretch);
  const int widths[] = {0, 32, 60, 38, 60};
  for (int column = FleetModel::PlayersColumn; column < FleetModel::ColumnCount; ++column) {
    header->setSectionResizeMode(column, QHeaderView::Fixed);
    table_->setColumnWidth(column, widths[column]);
  }
  connect(model_, &QAbstractItemModel::modelReset, this, [this] {
    updateSpans();
    showSelection();
  });
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& current) {
    const FleetRow* row = model_->at(current.row());
    if (row == nullptr) return;
    const ingest::PlayerPlace* player = model_->foundAt(current.row());
    context().selection.setProcess(row->id);
    bool isNumber = false;
    const unsigned id = player == nullptr ? 0 : QString::fromStdString(player->client).toUInt(&isNumber);
    if (isNumber) context().selection.setEntity(id);
  });
}

// An editor has no players: its name, with the server it is connected to, takes that place.
void FleetPanel::updateSpans() {
  table_->clearSpans();
  for (int row = 0; row < model_->rowCount(); ++row) {
    const FleetRow* process = model_->at(row);
    if (process != nullptr && process->kind == ingest::ProcessKind::Editor) {
      table_->setSpan(row, 0, 1, 2);
    }
  }
}

void FleetPanel::showSelection() {
  const int row = model_->rowOf(context().selection.process());
  const QSignalBlocker quiet(table_->selectionModel());  // it comes from the selection, it must not go back
  if (row < 0) {
    table_->selectionModel()->clear();
  } else {
    table_->selectionModel()->setCurrentIndex(model_->index(row, 0),
                                              QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
  }
  table_->viewport()->update();
}

// The first server by name. Those of one cluster appear within moments of each other, in any order: until the operator
// chooses, the choice moves on to an earlier name for a while.
void FleetPanel::chooseFirst() {
  const ProcessId chosen = context().selection.process();
  if (chosen.value.empty()) chosenAt_ = monotonicNs();
  if (chosen != chosenByItself_ || monotonicNs() - chosenAt_ > kChoosing) return;
  for (const auto& info : context().directory.processes()) {
    const bool first = chosenByItself_.value.empty() || info->id < chosenByItself_;
    if (info->kind == ingest::ProcessKind::Server && first) chosenByItself_ = info->id;
  }
  context().selection.setProcess(chosenByItself_);
}

void FleetPanel::updateGroups(const QStringList& keys) {
  QStringList shown;
  for (int i = 1; i < group_->count(); ++i) shown.append(group_->itemData(i).toString());
  if (shown == keys) return;
  const QString chosen = group_->currentData().toString();
  const QSignalBlocker quiet(group_);
  while (group_->count() > 1) group_->removeItem(1);
  for (const QString& key : keys) group_->addItem(tr("by %1").arg(key), key);
  group_->setCurrentIndex(std::max(0, group_->findData(chosen)));
}

void FleetPanel::showState() {
  const QString lost = widgets::whyUnreachable(context().directory);
  if (model_->total() == 0 && !lost.isEmpty()) {
    empty_->setText(tr("No agent answers"), lost);
  } else if (model_->total() == 0) {
    empty_->setText(tr("No server or editor here yet"),
                    tr("Each process that runs with the probe beside an attached agent appears by itself."));
  } else {
    empty_->setText(tr("Nothing passes the filter"),
                    tr("%1 processes are here; none of them, and no player, is called so.").arg(model_->total()),
                    tr("Clear the filter"));
  }
  showEmpty(model_->rowCount() == 0 ? empty_ : nullptr);
}

// Which servers have the players that the filter's text means.
void FleetPanel::find() {
  const std::string text = text_->text().trimmed().toStdString();
  const auto* rollups = context().rollups;
  auto players =
      rollups == nullptr || text.empty() ? std::vector<ingest::PlayerPlace>() : rollups->findPlayers(text, kMostFound);
  // "server-2 · bot-3" is to be read whole: it takes the room of two columns.
  for (const int column : {FleetModel::RateColumn, FleetModel::TrendColumn}) {
    table_->setColumnHidden(column, !players.empty());
  }
  model_->setFound(std::move(players));
}

void FleetPanel::refresh(bool second) {
  const std::uint64_t revision = context().directory.revision();
  if (!second && revision == revision_) return;
  revision_ = revision;
  auto rows = fleetRows(context().directory, context().store, context().clock.now(), context().rollups);
  QStringList keys;
  for (const auto& key : labelKeys(rows)) keys.append(QString::fromStdString(key));
  updateGroups(keys);
  if (!text_->text().isEmpty()) find();
  // Not while somebody points at a row: it would be another one under the click.
  model_->setRows(order_.arrange(std::move(rows), monotonicNs(), table_->viewport()->underMouse()));
  chooseFirst();
  showState();
}

}  // namespace qd::fleet
