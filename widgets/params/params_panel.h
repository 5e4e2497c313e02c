// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters of the selected process: search, edit with a fitting editor, stage, review, push, and what came of it;
// the actions that the process offers beside them. Shows ParamBook and orders through CommandPort. UI thread only.
#pragma once

#include "widgets/base/panel.h"
#include "widgets/params/param_rows.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QToolButton;
class QTreeView;

namespace qd::widgets {

class ActionPage;
class ParamDelegate;
class ParamModel;
class ReviewPage;

class ParamsPanel final : public Panel {
  Q_OBJECT
 public:
  explicit ParamsPanel(const SessionContext& context, QWidget* parent = nullptr);

 public Q_SLOTS:
  void reviewOrPush();  // Ctrl+Enter: first the review, then the push
  void undo();          // of the last staged edit

 protected:
  void refresh(bool second) override;

 private:
  void buildList();
  void connectPages();
  void stage(const QString& name, const Value& value);
  void push();
  void send(std::vector<control::PushOrder> orders);
  void openReview();
  void showList();
  void fillActions();
  void updateFooter();
  void say(const QString& sentence);
  void openMenu(const QPoint& at);
  void start(std::vector<control::PushOrder> orders);
  std::vector<ProcessId> targets() const;
  std::optional<std::int64_t> playersOn(const std::vector<ProcessId>& processes) const;

  ParamModel* model_;
  ParamDelegate* delegate_;
  EmptyState* empty_;
  QStackedWidget* pages_;
  QWidget* listPage_;
  ReviewPage* review_;
  ActionPage* action_;
  QLineEdit* search_;
  QToolButton* changedOnly_;
  QComboBox* scope_;
  QTreeView* view_;
  QLabel* message_;
  QPushButton* reviewButton_;
  QPushButton* undoButton_;
  QToolButton* actions_;
  std::uint64_t bookRevision_ = 0, directoryRevision_ = 0;
  TimeNs shownAt_ = 0;
};

}  // namespace qd::widgets
