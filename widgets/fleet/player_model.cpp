// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/player_model.h"

#include <QMimeData>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/base/series_mime.h"

namespace qd::fleet {
namespace {

struct ColumnInfo {
  const char* title;
  const char* tip;
  std::optional<PlayerFigure> figure;
};

// In the order of PlayerModel::Column.
const ColumnInfo kColumns[] = {
    {QT_TRANSLATE_NOOP("PlayerModel", "id"), QT_TRANSLATE_NOOP("PlayerModel", "Client, as the server counts them"), {}},
    {QT_TRANSLATE_NOOP("PlayerModel", "link"),
     QT_TRANSLATE_NOOP("PlayerModel", "net.state: connected, stalled (nothing came for half a second), disconnected"),
     {}},
    {QT_TRANSLATE_NOOP("PlayerModel", "RTT"), QT_TRANSLATE_NOOP("PlayerModel", "net.rtt, ms"), PlayerFigure::Rtt},
    {QT_TRANSLATE_NOOP("PlayerModel", "60 s"),
     QT_TRANSLATE_NOOP("PlayerModel",
                       "The last minute of what one sorts by, else of the round trip; one scale for all"),
     {}},
    {QT_TRANSLATE_NOOP("PlayerModel", "loss %"), QT_TRANSLATE_NOOP("PlayerModel", "net.loss, per cent of packets"),
     PlayerFigure::Loss},
    {QT_TRANSLATE_NOOP("PlayerModel", "queue"),
     QT_TRANSLATE_NOOP("PlayerModel",
                       "input.queue_depth, ticks: inputs that wait for their tick; below 0 one is missing"),
     PlayerFigure::Queue},
    {QT_TRANSLATE_NOOP("PlayerModel", "ahead"),
     QT_TRANSLATE_NOOP("PlayerModel", "predict.lead, ticks: how far the client runs ahead of the server"),
     PlayerFigure::Ahead},
    {QT_TRANSLATE_NOOP("PlayerModel", "age"),
     QT_TRANSLATE_NOOP("PlayerModel", "interp.view_age, ms: how old the world is that this client sees"),
     PlayerFigure::Age},
    {QT_TRANSLATE_NOOP("PlayerModel", "jitter"), QT_TRANSLATE_NOOP("PlayerModel", "net.jitter (RFC 3550), ms"),
     PlayerFigure::Jitter},
    {QT_TRANSLATE_NOOP("PlayerModel", "corr."),
     QT_TRANSLATE_NOOP("PlayerModel", "predict.corrections: predictions put right, in the last 10 s"),
     PlayerFigure::Corrections},
    {QT_TRANSLATE_NOOP("PlayerModel", "late"),
     QT_TRANSLATE_NOOP("PlayerModel", "input.late: inputs that came too late, in the last 10 s"), PlayerFigure::Late},
    {QT_TRANSLATE_NOOP("PlayerModel", "miss."),
     QT_TRANSLATE_NOOP("PlayerModel", "input.missing: ticks bridged by repeating an input, in the last 10 s"),
     PlayerFigure::Missing},
    {QT_TRANSLATE_NOOP("PlayerModel", "kB/s"), QT_TRANSLATE_NOOP("PlayerModel", "net.bandwidth to this client"),
     PlayerFigure::Bandwidth}};
static_assert(std::size(kColumns) == PlayerModel::ColumnCount);

const ColumnInfo& infoOf(int column) {
  return kColumns[static_cast<std::size_t>(column)];
}

std::optional<double> figureAt(const PlayerRow& row, int column) {
  const auto figure = infoOf(column).figure;
  if (!figure) return std::nullopt;
  const auto value = row[*figure];
  if (value && column == PlayerModel::LossColumn) return *value * 100;
  if (value && column == PlayerModel::BandwidthColumn) return *value / 1000;
  return value;
}

QString stateText(PlayerState state) {
  switch (state) {
    case PlayerState::Disconnected:
      return PlayerModel::tr("gone");
    case PlayerState::Connecting:
      return PlayerModel::tr("joins");
    case PlayerState::Connected:
      return PlayerModel::tr("ok");
    case PlayerState::Stalled:
      return PlayerModel::tr("stall");
    case PlayerState::Unknown:
      break;
  }
  return widgets::noData();
}

QString textAt(const PlayerRow& row, int column) {
  if (column == PlayerModel::ClientColumn) return QString::fromStdString(row.client);
  if (column == PlayerModel::StateColumn) return stateText(row.state);
  if (column == PlayerModel::TrendColumn) return {};
  const auto value = figureAt(row, column);
  if (!value) return widgets::noData();
  if (column >= PlayerModel::CorrectionsColumn && column <= PlayerModel::MissingColumn)
    return widgets::formatCount(std::round(*value));
  return widgets::formatIn(value, {});
}

}  // namespace

PlayerFigure PlayerModel::trendFigure() const {
  return infoOf(sortColumn_).figure.value_or(PlayerFigure::Rtt);
}

bool PlayerModel::before(const PlayerRow& a, const PlayerRow& b) const {
  const bool falling = sortOrder_ == Qt::DescendingOrder;
  if (sortColumn_ == StateColumn && a.state != b.state) return falling ? b.state < a.state : a.state < b.state;
  if (!infoOf(sortColumn_).figure) return falling ? clientBefore(b.client, a.client) : clientBefore(a.client, b.client);
  const auto left = figureAt(a, sortColumn_), right = figureAt(b, sortColumn_);
  if (!left || !right) return left.has_value() && !right.has_value();
  return falling ? *right < *left : *left < *right;
}

void PlayerModel::setRows(std::vector<PlayerRow> rows) {
  trendTop_ = 0;
  for (const PlayerRow& row : rows)
    for (const float value : row.trend)
      if (value > trendTop_) trendTop_ = value;
  const auto find = [&](const std::string& client) { return std::ranges::find(rows, client, &PlayerRow::client); };
  for (int i = rowCount(); i-- > 0;) {
    const auto found = find(rows_[static_cast<std::size_t>(i)].client);
    if (found != rows.end()) {
      rows_[static_cast<std::size_t>(i)] = std::move(*found);
      rows.erase(found);
      continue;
    }
    beginRemoveRows({}, i, i);
    rows_.erase(rows_.begin() + i);
    endRemoveRows();
  }
  if (!rows_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
  for (PlayerRow& fresh : rows) {
    const auto place = std::ranges::find_if(rows_, [&](const PlayerRow& row) { return before(fresh, row); });
    const int at = static_cast<int>(place - rows_.begin());
    beginInsertRows({}, at, at);
    rows_.insert(place, std::move(fresh));
    endInsertRows();
  }
}

void PlayerModel::sort(int column, Qt::SortOrder order) {
  sortColumn_ = column == TrendColumn ? static_cast<int>(RttColumn) : column;
  sortOrder_ = order;
  Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
  std::vector<std::string> clients;
  for (const PlayerRow& row : rows_) clients.push_back(row.client);
  std::ranges::stable_sort(rows_, [this](const PlayerRow& a, const PlayerRow& b) { return before(a, b); });
  QModelIndexList from = persistentIndexList(), to;
  for (const QModelIndex& old : from)
    to.append(index(rowOf(QString::fromStdString(clients[static_cast<std::size_t>(old.row())])), old.column()));
  changePersistentIndexList(from, to);
  Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
  Q_EMIT headerDataChanged(Qt::Horizontal, TrendColumn, TrendColumn);
}

int PlayerModel::rowOf(const QString& client) const {
  const auto found = std::ranges::find(rows_, client.toStdString(), &PlayerRow::client);
  return found == rows_.end() ? -1 : static_cast<int>(found - rows_.begin());
}

int PlayerModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int PlayerModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

// Everything of the row, because a narrow panel shows the first columns only.
QString PlayerModel::tip(const PlayerRow& row) const {
  QStringList lines{
      row.name.empty() ? tr("Player %1").arg(QString::fromStdString(row.client))
                       : tr("Player %1, %2").arg(QString::fromStdString(row.client), QString::fromStdString(row.name))};
  for (int column = StateColumn; column < ColumnCount; ++column)
    if (column != TrendColumn)
      lines.append(QStringLiteral("%1  %2").arg(tr(infoOf(column).title), textAt(row, column)));
  return lines.join(QLatin1Char('\n'));
}

QVariant PlayerModel::data(const QModelIndex& index, int role) const {
  if (index.row() < 0 || index.row() >= rowCount()) return {};
  const PlayerRow& row = rows_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return textAt(row, index.column());
    case Qt::ToolTipRole:
      return tip(row);
    case Qt::TextAlignmentRole:
      return static_cast<int>(Qt::AlignVCenter | (index.column() <= StateColumn ? Qt::AlignLeft : Qt::AlignRight));
    case ClientRole:
      return QString::fromStdString(row.client);
    case StateRole:
      return static_cast<int>(row.state);
    case TrendRole:
      return index.column() == TrendColumn ? QVariant::fromValue(row.trend) : QVariant();
    case TrendTopRole:
      return trendTop_;
    default:
      return {};
  }
}

QVariant PlayerModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount) return {};
  if (role == Qt::DisplayRole) return tr(infoOf(section).title);
  if (role == Qt::ToolTipRole) return tr(infoOf(section).tip);
  if (role == Qt::TextAlignmentRole)
    return static_cast<int>(Qt::AlignVCenter | (section <= StateColumn ? Qt::AlignLeft : Qt::AlignRight));
  return {};
}

Qt::ItemFlags PlayerModel::flags(const QModelIndex& index) const {
  return QAbstractTableModel::flags(index) | Qt::ItemIsDragEnabled;
}

QStringList PlayerModel::mimeTypes() const {
  return {widgets::seriesMimeType()};
}

// The figure of the column that was taken hold of, of that player.
QMimeData* PlayerModel::mimeData(const QModelIndexList& indexes) const {
  std::vector<widgets::SeriesRef> series;
  for (const QModelIndex& index : indexes) {
    const auto figure = infoOf(index.column()).figure.value_or(trendFigure());
    const widgets::SeriesRef ref{
        server_, seriesOf(figure), {{"client", data(index, ClientRole).toString().toStdString()}}};
    if (std::ranges::find(series, ref) == series.end()) series.push_back(ref);
  }
  // A whole row is taken along: one figure of it is meant.
  if (series.size() > 1) series = {{server_, seriesOf(trendFigure()), series.front().dimensions}};
  return widgets::makeSeriesMime(series);
}

}  // namespace qd::fleet
