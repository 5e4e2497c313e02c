// SPDX-License-Identifier: GPL-3.0-or-later
// Locals and what lies below them: asked for when somebody opens it, marked where a value is another than at the stop
// before (by a sign and weight, not by colour alone); what was opened is opened again at the next stop. UI thread only.
#pragma once

#include <QTreeWidget>
#include <map>
#include <set>

#include "core/control/inspect.h"

namespace qd::widgets {

class VariablesTree final : public QTreeWidget {
  Q_OBJECT
 public:
  explicit VariablesTree(QWidget* parent = nullptr);

  // A new stop begins: what was shown is what is compared with.
  void nextStop();
  void setBefore(std::map<QString, QString> before) { before_ = std::move(before); }
  // Locals of a frame of that function.
  void showLocals(const QString& function, const std::vector<control::DebugVariable>& variables);
  void showBelow(quint64 question, const std::vector<control::DebugVariable>& variables);
  void showProblem(const QString& sentence);

 Q_SIGNALS:
  void wantsBelow(quint64 question, qint64 reference);

 private:
  void add(QTreeWidgetItem* parent, const QString& path, const control::DebugVariable& variable);

  std::map<QString, QString> before_, now_;
  std::set<QString> open_;  // what somebody has opened stays open from stop to stop
  std::map<quint64, QTreeWidgetItem*> asked_;
  quint64 nextQuestion_ = 1;
};

}  // namespace qd::widgets
