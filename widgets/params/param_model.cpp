// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/param_model.h"

#include <QBrush>
#include <QFont>

#include <algorithm>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"

namespace qd::widgets {
namespace {

bool sameShape(const std::vector<ParamRow>& a, const std::vector<ParamRow>& b) {
  return std::ranges::equal(a, b, [](const ParamRow& x, const ParamRow& y) {
    return x.heading == y.heading && x.group == y.group && x.spec.name == y.spec.name;
  });
}

// A heading, told apart from the names below it: "Weather", "NPC".
QString headingText(const std::string& group) {
  const QString name = QString::fromStdString(group);
  if (name.isEmpty()) return ParamModel::tr("Other");
  const bool spoken = std::ranges::any_of(group, [](char c) { return std::string_view("aeiouy").contains(c); });
  return spoken ? name.front().toUpper() + name.mid(1) : name.toUpper();
}

QString effectText(ingest::Effect effect) {
  switch (effect) {
    case ingest::Effect::NextTick:
      return ParamModel::tr("takes effect at the next tick");
    case ingest::Effect::NextMatch:
      return ParamModel::tr("takes effect with the next match");
    case ingest::Effect::Restart:
      return ParamModel::tr("takes effect after a restart");
  }
  return {};
}

}  // namespace

QString riskText(ingest::Risk risk) {
  switch (risk) {
    case ingest::Risk::Safe:
      return ParamModel::tr("safe");
    case ingest::Risk::Guarded:
      return ParamModel::tr("guarded");
    case ingest::Risk::Dangerous:
      return ParamModel::tr("dangerous");
  }
  return {};
}

QString valueText(const Value& value, const std::string& unit) {
  if (std::holds_alternative<std::monostate>(value)) return noData();
  QString text = QString::fromStdString(toText(value));
  const bool number = std::holds_alternative<double>(value) || std::holds_alternative<std::int64_t>(value);
  if (number && !unit.empty()) text += QChar(0x2009) + QString::fromStdString(unit);
  if (std::holds_alternative<Duration>(value)) {  // as every other unit is written
    const auto letter = std::ranges::find_if(text, [](QChar c) { return c.isLetter(); });
    if (letter != text.end()) text.insert(letter - text.begin(), QChar(0x2009));
  }
  return text;
}

QString outcomeText(const params::Outcome& outcome) {
  const QString reason = QString::fromStdString(outcome.reason);
  switch (outcome.status) {
    case ingest::PushStatus::Pending:
      return ParamModel::tr("pending…");
    case ingest::PushStatus::Applied:
      return ParamModel::tr("applied at tick %1").arg(formatTick(outcome.tick));
    case ingest::PushStatus::Rejected:
      return ParamModel::tr("rejected: %1").arg(reason);
    case ingest::PushStatus::Unknown:
      return reason.isEmpty() ? ParamModel::tr("outcome unknown") : ParamModel::tr("outcome unknown: %1").arg(reason);
  }
  return {};
}

QString driftText(const ParamRow& row) {
  const ingest::ParameterValue& live = *row.live;
  const QString by =
      live.pushId.empty() ? ParamModel::tr("the process itself (or a restart)") : QString::fromStdString(live.who);
  return ParamModel::tr(
             "Wanted %1 by %2; changed by %3 at tick %4.\nRight click: push it again, or accept what is live.")
      .arg(valueText(*live.desired, row.spec.unit), QString::fromStdString(live.desiredWho), by, formatTick(live.tick));
}

QString conflictText(const ParamRow& row) {
  if (!row.staged || !row.staged->conflict || !row.live) return {};
  const QString by =
      row.live->pushId.empty() ? ParamModel::tr("the process itself") : QString::fromStdString(row.live->who);
  return ParamModel::tr(
             "Yours: %1. Theirs: %2, by %3 at tick %4 (%5). Yours was staged over %6; it is refused as it "
             "stands.\nRight click: stage yours over theirs, or take theirs.")
      .arg(valueText(row.staged->to, row.spec.unit), valueText(row.live->value, row.spec.unit), by,
           formatTick(row.live->tick), formatUtc(row.live->time), valueText(row.staged->from, row.spec.unit));
}

QString factsText(const ingest::ParameterSpec& spec) {
  QStringList parts{riskText(spec.risk), effectText(spec.effect)};
  const QString unit = spec.unit.empty() ? QString() : QChar(0x2009) + QString::fromStdString(spec.unit);
  if (spec.min && spec.max) {
    parts << ParamModel::tr("%1 to %2%3").arg(formatNumber(*spec.min), formatNumber(*spec.max), unit);
  } else if (!unit.isEmpty()) {
    parts << ParamModel::tr("in%1").arg(unit);
  }
  return parts.join(QStringLiteral(" · "));
}

QString specText(const ingest::ParameterSpec& spec) {
  QStringList lines;
  if (!spec.description.empty()) lines << QString::fromStdString(spec.description);
  const QString unit = QString::fromStdString(spec.unit);
  if (spec.min && spec.max) {
    lines << ParamModel::tr("Range %1 to %2 %3").arg(formatNumber(*spec.min), formatNumber(*spec.max), unit);
  }
  lines << ParamModel::tr("Default %1").arg(valueText(spec.defaultValue, spec.unit));
  lines << ParamModel::tr("Risk: %1; %2").arg(riskText(spec.risk), effectText(spec.effect));
  return lines.join(u'\n');
}

void ParamModel::setRows(std::vector<ParamRow> rows, bool editable) {
  editable_ = editable;
  if (sameShape(rows, rows_)) {
    rows_ = std::move(rows);
    if (!rows_.empty()) Q_EMIT dataChanged(index(0, kLive), index(rowCount() - 1, kStaged));
    return;
  }
  beginResetModel();
  rows_ = std::move(rows);
  endResetModel();
}

const ParamRow* ParamModel::row(const QModelIndex& index) const {
  if (!index.isValid() || index.row() >= rowCount()) return nullptr;
  return &rows_[static_cast<std::size_t>(index.row())];
}

int ParamModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int ParamModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : kColumns;
}

