// SPDX-License-Identifier: GPL-3.0-or-later
// The staged edits as a diff against what is live, a comment, and the button that says what it will do. UI thread only.
#pragma once

#include <QWidget>

#include "core/params/push_rules.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTreeWidget;

namespace qd::widgets {

class ReviewPage final : public QWidget {
  Q_OBJECT
 public:
  explicit ReviewPage(QWidget* parent = nullptr);

  // `players`: on the targets, if known.
  void show(const params::ReviewFacts& facts, const std::vector<params::StagedEdit>& edits,
            std::optional<std::int64_t> players);
  QString comment() const;
  QString confirmed() const;                  // what was typed where it is needed
  bool isPlain() const;                       // at once, for good, everywhere
  void fill(ingest::ChangePlan& plan) const;  // how it goes and comes back, as chosen
  bool canPush() const;

 Q_SIGNALS:
  void pushed();
  void left();
  void unstaged(const QString& process, const QString& name);

 private:
  void update();

  params::ReviewFacts facts_;
  QTreeWidget* diff_;
  QLineEdit* comment_;
  QComboBox* way_;
  QComboBox* stay_;
  QLineEdit* guard_;
  QLineEdit* typed_;
  QString wanted_;  // what must be typed for a dangerous push
  QLabel* note_;
  QPushButton* push_;
};

// What must be typed to push something dangerous: it names servers and players.
QString confirmation(const params::ReviewFacts& facts, std::optional<std::int64_t> players);

// "Push 2 changes to 6 servers (84 players)".
QString pushText(const params::ReviewFacts& facts, std::optional<std::int64_t> players);

}  // namespace qd::widgets
