// SPDX-License-Identifier: GPL-3.0-or-later
// "Configuration at this moment": every parameter of every process as it was at the moment shown when it was opened,
// who set it at which tick, and what was armed and stopped. Can be copied as a table. Not modal. UI thread only.
#pragma once

#include <QDialog>

#include "widgets/base/session_context.h"

class QLabel;
class QTableWidget;

namespace qd::widgets {

class ConfigurationDialog final : public QDialog {
  Q_OBJECT
 public:
  explicit ConfigurationDialog(const SessionContext& context, QWidget* parent = nullptr);

 private:
  void fill(qint64 asOf);
  QString armedText(qint64 asOf) const;
  void copy() const;

  SessionContext context_;
  QTableWidget* table_;
  QLabel* armed_;
};

}  // namespace qd::widgets
