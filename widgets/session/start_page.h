// SPDX-License-Identifier: GPL-3.0-or-later
// What the window opens on: try the stage, attach, open a recording; the contexts of contexts.toml and the sessions of
// before. Also the place that says why an attempt failed, and what is being opened meanwhile. UI thread.
#pragma once

#include <QWidget>

#include "widgets/session/recent_sessions.h"
#include "widgets/session/session_request.h"

class QLabel;
class QListWidget;
class QProgressBar;
class QPushButton;
class QVBoxLayout;

namespace qd::session {

class StartPage final : public QWidget {
  Q_OBJECT
 public:
  explicit StartPage(QWidget* parent = nullptr);

  void setContexts(const Result<std::vector<Context>>& contexts, const QString& path);
  void setRecent(const QVector<RecentRecording>& recordings, const QStringList& clusters);
  void showProblem(const QString& sentence);  // empty: none
  // `percent` below 0: unknown how long. Empty text: nothing is being opened.
  void showProgress(const QString& text, int percent = -1);

 Q_SIGNALS:
  void requested(const qd::session::SessionRequest& request);
  void attachClicked();
  void openClicked();
  void cancelClicked();

 private:
  QWidget* makeActions();
  QWidget* makeLists();
  QPushButton* bigButton(const QString& title, const QString& detail);

  QLabel* problem_;
  QLabel* contextProblem_;
  QWidget* progressRow_;
  QLabel* progressText_;
  QProgressBar* progress_;
  QWidget* actions_;
  QListWidget* contexts_;
  QListWidget* recent_;
  std::vector<SessionRequest> contextRequests_, recentRequests_;
};

}  // namespace qd::session
