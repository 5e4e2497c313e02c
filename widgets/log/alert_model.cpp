// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/log/alert_model.h"

#include <algorithm>

#include "widgets/base/format.h"

namespace qd::log {

using analysis::Alert;
using analysis::AlertRule;

bool isOn(const Alert& alert, TimeNs now) {
  if (now < alert.from) return false;
  const bool lasts = alert.rule == AlertRule::ProcessGone || alert.rule == AlertRule::AgentLost;
  if (lasts) return alert.ended == 0 || now < alert.ended;
  return now - alert.last < analysis::AlertBook::kQuiet;
}

void AlertModel::refresh(TimeNs now) {
  auto next = book_.alerts(now);
  std::ranges::reverse(next);
  now_ = now;
  on_ = static_cast<int>(std::ranges::count_if(next, [&](const Alert& alert) { return isOn(alert, now); }));
  const auto place = [](const Alert& alert) { return std::make_tuple(alert.rule, alert.subject, alert.from); };
  const bool same = std::ranges::equal(next, alerts_, {}, place, place);
  if (!same) beginResetModel();
  alerts_ = std::move(next);
  if (!same) {
    endResetModel();
  } else if (!alerts_.empty()) {
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
  }
}

const Alert* AlertModel::at(int row) const {
  return row >= 0 && row < rowCount() ? &alerts_[static_cast<std::size_t>(row)] : nullptr;
}

int AlertModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(alerts_.size());
}

int AlertModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QVariant AlertModel::data(const QModelIndex& index, int role) const {
  const Alert* alert = at(index.row());
  if (alert == nullptr) return {};
  if (role == OnRole) return isOn(*alert, now_);
  if (role == Qt::ToolTipRole) return QString::fromStdString(alert->text);
  if (role != Qt::DisplayRole) return {};
  if (index.column() == TimeColumn) return widgets::formatUtc(alert->from);
  const QString times = alert->count > 1 ? tr("  (%1 times)").arg(alert->count) : QString();
  const QString state = isOn(*alert, now_) ? QStringLiteral("! ") : tr("over  ");
  return state + QString::fromStdString(alert->text) + times;
}

}  // namespace qd::log
