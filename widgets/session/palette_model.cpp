// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/palette_model.h"

#include <algorithm>

namespace qd::session {
namespace {

bool startsWord(const QString& text, qsizetype at) {
  return at == 0 || !text.at(at - 1).isLetterOrNumber();
}

QString plain(const QAction& action) {
  QString text = action.text();
  text.remove(QLatin1Char('&'));
  return text;
}

}  // namespace

std::optional<int> matchScore(const QString& text, const QString& typed) {
  const QString hay = text.toLower(), needle = typed.toLower().simplified();
  if (needle.isEmpty()) return 0;
  if (const auto at = hay.indexOf(needle); at >= 0) return static_cast<int>(startsWord(hay, at) ? at : 100 + at);
  int score = 1000;
  qsizetype from = 0;
  for (const QChar c : needle) {
    if (c.isSpace()) continue;
    const auto at = hay.indexOf(c, from);
    if (at < 0) return std::nullopt;
    score += static_cast<int>(at - from) + (startsWord(hay, at) ? 0 : 5);
    from = at + 1;
  }
  return score;
}

void PaletteModel::setActions(const QList<QAction*>& actions) {
  all_.clear();
  for (QAction* action : actions) all_.append(action);
  rebuild();
}

void PaletteModel::setTyped(const QString& typed) {
  typed_ = typed;
  rebuild();
}

void PaletteModel::rebuild() {
  beginResetModel();
  QList<std::pair<int, QPointer<QAction>>> found;
  for (const QPointer<QAction>& action : all_) {
    if (action == nullptr) continue;
    const auto score = matchScore(plain(*action), typed_);
    if (score) found.append({*score + (action->isEnabled() ? 0 : 100000), action});
  }
  std::ranges::stable_sort(found, {}, [](const auto& entry) { return entry.first; });
  shown_.clear();
  for (auto& entry : found) shown_.append(entry.second);
  endResetModel();
}

QAction* PaletteModel::actionAt(int row) const {
  return row >= 0 && row < shown_.size() ? shown_.at(row).data() : nullptr;
}

int PaletteModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(shown_.size());
}

QVariant PaletteModel::data(const QModelIndex& index, int role) const {
  const QAction* action = actionAt(index.row());
  if (action == nullptr) return {};
  switch (role) {
    case Qt::DisplayRole:
      return plain(*action);
    case Qt::ToolTipRole:
      return action->toolTip();
    case ShortcutRole:
      return action->shortcut().toString(QKeySequence::NativeText);
    case EnabledRole:
      return action->isEnabled();
    default:
      return {};
  }
}

}  // namespace qd::session
