// SPDX-License-Identifier: GPL-3.0-or-later
// The form that makes a breakpoint: site or tick, condition, hit count, what happens on a hit. UI thread only.
#pragma once

#include <QWidget>
#include <vector>

#include "core/control/command_port.h"

class QComboBox;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace qd::widgets {

class ArmForm final : public QWidget {
  Q_OBJECT
 public:
  explicit ArmForm(QWidget* parent = nullptr);
  // The sites that can be chosen; keeps what is chosen where it still exists.
  void setSites(QStringList sites);
  void setCanArm(bool can);
  void focusSite();

 Q_SIGNALS:
  void armed(const qd::control::BreakpointOrder& order);

 private:
  static QString anywhere();
  control::BreakpointOrder order() const;

  QComboBox* site_;
  QLineEdit* condition_;
  QLineEdit* when_;
  QSpinBox* after_;
  QComboBox* effect_;
  QPushButton* arm_;
};

}  // namespace qd::widgets
