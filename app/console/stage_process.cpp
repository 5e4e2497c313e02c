// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/stage_process.h"

#include <signal.h>
#include <sys/prctl.h>

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTimer>

namespace qd::console {
namespace {
constexpr int kEndMs = 2000;
constexpr qsizetype kLongestLine = 1 << 20;
}  // namespace

Result<QStringList> readyAgents(const QByteArray& line) {
  const QJsonObject object = QJsonDocument::fromJson(line).object();
  if (!object.value(QLatin1String("ready")).toBool()) {
    return fail(ErrorCode::InvalidArgument,
                "The stage did not say that it is ready; run quarterdeck-stage to see why.");
  }
  QStringList agents;
  for (const auto& agent : object.value(QLatin1String("agents")).toArray()) {
    const QString endpoint = agent.isString() ? agent.toString() : agent[QLatin1String("listen")].toString();
    if (!endpoint.isEmpty()) agents.append(endpoint);
  }
  const QString first = object.value(QLatin1String("agent")).toString();
  if (!first.isEmpty() && !agents.contains(first)) agents.prepend(first);
  if (agents.isEmpty()) return fail(ErrorCode::InvalidArgument, "The stage named no agent to attach to.");
  return agents;
}

StageProcess::StageProcess(QObject* parent) : QObject(parent) {
  process_.setProgram(QCoreApplication::applicationDirPath() + QStringLiteral("/quarterdeck-stage"));
  // Should this program be killed, the stage gets a SIGTERM and ends its own children.
  process_.setChildProcessModifier([] { prctl(PR_SET_PDEATHSIG, SIGTERM); });
  connect(&process_, &QProcess::readyReadStandardOutput, this, &StageProcess::readLines);
  connect(&process_, &QProcess::readyReadStandardError, this, &StageProcess::readErrors);
  connect(&process_, &QProcess::finished, this, &StageProcess::ended);
  connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart || closing_) return;
    Q_EMIT failed(tr("The stage could not be started: %1 is missing or not executable.").arg(process_.program()));
  });
}

StageProcess::~StageProcess() {
  closing_ = true;
  if (process_.state() == QProcess::NotRunning) return;
  process_.terminate();
  if (!process_.waitForFinished(kEndMs)) process_.kill();
  process_.waitForFinished(kEndMs);
}

void StageProcess::start() {
  process_.start(QIODevice::ReadOnly);
}

void StageProcess::end() {
  closing_ = true;
  if (process_.state() == QProcess::NotRunning) {
    deleteLater();
    return;
  }
  connect(&process_, &QProcess::finished, this, &QObject::deleteLater);
  process_.terminate();
  QTimer::singleShot(kEndMs, &process_, &QProcess::kill);
}

void StageProcess::readLines() {
  buffer_ += process_.readAllStandardOutput();
  const auto end = buffer_.indexOf('\n');
  if (isReady_ || end < 0) {
    if (isReady_ || buffer_.size() > kLongestLine) buffer_.clear();
    return;
  }
  const auto agents = readyAgents(buffer_.left(end));
  buffer_.clear();
  if (!agents) {
    Q_EMIT failed(QString::fromStdString(agents.error().message));
    return;
  }
  isReady_ = true;
  Q_EMIT ready(*agents);
}

void StageProcess::readErrors() {
  const QByteArray text = process_.readAllStandardError().trimmed();
  if (!text.isEmpty()) lastError_ = text.mid(text.lastIndexOf('\n') + 1).left(300);
}

void StageProcess::ended(int code, QProcess::ExitStatus status) {
  if (closing_) return;
  const QString how = status == QProcess::CrashExit ? tr("crashed") : tr("ended with code %1").arg(code);
  const QString why = lastError_.isEmpty() ? QString() : QStringLiteral(": ") + QString::fromUtf8(lastError_);
  Q_EMIT failed(tr("The stage %1%2").arg(how, why));
}

}  // namespace qd::console