QVariant ParamModel::display(const ParamRow& row, int column) const {
  if (row.heading) {
    if (column != kName) return {};
    return headingText(row.group);
  }
  if (column == kName) {
    const QString name = QString::fromStdString(row.spec.name);
    const QString mark = row.spec.risk == ingest::Risk::Dangerous ? QStringLiteral(" ▲") : QString();
    return (row.favourite ? QStringLiteral("★ ") : QString()) + name + mark;
  }
  if (column == kLive) return row.live ? valueText(row.live->value, row.spec.unit) : noData();
  if (row.staged) {
    const QString staged = valueText(row.staged->to, row.spec.unit);
    if (!row.staged->conflict || !row.live) return tr("→ %1").arg(staged);
    const QString who = row.live->pushId.empty() ? tr("the process") : QString::fromStdString(row.live->who);
    return tr("→ %1 ≠ %2 by %3").arg(staged, valueText(row.live->value, row.spec.unit), who);
  }
  if (!row.others.empty()) {
    const params::OthersEdit& other = row.others.front();
    return tr("%1 stages %2").arg(QString::fromStdString(other.who), QString::fromStdString(other.value));
  }
  if (row.drifted()) return tr("drifted, wanted %1").arg(valueText(*row.live->desired, row.spec.unit));
  return row.outcome ? outcomeText(*row.outcome) : QString();
}

QVariant ParamModel::data(const QModelIndex& index, int role) const {
  const ParamRow* row = this->row(index);
  if (row == nullptr) return {};
  switch (role) {
    case Qt::DisplayRole:
      return display(*row, index.column());
    case Qt::ToolTipRole:
      if (row->heading) return {};
      if (index.column() == kStaged && row->staged && row->staged->conflict) return conflictText(*row);
      if (index.column() == kStaged && row->drifted()) return driftText(*row);
      return index.column() == kStaged && row->outcome ? QVariant(outcomeText(*row->outcome)) : specText(row->spec);
    case Qt::FontRole:
      if (row->heading) return uiFont(kSmallPx, QFont::DemiBold);
      if (index.column() == kName) return uiFont(kTextPx);
      return numberFont(kTextPx, row->staged && index.column() == kStaged ? QFont::DemiBold : QFont::Normal);
    case Qt::TextAlignmentRole:
      return index.column() == kLive ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant();
    default:
      return {};
  }
}

QVariant ParamModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) {
    return QVariant(Qt::AlignVCenter | (section == kLive ? Qt::AlignRight : Qt::AlignLeft));
  }
  if (role != Qt::DisplayRole) return {};
  switch (section) {
    case kName:
      return tr("Parameter");
    case kLive:
      return tr("Live");
    default:
      return tr("Staged / pushed");
  }
}

Qt::ItemFlags ParamModel::flags(const QModelIndex& index) const {
  const ParamRow* row = this->row(index);
  if (row == nullptr || row->heading) return Qt::ItemIsEnabled;
  Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
  if (editable_ && index.column() != kName) flags |= Qt::ItemIsEditable;
  return flags;
}

}  // namespace qd::widgets
