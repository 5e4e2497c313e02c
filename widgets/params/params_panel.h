// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters of the selected process: search, filter, favourites, edit with a fitting editor, stage, review, push, and
// what came of it; what other operators stage meanwhile; a comparison over all servers, presets, and the actions that
// the process offers beside them. Shows ParamBook and orders through CommandPort. UI thread only.
#pragma once

#include "core/params/change_book.h"
#include "widgets/base/panel.h"
#include "widgets/params/param_rows.h"

class QComboBox;
class QSettings;
class QLabel;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QMenu;
class QToolButton;
class QTreeView;

namespace qd::widgets {

class ActionPage;
class ComparePage;
class ParamDelegate;
class ParamModel;
class PresetsPage;
class ReviewPage;

class ParamsPanel final : public Panel {
  Q_OBJECT
 public:
  explicit ParamsPanel(const SessionContext& context, QWidget* parent = nullptr);
  // Where shared items are (presets, what others stage), and where the favourites are kept. Both outlive the panel.
  void setSources(const params::ChangeBook* changes, QSettings* settings);

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
  void addConflictActions(QMenu& menu, const ParamRow& row);
  void addDriftActions(QMenu& menu, const ParamRow& row);
  void toggleFavourite(const QString& name);
  void showFacts();
  void showDrift(const std::vector<ParamRow>& rows);
  void restoreDrift();
  void acceptDrift();
  void shareStaging();
  void showComparison();
  void showPresets();
  void tellConflicts(const control::PushOrder& order, const std::vector<ingest::PushResult>& results);
  std::vector<ProcessId> allServers() const;
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
  ComparePage* compare_;
  PresetsPage* presets_;
  QLineEdit* search_;
  QComboBox* filter_;
  QComboBox* scope_;
  QTreeView* view_;
  QLabel* message_;
  QLabel* facts_;
  QWidget* driftBar_;
  QLabel* driftText_;
  QPushButton* reviewButton_;
  QPushButton* undoButton_;
  QToolButton* actions_;
  params::StagingShare staging_;
  ParamExtras extras_;
  const params::ChangeBook* changes_ = nullptr;
  QSettings* settings_ = nullptr;
  std::uint64_t changesRevision_ = 0;
  std::uint64_t bookRevision_ = 0, directoryRevision_ = 0;
  TimeNs shownAt_ = 0;
};

}  // namespace qd::widgets
