// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/log/moment_model.h"

#include <algorithm>
#include <iterator>

#include "widgets/base/format.h"

namespace qd::log {

using ingest::LogLevel;
using ingest::Moment;
using ingest::MomentKind;

namespace {
constexpr TimeNs kAhead = 300 * kNsPerSecond;
}

Weight weightOf(const Moment& moment) {
  switch (moment.kind) {
    case MomentKind::Log:
      if (moment.level >= LogLevel::Error) return Weight::Alarm;
      if (moment.level == LogLevel::Warning) return Weight::Warning;
      return moment.level <= LogLevel::Debug ? Weight::Quiet : Weight::Normal;
    case MomentKind::Gap:
      return Weight::Warning;
    default:
      return Weight::Normal;
  }
}

std::uint64_t suppressedBefore(const Moment& moment) {
  if (moment.envelope == nullptr) return 0;
  const auto* line = std::get_if<ingest::LogLine>(&moment.envelope->event);
  return line == nullptr ? 0 : line->suppressed;
}

QString kindName(MomentKind kind) {
  static const char* const names[] = {"log",    "game",    "push",  "action", "hit", "stop",
                                      "resume", "process", "agent", "gap",    "mark"};
  return QLatin1String(names[static_cast<std::size_t>(kind)]);
}

MomentModel::MomentModel(const ingest::EventLog& log, QObject* parent) : QAbstractTableModel(parent), log_(log) {}

void MomentModel::setFilter(const ingest::MomentFilter& filter) {
  filter_ = filter;
  dirty_ = true;
  refresh();
}

// A moment that lies before the oldest row held, of those that there are, or after what was asked for, is not among
// them.
bool MomentModel::holdsNow() const {
  const bool older = rows_.size() == kMost && now_ < rows_.front().time;
  const bool newer = until_ != INT64_MAX && (now_ > until_ || now_ == INT64_MAX);
  return !older && !newer;
}

void MomentModel::ask(TimeNs until) {
  until_ = until;
  take(log_.query(INT64_MIN, until, filter_, kMost));
}

void MomentModel::refresh() {
  const std::uint64_t revision = log_.revision();
  if (!dirty_ && revision == revision_ && holdsNow()) return;
  dirty_ = false;
  revision_ = revision;
  if (holdsNow()) {
    ask(until_);
    if (holdsNow()) return;
  }
  ask(INT64_MAX);
  // Older than the newest `kMost`: as much of what follows it as there is room for beside what is before.
  for (TimeNs ahead = kAhead; !holdsNow() && ahead > kNsPerMs; ahead /= 4) ask(now_ + ahead);
  if (!holdsNow()) ask(now_);
}

void MomentModel::take(std::vector<Moment> next) {
  const auto same = [](const Moment& a, const Moment& b) { return a.id == b.id; };
  // What is kept of the old rows: a part that begins with the first of the new ones.
  std::size_t gone = 0;
  if (!next.empty()) {
    const auto first = std::ranges::find(rows_, next.front().id, &Moment::id);
    gone = static_cast<std::size_t>(first - rows_.begin());
  }
  const std::size_t kept = rows_.size() - gone;
  suppressed_ = 0;
  for (const Moment& moment : next) suppressed_ += suppressedBefore(moment);
  if (kept == 0 || kept > next.size() ||
      !std::equal(rows_.begin() + static_cast<std::ptrdiff_t>(gone), rows_.end(), next.begin(), same)) {
    beginResetModel();
    rows_.assign(std::make_move_iterator(next.begin()), std::make_move_iterator(next.end()));
    endResetModel();
    return;
  }
  if (gone > 0) {
    beginRemoveRows({}, 0, static_cast<int>(gone) - 1);
    rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(gone));
    endRemoveRows();
  }
  if (next.size() > kept) {
    beginInsertRows({}, static_cast<int>(kept), static_cast<int>(next.size()) - 1);
    rows_.insert(rows_.end(), std::make_move_iterator(next.begin() + static_cast<std::ptrdiff_t>(kept)),
                 std::make_move_iterator(next.end()));
    endInsertRows();
  }
}

void MomentModel::setNow(TimeNs now) {
  if (now == now_) return;
  const int before = rowAtOrBefore(now_), after = rowAtOrBefore(now);
  now_ = now;
  if (before == after) return;
  Q_EMIT dataChanged(index(std::max(0, std::min(before, after)), 0),
                     index(std::max(0, std::max(before, after)), ColumnCount - 1));
}

const Moment* MomentModel::at(int row) const {
  return row >= 0 && row < rowCount() ? &rows_[static_cast<std::size_t>(row)] : nullptr;
}

int MomentModel::rowAtOrBefore(TimeNs time) const {
  const auto after = std::ranges::upper_bound(rows_, time, {}, &Moment::time);
  return static_cast<int>(after - rows_.begin()) - 1;
}

int MomentModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int MomentModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QVariant MomentModel::display(const Moment& moment, int column) const {
  switch (column) {
    case TimeColumn:
      return widgets::formatUtc(moment.time, widgets::Precision::Milliseconds);
    case TickColumn:
      return moment.tick > 0 ? widgets::formatTick(moment.tick) : widgets::noData();
    case ProcessColumn:
      return moment.process.value.empty() ? widgets::noData() : QString::fromStdString(moment.process.value);
    case KindColumn:
      return kindName(moment.kind);
    case TextColumn: {
      const QString process = QString::fromStdString(moment.process.value) + QStringLiteral(": ");
      QString text = QString::fromStdString(moment.text);
      if (text.startsWith(process)) text.remove(0, process.size());  // it stands in its own column
      const QString name = QString::fromStdString(moment.category);
      if (moment.kind != MomentKind::Log || name.isEmpty() || text.startsWith(name)) return text;
      return name + QStringLiteral("  ") + text;
    }
    default:
      return {};
  }
}

QVariant MomentModel::data(const QModelIndex& index, int role) const {
  const Moment* moment = at(index.row());
  if (moment == nullptr) return {};
  switch (role) {
    case Qt::DisplayRole:
      return display(*moment, index.column());
    case Qt::ToolTipRole:
      return index.column() == TimeColumn ? QVariant(widgets::formatLocal(moment->time)) : display(*moment, TextColumn);
    case Qt::TextAlignmentRole:
      return static_cast<int>(Qt::AlignVCenter | (index.column() == TickColumn ? Qt::AlignRight : Qt::AlignLeft));
    case WeightRole:
      return static_cast<int>(weightOf(*moment));
    case LaterRole:
      return moment->time > now_;
    case SuppressedRole:
      return static_cast<qulonglong>(suppressedBefore(*moment));
    default:
      return {};
  }
}

QVariant MomentModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  static const char* const titles[] = {QT_TR_NOOP("UTC"), QT_TR_NOOP("tick"), QT_TR_NOOP("process"), QT_TR_NOOP("kind"),
                                       QT_TR_NOOP("what")};
  if (role == Qt::DisplayRole) return tr(titles[section]);
  if (role == Qt::TextAlignmentRole) {
    return static_cast<int>(Qt::AlignVCenter | (section == TickColumn ? Qt::AlignRight : Qt::AlignLeft));
  }
  return {};
}

}  // namespace qd::log
