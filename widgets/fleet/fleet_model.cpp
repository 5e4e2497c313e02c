// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/fleet_model.h"

#include <algorithm>
#include <iterator>
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

void FleetModel::setFound(std::vector<ingest::PlayerPlace> players) {
  found_.clear();
  for (auto& player : players) found_.emplace(player.process, std::move(player));
  rebuild();
}

const ingest::PlayerPlace* FleetModel::foundAt(int row) const {
  const FleetRow* process = at(row);
  const auto found = process == nullptr ? found_.end() : found_.find(process->id);
  return found == found_.end() ? nullptr : &found->second;
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
    if (!passes(row, filter_) && !found_.contains(row.id)) continue;
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
    std::vector<const FleetRow*> members;
    for (const Line& line : groups[heading]) members.push_back(&line.row);
    out.append({heading, groupRow(heading.toStdString(), members)});
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
      return nameOf(row);
    case PlayersColumn:
      return editor ? QString() : row.players ? formatCount(*row.players) : noData();
    case RateColumn:
      if (row.members > 0) return row.troubled > 0 ? tr("%1 !").arg(row.troubled) : QString();
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

QString FleetModel::nameOf(const FleetRow& row) const {
  if (row.members > 0) return tr("%1 · %2").arg(qt(row.name)).arg(row.members);
  const auto [first, last] = found_.equal_range(row.id);
  if (first != last) {
    const QString who = first->second.name.empty() ? qt(first->second.client) : qt(first->second.name);
    const auto more = std::distance(first, last) - 1;
    return more > 0 ? tr("%1 · %2 +%3").arg(qt(row.name), who).arg(more) : tr("%1 · %2").arg(qt(row.name), who);
  }
  if (row.kind == ProcessKind::Editor && !row.server.value.empty()) {
    return tr("%1 → %2").arg(qt(row.name), qt(row.server.value));
  }
  return qt(row.name);
}

QString FleetModel::groupTip(const Line& line) const {
  return tr("%1: %2 processes, %3 of them over budget, stopped, silent or gone\n"
            "p99 %4 ms of %5 ms, of all their ticks of the last 10 s together")
      .arg(line.heading)
      .arg(line.row.members)
      .arg(line.row.troubled)
      .arg(figure(line.row.p99Ms), figure(line.row.budgetMs));
}

QString FleetModel::tip(const FleetRow& row) const {
  QString text = tr("%1, tick p99 %2 ms of %3 ms over the last 10 s")
                     .arg(qt(row.id.value), figure(row.p99Ms), figure(row.budgetMs));
  const auto [first, last] = found_.equal_range(row.id);
  for (auto one = first; one != last; ++one) {
    text += tr("\nplayer %1 %2").arg(qt(one->second.client), qt(one->second.name));
  }
  if (row.age) text += tr("\nnewest sample %1 old").arg(shortAge(*row.age));
  for (const auto& [key, value] : row.labels)
    text += QStringLiteral("\n") + qt(key) + QStringLiteral(" = ") + qt(value);
  return text;
}

QVariant FleetModel::data(const QModelIndex& index, int role) const {
  if (index.row() < 0 || index.row() >= shown_.size()) return {};
  const Line& line = shown_[index.row()];
  if (role == HeadingRole) return !line.heading.isEmpty();
  if (role == Qt::ToolTipRole && !line.heading.isEmpty()) return groupTip(line);
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
    case BudgetRole:
      return line.row.budgetMs ? QVariant(*line.row.budgetMs) : QVariant();
    case TrendRole:
      return QVariant::fromValue(QVector<float>(line.row.trend.begin(), line.row.trend.end()));
    default:
      return {};
  }
}

QVariant FleetModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  static const char* const titles[] = {QT_TR_NOOP("Process"), QT_TR_NOOP("Pl."), QT_TR_NOOP("Rate"), QT_TR_NOOP("60 s"),
                                       QT_TR_NOOP("p99 ms")};
  static const char* const tips[] = {QT_TR_NOOP("Worst first: by tick p99 against its budget, then by state"),
                                     QT_TR_NOOP("Players online"),
                                     QT_TR_NOOP("Ticks a second of a server, frames a second of an editor"),
                                     QT_TR_NOOP("p99 of each of the last 60 seconds; the line is the budget"),
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
