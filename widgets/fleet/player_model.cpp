// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/player_model.h"

#include <algorithm>

#include "widgets/base/format.h"

namespace qd::fleet {
namespace {

std::optional<double> figureAt(const PlayerRow& row, int column) {
  switch (column) {
    case PlayerModel::RttColumn:
      return row[PlayerFigure::Rtt];
    case PlayerModel::LossColumn: {
      const auto share = row[PlayerFigure::Loss];
      return share ? std::optional(*share * 100) : std::nullopt;
    }
    case PlayerModel::LateColumn:
      return row[PlayerFigure::Late];
    case PlayerModel::AgeColumn:
      return row[PlayerFigure::Age];
    default:
      return std::nullopt;
  }
}

QString textAt(const PlayerRow& row, int column) {
  if (column == PlayerModel::ClientColumn) return QString::fromStdString(row.client);
  const auto value = figureAt(row, column);
  if (value && column == PlayerModel::LateColumn) return widgets::formatCount(*value);
  return widgets::formatIn(value, {});
}

}  // namespace

void PlayerModel::setRows(std::vector<PlayerRow> rows) {
  const auto sameClients = [&] {
    return rows.size() == rows_.size() &&
           std::ranges::is_permutation(rows, rows_, {}, &PlayerRow::client, &PlayerRow::client);
  };
  if (!sameClients()) {
    beginResetModel();
    rows_ = std::move(rows);
    order();
    endResetModel();
    return;
  }
  // Same clients: new figures in the places they have, so that rows do not jump under the eye.
  for (PlayerRow& row : rows_) {
    row = *std::ranges::find(rows, row.client, &PlayerRow::client);
  }
  if (!rows_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

void PlayerModel::order() {
  const bool falling = sortOrder_ == Qt::DescendingOrder;
  std::ranges::stable_sort(rows_, [&](const PlayerRow& a, const PlayerRow& b) {
    if (sortColumn_ == ClientColumn)
      return falling ? clientBefore(b.client, a.client) : clientBefore(a.client, b.client);
    const auto left = figureAt(a, sortColumn_), right = figureAt(b, sortColumn_);
    if (!left || !right) return left.has_value() && !right.has_value();
    return falling ? *right < *left : *left < *right;
  });
}

void PlayerModel::sort(int column, Qt::SortOrder order) {
  sortColumn_ = column;
  sortOrder_ = order;
  beginResetModel();
  this->order();
  endResetModel();
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

QVariant PlayerModel::data(const QModelIndex& index, int role) const {
  if (index.row() < 0 || index.row() >= rowCount()) return {};
  const PlayerRow& row = rows_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return textAt(row, index.column());
    case Qt::TextAlignmentRole:
      return static_cast<int>(Qt::AlignVCenter | (index.column() == ClientColumn ? Qt::AlignLeft : Qt::AlignRight));
    case ClientRole:
      return QString::fromStdString(row.client);
    default:
      return {};
  }
}

QVariant PlayerModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  static const char* const titles[] = {QT_TR_NOOP("id"), QT_TR_NOOP("RTT"), QT_TR_NOOP("loss %"), QT_TR_NOOP("late"),
                                       QT_TR_NOOP("age")};
  static const char* const tips[] = {QT_TR_NOOP("Client, as the server counts them"), QT_TR_NOOP("net.rtt, ms"),
                                     QT_TR_NOOP("net.loss, per cent of packets"),
                                     QT_TR_NOOP("input.late, inputs that came too late"),
                                     QT_TR_NOOP("interp.view_age, ms: how old the world is that this client sees")};
  if (role == Qt::DisplayRole) return tr(titles[section]);
  if (role == Qt::ToolTipRole) return tr(tips[section]);
  if (role == Qt::TextAlignmentRole) {
    return static_cast<int>(Qt::AlignVCenter | (section == ClientColumn ? Qt::AlignLeft : Qt::AlignRight));
  }
  return {};
}

}  // namespace qd::fleet
