// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/composition.h"

#include <fmt/format.h>

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QPointer>
#include <QtDebug>

#include "core/recording/keep_stretch.h"
#include "core/recording/rolling.h"
#include "widgets/session/recent_sessions.h"

namespace qd::console {

// Shared with the worker that opens; `core` is written by it before it posts finish().
struct Composition::Opening {
  session::SessionRequest request;
  Result<std::unique_ptr<SessionCore>> core{nullptr};
};

Composition::Composition(QSettings& settings, QObject* parent) : QObject(parent), settings_(settings) {}

Composition::~Composition() {
  close();
  reap(true);
}

void Composition::open(const session::SessionRequest& request) {
  close();
  switch (request.kind) {
    case session::SessionRequest::Kind::Stage:
      startStage();
      break;
    case session::SessionRequest::Kind::Attach:
      attach(request);
      break;
    case session::SessionRequest::Kind::Replay:
      replay(request);
      break;
  }
}

void Composition::startStage() {
  Q_EMIT opening(tr("Starting the stage"));
  stage_ = std::make_unique<StageProcess>();
  connect(stage_.get(), &StageProcess::ready, this, [this](const QStringList& agents) {
    session::SessionRequest request;
    request.kind = session::SessionRequest::Kind::Stage;
    request.context.name = "stage";
    request.context.environment = session::Environment::Stage;
    for (const QString& agent : agents) request.context.agents.push_back(agent.toStdString());
    attach(request);
  });
  connect(stage_.get(), &StageProcess::failed, this, [this](const QString& sentence) {
    stage_.release()->deleteLater();  // it is the one that speaks: not from within
    Q_EMIT failed(sentence);
  });
  stage_->start();
}

void Composition::attach(const session::SessionRequest& request) {
  const std::string folder = session::recordingsFolder().toStdString();
  const std::string path = recording::nextRecordingPath(folder, request.context.name);
  if (request.kind == session::SessionRequest::Kind::Attach) {
    QStringList agents;
    for (const auto& agent : request.context.agents) agents.append(QString::fromStdString(agent));
    session::rememberCluster(settings_, agents);
  }
  Q_EMIT opening(tr("Attaching to %1").arg(QString::fromStdString(request.context.name)));
  run(request, [folder, path, context = request.context, budget = budget_] {
    // Whatever is wrong with the folder, the recorder says it, and the session goes on without a recording.
    (void)QDir().mkpath(QString::fromStdString(folder));
    recording::prune(folder, {});
    return SessionCore::live(context, path, budget);
  });
}

void Composition::replay(const session::SessionRequest& request) {
  const QString name = QFileInfo(request.recording).fileName();
  Q_EMIT opening(tr("Opening %1").arg(name));
  run(request,
      [path = request.recording.toStdString(), budget = budget_] { return SessionCore::replay(path, budget); });
}

void Composition::run(const session::SessionRequest& request,
                      std::function<Result<std::unique_ptr<SessionCore>>()> make) {
  reap(false);
  opening_ = std::make_shared<Opening>();
  opening_->request = request;
  onWorker([opening = opening_, make = std::move(make), guard = QPointer<Composition>(this)] {
    opening->core = make();
    // Handed to the application, which outlives the worker; the guard is asked on the UI thread alone.
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [guard, opening] {
          if (guard != nullptr) guard->finish(opening);
        },
        Qt::QueuedConnection);
  });
}

void Composition::finish(const std::shared_ptr<Opening>& opening) {
  if (opening != opening_) {  // given up meanwhile: whatever came of it goes away on a worker
    onWorker([unwanted = opening] {
      if (unwanted->core) unwanted->core->reset();
    });
    return;
  }
  opening_.reset();
  if (!opening->core) {
    stage_.reset();
    Q_EMIT failed(QString::fromStdString(opening->core.error().message));
    return;
  }
  keep_ = false;
  session_ = std::make_unique<Session>(opening->request, std::move(*opening->core), ticker_);
  Q_EMIT opened(session_.get());
}

void Composition::close() {
  opening_.reset();
  if (session_ != nullptr) tearDown();
  if (stage_ == nullptr) return;
  stage_->setParent(this);  // ends in its own time; with us at the latest
  stage_.release()->end();
}

// Panels go first, then the core on a worker, because closing streams and files may wait.
void Composition::tearDown() {
  Q_EMIT aboutToClose();
  const std::vector<std::string> kept = keep_ ? session_->core().recordedFiles() : std::vector<std::string>();
  std::shared_ptr<SessionCore> core = session_->release();
  session_.reset();
  onWorker([core = std::move(core), kept]() mutable {
    core.reset();
    for (const std::string& path : kept) {
      if (const auto moved = recording::keep(path); !moved) qWarning("%s", moved.error().message.c_str());
    }
  });
  Q_EMIT closed();
}

void Composition::onWorker(std::function<void()> work) {
  auto done = std::make_shared<std::atomic<bool>>(false);
  std::thread thread([work = std::move(work), done]() mutable {
    work();
    work = nullptr;  // what it holds goes away here, not with the thread object
    *done = true;
  });
  workers_.push_back({std::move(done), std::move(thread)});
}

void Composition::reap(bool all) {
  std::erase_if(workers_, [all](Worker& worker) {
    if (!all && !*worker.done) return false;
    worker.thread.join();
    return true;
  });
}

QString Composition::recordingPath() const {
  return session_ == nullptr ? QString() : QString::fromStdString(session_->core().recording().path);
}

void Composition::setKeepRecording(bool keep) {
  keep_ = keep;
}

void Composition::keepStretch(const QString& name, TimeNs from, TimeNs to) {
  if (session_ == nullptr) return;
  reap(false);
  const bool replay = session_->isReplay();
  std::vector<std::string> files = session_->core().recordedFiles();
  if (replay) files = {session_->request().recording.toStdString()};
  recording::KeepOptions options{name.toStdString(), session::recordingsFolder().toStdString() + "/kept"};
  options.cut.from = from;
  options.cut.to = to;
  onWorker([files = std::move(files), options = std::move(options), guard = QPointer<Composition>(this)] {
    const auto done = recording::keepStretch(files, options, "quarterdeck " QD_VERSION);
    QString sentence =
        done ? tr("Kept as %1.").arg(QString::fromStdString(done->path)) : QString::fromStdString(done.error().message);
    if (done && done->leftOut > 0) sentence += tr(" %n damaged row(s) were left out.", nullptr, int(done->leftOut));
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [guard, sentence, problem = !done.has_value()] {
          if (guard != nullptr) Q_EMIT guard->kept(sentence, problem);
        },
        Qt::QueuedConnection);
  });
}

}  // namespace qd::console
