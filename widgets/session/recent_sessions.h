// SPDX-License-Identifier: GPL-3.0-or-later
// What the start page offers to go back to: the recordings in the user's folder, newest first, and the clusters that
// were attached last (kept in the settings). Reads the folder's entries, never a file. UI thread.
#pragma once

#include <QDateTime>
#include <QString>
#include <QStringList>
#include <QVector>

class QSettings;

namespace qd::session {

struct RecentRecording {
  QString path, name;
  QDateTime modified;  // UTC
  qint64 bytes = 0;
};

// Those of `folder` and of its folder "kept".
QVector<RecentRecording> recentRecordings(const QString& folder, int most);

// "127.0.0.1:7400, 127.0.0.1:7401" lists, the newest first, without repeats.
QStringList recentClusters(const QSettings& settings);
void rememberCluster(QSettings& settings, const QStringList& agents);

// $XDG_DATA_HOME/quarterdeck/recordings; not made by this call.
QString recordingsFolder();

}  // namespace qd::session
