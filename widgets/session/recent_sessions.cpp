// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/recent_sessions.h"

#include <QDir>
#include <QFileInfo>
#include <QSettings>
#include <QStandardPaths>
#include <algorithm>
#include <functional>

namespace qd::session {
namespace {
constexpr int kClusters = 6;
const QLatin1String kKey("recent/clusters");
}  // namespace

QVector<RecentRecording> recentRecordings(const QString& folder, int most) {
  QVector<RecentRecording> out;
  for (const QString& place : {folder, folder + QStringLiteral("/kept")}) {
    const auto entries =
        QDir(place).entryInfoList({QStringLiteral("*.qdrec")}, QDir::Files | QDir::Readable, QDir::Time);
    for (const QFileInfo& entry : entries.mid(0, most)) {
      out.append({entry.absoluteFilePath(), entry.completeBaseName(), entry.lastModified().toUTC(), entry.size()});
    }
  }
  std::ranges::stable_sort(out, std::greater<>(), &RecentRecording::modified);
  return out.mid(0, most);
}

QStringList recentClusters(const QSettings& settings) {
  return settings.value(kKey).toStringList();
}

void rememberCluster(QSettings& settings, const QStringList& agents) {
  const QString entry = agents.join(QStringLiteral(", "));
  if (entry.isEmpty()) return;
  QStringList list = recentClusters(settings);
  list.removeAll(entry);
  list.prepend(entry);
  settings.setValue(kKey, QStringList(list.mid(0, kClusters)));
}

QString recordingsFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
         QStringLiteral("/quarterdeck/recordings");
}

}  // namespace qd::session
