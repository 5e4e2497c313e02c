// SPDX-License-Identifier: GPL-3.0-or-later
// Chooses which objects exist: at most one session, the stage where it was asked for, and the one frame tick. Opening
// and closing happen on worker threads; a new session waits for nothing but its own opening. UI thread.
#pragma once

#include <QObject>
#include <QSettings>
#include <QString>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "app/console/session.h"
#include "app/console/stage_process.h"
#include "widgets/base/frame_tick.h"

namespace qd::console {

class Composition final : public QObject {
  Q_OBJECT
 public:
  explicit Composition(QSettings& settings, QObject* parent = nullptr);
  ~Composition() override;  // closes what is open and waits for it

  Session* session() const { return session_.get(); }
  widgets::FrameTick& ticker() { return ticker_; }
  QString recordingPath() const;  // of the session that is open; empty: nothing is recorded

 public Q_SLOTS:
  void open(const qd::session::SessionRequest& request);  // closes the session before it
  void close();                                           // also gives up an opening
  void setKeepRecording(bool keep);
  void setBudget(std::size_t bytes) { budget_ = bytes; }  // that samples may take, of the next session
  // What is recorded of it, as a session with a name; what came of it is said by kept().
  void keepStretch(const QString& name, qd::TimeNs from, qd::TimeNs to);

 Q_SIGNALS:
  void opening(const QString& what);
  void opened(qd::console::Session* session);
  void aboutToClose();  // panels go now
  void closed();
  void kept(const QString& sentence, bool problem);
  void failed(const QString& sentence);  // the opening; or the stage, while its session goes on

 private:
  struct Opening;
  void startStage();
  void attach(const session::SessionRequest& request);
  void replay(const session::SessionRequest& request);
  void run(const session::SessionRequest& request, std::function<Result<std::unique_ptr<SessionCore>>()> make);
  void finish(const std::shared_ptr<Opening>& opening);
  void tearDown();
  void onWorker(std::function<void()> work);
  void reap(bool all);

  QSettings& settings_;
  widgets::FrameTick ticker_;
  std::unique_ptr<StageProcess> stage_;
  std::unique_ptr<Session> session_;
  std::shared_ptr<Opening> opening_;
  bool keep_ = false;
  std::size_t budget_ = SessionCore::kBudget;
  struct Worker {
    std::shared_ptr<std::atomic<bool>> done;
    std::thread thread;
  };
  std::vector<Worker> workers_;
};

}  // namespace qd::console
