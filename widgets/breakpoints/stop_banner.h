// SPDX-License-Identifier: GPL-3.0-or-later
// Across the window while anything is stopped: who is stopped, who still runs, at which tick, how many players it
// touches, seconds until it resumes by itself, Continue and Step. Hidden otherwise. UI thread only.
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

 public Q_SLOTS:
  void continueAll();  // F5
  void stepTick();     // F10

 private:
  void refresh();
  void show(const ingest::LinkGroup& group);
  QString playersText(const ingest::LinkGroup& group) const;

  SessionContext context_;
  QLabel* headline_;
  QLabel* members_;
  QLabel* countdown_;
  QPushButton* continue_;
  QPushButton* step_;
  std::string group_;
  std::string shownHit_;
};

}  // namespace qd::widgets
