// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/fleet_model.h"

#include <algorithm>
#include <map>

#include "widgets/base/format.h"

namespace qd::fleet {
namespace {

using ingest::ProcessKind;
using ingest::ProcessState;

using widgets::formatCount;
using widgets::formatIn;
using widgets::formatSpan;
using widgets::noData;

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

QString figure(std::optional<double> value) {
  return formatIn(value, {});
}

QString shortAge(TimeNs age) {
  return formatSpan(std::max<TimeNs>(age, 0) / kNsPerSecond * kNsPerSecond);
}

FleetModel::RowState stateOf(const FleetRow& row) {
  using State = FleetModel::RowState;
  if (row.state == ProcessState::Gone) return State::Gone;
  if (row.state == ProcessState::Parked) return State::Parked;
  if (row.stale) return State::Stale;
  return row.load().value_or(0) >= 1 ? State::OverBudget : State::Running;
}

bool passes(const FleetRow& row, const QString& filter) {
  if (filter.isEmpty()) return true;
  const auto has = [&](const std::string& text) { return qt(text).contains(filter, Qt::CaseInsensitive); };
  return has(row.name) || has(row.id.value) || has(row.server.value) ||
         std::ranges::any_of(row.labels, [&](const auto& label) { return has(label.first + "=" + label.second); });
}

}  // namespace

void FleetModel::setRows(std::vector<FleetRow> rows) {
  all_ = std::move(rows);
  rebuild();
}

void FleetModel::setFilter(const QString& text) {
  filter_ = text.trimmed();
  rebuild();
}

void FleetModel::setGroupBy(const QString& labelKey) {
  groupBy_ = labelKey;
  rebuild();
}

QVector<FleetModel::Line> FleetModel::lines() const {
  QVector<Line> out;
  std::map<QString, QVector<Line>> groups;
  std::vector<QString> order;  // groups in the order of their worst member
  for (const FleetRow& row : all_) {
    if (!passes(row, filter_)) continue;
    if (groupBy_.isEmpty()) {
      out.append({QString(), row});
      continue;
    }
    const QString value = qt(row.label(groupBy_.toStdString()));
    const QString heading = value.isEmpty() ? tr("no %1").arg(groupBy_) : value;
    if (!groups.contains(heading)) order.push_back(heading);
    groups[heading].append({QString(), row});
  }
  for (const QString& heading : order) {
    out.append({heading, FleetRow()});
    out.append(groups[heading]);
  }
  return out;
}

void FleetModel::rebuild() {
  QVector<Line> next = lines();
  if (next == shown_) {  // same rows in the same order: only figures changed
    shown_ = std::move(next);
    if (!shown_.isEmpty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
    return;
  }
  beginResetModel();
  shown_ = std::move(next);
  endResetModel();
}

int FleetModel::rowOf(const ProcessId& process) const {
  for (int i = 0; i < shown_.size(); ++i) {
    if (shown_[i].heading.isEmpty() && shown_[i].row.id == process) return i;
  }
  return -1;
}

const FleetRow* FleetModel::at(int row) const {
  return row >= 0 && row < shown_.size() && shown_[row].heading.isEmpty() ? &shown_[row].row : nullptr;
}

int FleetModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(shown_.size());
}

int FleetModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QVariant FleetModel::display(const FleetRow& row, int column) const {
  const bool editor = row.kind == ProcessKind::Editor;
  switch (column) {
    case NameColumn:
      return editor && !row.server.value.empty() ? tr("%1 → %2").arg(qt(row.name), qt(row.server.value)) : qt(row.name);
    case PlayersColumn:
      return editor ? QString() : row.players ? formatCount(*row.players) : noData();
    case RateColumn:
      if (row.state == ProcessState::Gone) return tr("gone");
      if (row.state == ProcessState::Parked) return tr("stopped");
      if (row.stale) return tr("%1 ago").arg(shortAge(*row.age));
      if (!row.rate) return noData();
      return editor ? tr("%1 fps").arg(figure(row.rate)) : tr("%1 Hz").arg(figure(row.rate));
    case P99Column:
      return figure(row.p99Ms);
    default:
      return {};
  }
}

QString FleetModel::tip(const FleetRow& row) const {
  QString text = tr("%1, tick p99 %2 ms of %3 ms over the last 10 s")
                     .arg(qt(row.id.value), figure(row.p99Ms), figure(row.budgetMs));
  if (row.age) text += tr("\nnewest sample %1 old").arg(shortAge(*row.age));
  for (const auto& [key, value] : row.labels)
    text += QStringLiteral("\n") + qt(key) + QStringLiteral(" = ") + qt(value);
  return text;
}

QVariant FleetModel::data(const QModelIndex& index, int role) const {
  if (index.row() < 0 || index.row() >= shown_.size()) return {};
  const Line& line = shown_[index.row()];
  if (role == HeadingRole) return !line.heading.isEmpty();
  if (!line.heading.isEmpty()) return role == Qt::DisplayRole && index.column() == 0 ? line.heading : QVariant();
  switch (role) {
    case Qt::DisplayRole:
      return display(line.row, index.column());
    case Qt::ToolTipRole:
      return tip(line.row);
    case Qt::TextAlignmentRole:
      return static_cast<int>(Qt::AlignVCenter | (index.column() == NameColumn ? Qt::AlignLeft : Qt::AlignRight));
    case ProcessRole:
      return qt(line.row.id.value);
    case KindRole:
      return static_cast<int>(line.row.kind);
    case StateRole:
      return static_cast<int>(stateOf(line.row));
    case LoadRole:
      return line.row.load() ? QVariant(*line.row.load()) : QVariant();
    default:
      return {};
  }
}

QVariant FleetModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  static const char* const titles[] = {QT_TR_NOOP("Process"), QT_TR_NOOP("Pl."), QT_TR_NOOP("Rate"),
                                       QT_TR_NOOP("p99 ms")};
  static const char* const tips[] = {QT_TR_NOOP("Worst first: by tick p99 against its budget, then by state"),
                                     QT_TR_NOOP("Players online"),
                                     QT_TR_NOOP("Ticks a second of a server, frames a second of an editor"),
                                     QT_TR_NOOP("Work of a tick (of a frame), 99th percentile of the last 10 s")};
  if (role == Qt::DisplayRole) return tr(titles[section]);
  if (role == Qt::ToolTipRole) return tr(tips[section]);
  if (role == Qt::TextAlignmentRole) {
    return static_cast<int>(Qt::AlignVCenter | (section == NameColumn ? Qt::AlignLeft : Qt::AlignRight));
  }
  return {};
}

Qt::ItemFlags FleetModel::flags(const QModelIndex& index) const {
  if (at(index.row()) == nullptr) return Qt::ItemIsEnabled;
  return Qt::ItemIsEnabled | Qt::ItemIsSelectable;
}

}  // namespace qd::fleet
