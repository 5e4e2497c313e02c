// SPDX-License-Identifier: GPL-3.0-or-later
// Every action of the window, filtered by what is typed: the letters must occur in order, and a match at the start of
// words comes first. Disabled actions stay listed, so that one learns they exist, but last. UI thread.
#pragma once

#include <QAbstractListModel>
#include <QAction>
#include <QPointer>
#include <optional>

namespace qd::session {

// Smaller is better; none: no match. Case does not count.
std::optional<int> matchScore(const QString& text, const QString& typed);

class PaletteModel final : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { ShortcutRole = Qt::UserRole + 1, EnabledRole };

  explicit PaletteModel(QObject* parent = nullptr) : QAbstractListModel(parent) {}
  void setActions(const QList<QAction*>& actions);
  void setTyped(const QString& typed);
  QAction* actionAt(int row) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  void rebuild();

  QList<QPointer<QAction>> all_;
  QList<QPointer<QAction>> shown_;
  QString typed_;
};

}  // namespace qd::session
