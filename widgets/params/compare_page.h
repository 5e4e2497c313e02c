// SPDX-License-Identifier: GPL-3.0-or-later
// Every parameter with a column for each process, so that what differs between servers is seen at once: a value that
// is not what most have carries a sign and a colour. UI thread only.
#pragma once

#include <QWidget>

#include "widgets/params/param_rows.h"

class QCheckBox;
class QLabel;
class QLineEdit;
class QTreeWidget;

namespace qd::widgets {

class ComparePage final : public QWidget {
  Q_OBJECT
 public:
  explicit ComparePage(QWidget* parent = nullptr);
  void show(const params::ParamBook& book, const std::vector<ProcessId>& processes, TimeNs asOf);

 Q_SIGNALS:
  void left();
  void changed();                                                 // what it is asked to show
  void chosen(const QString& process, const QString& parameter);  // double-clicked

 private:
  QLineEdit* search_;
  QCheckBox* differences_;
  QTreeWidget* table_;
  QLabel* note_;
};

}  // namespace qd::widgets
