// SPDX-License-Identifier: GPL-3.0-or-later
// Across the window while anything is stopped: who is stopped, who still runs, at which tick, how many players it
// touches, seconds until it resumes by itself, Continue and Step. Says when it should be seen. UI thread only.
#pragma once

#include <QFrame>

#include "core/ingest/events.h"
#include "widgets/base/session_context.h"

class QLabel;
class QPushButton;

namespace qd::widgets {

class StopBanner final : public QFrame {
  Q_OBJECT
 public:
  explicit StopBanner(const SessionContext& context, QWidget* parent = nullptr);

 Q_SIGNALS:
  void wanted(bool shown);  // whether anything is stopped changed
  void continueClicked();
  void stepClicked();
  void debugClicked();

 private:
  void refresh();
  void show(const ingest::LinkGroup& group);
  QString playersText(const ingest::LinkGroup& group) const;
  QString runningText(const ingest::LinkGroup& group) const;

  SessionContext context_;
  QLabel* headline_;
  QLabel* members_;
  QLabel* countdown_;
  QPushButton* continue_;
  QPushButton* step_;
  QPushButton* debug_;
  bool wanted_ = false;
  std::string shownHit_;
};

}  // namespace qd::widgets
