// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/recordings.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

namespace qd::console {
namespace {

constexpr qint64 kStillWrittenSeconds = 3600;

QString plainName(const QString& name) {
  QString out;
  for (const QChar c : name)
    out += c.isLetterOrNumber() || c == QLatin1Char('-') || c == QLatin1Char('.') ? c : QLatin1Char('-');
  return out.isEmpty() ? QStringLiteral("session") : out.left(60);
}

void removeRecording(const QString& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) QFile::remove(path + QLatin1String(suffix));
}

}  // namespace

QString newRecordingPath(const QString& folder, const QString& name) {
  const QString base = folder + QLatin1Char('/') +
                       QDateTime::currentDateTimeUtc().toString(QStringLiteral("yyyy-MM-dd'T'HH-mm-ss'Z'")) +
                       QStringLiteral("-%1-%2").arg(plainName(name)).arg(QCoreApplication::applicationPid());
  QString path = base + QStringLiteral(".qdrec");
  for (int i = 2; QFileInfo::exists(path); ++i) path = QStringLiteral("%1-%2.qdrec").arg(base).arg(i);
  return path;
}

void pruneRecordings(const QString& folder, const QDateTime& now, qint64 mostBytes, int mostDays) {
  qint64 total = 0;
  const auto entries = QDir(folder).entryInfoList({QStringLiteral("*.qdrec")}, QDir::Files, QDir::Time);
  for (const QFileInfo& entry : entries) {  // newest first
    const qint64 age = entry.lastModified().secsTo(now);
    total += entry.size();
    if (age < kStillWrittenSeconds) continue;
    if (age > qint64{mostDays} * 86400 || total > mostBytes) removeRecording(entry.absoluteFilePath());
  }
}

bool keepRecording(const QString& path) {
  const QFileInfo file(path);
  QDir folder = file.dir();
  if (!folder.mkpath(QStringLiteral("kept"))) return false;
  return QFile::rename(path, folder.filePath(QStringLiteral("kept/") + file.fileName()));
}

}  // namespace qd::console
