// SPDX-License-Identifier: GPL-3.0-or-later
// An experiment before it begins (hypothesis, fault, targets, blast radius, what aborts and what refutes it), while it
// runs, and its report. Not modal: the panels go on. UI thread only.
#pragma once

#include <QDialog>

#include "core/control/experiment_text.h"
#include "core/params/change_book.h"
#include "widgets/base/session_context.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QStackedWidget;
class QTextBrowser;

namespace qd::widgets {

class ExperimentDialog final : public QDialog {
  Q_OBJECT
 public:
  ExperimentDialog(const params::ChangeBook& book, const SessionContext& context, QWidget* parent = nullptr);
  void follow(const std::string& id);  // one that there is
  // What the form says. Errors: InvalidArgument, for the operator.
  Result<control::ExperimentPlan> plan() const;

 private:
  QWidget* makeForm();
  QWidget* makeReport();
  void refresh();
  void update();
  void begin();
  void abort();
  void save();
  void write(const control::ExperimentPlan& plan, bool removed);
  std::vector<ProcessId> servers() const;
  std::optional<control::ExperimentState> state() const;

  const params::ChangeBook& book_;
  const SessionContext context_;
  QStackedWidget* pages_;
  QLineEdit *name_, *hypothesis_, *fault_, *value_, *refutes_, *aborts_, *comment_, *typed_;
  QComboBox *targets_, *time_;
  QSpinBox* players_;
  QLabel* note_;
  QPushButton *begin_, *abort_, *save_;
  QTextBrowser* report_;
  std::string id_;
  std::uint64_t shown_ = 0;
  QString wanted_;
};

}  // namespace qd::widgets
