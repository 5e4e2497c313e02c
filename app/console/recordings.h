// SPDX-License-Identifier: GPL-3.0-or-later
// The files of the rolling recordings: their names, which ones go (older than 7 days, or beyond 8 GiB together, the
// oldest first), and how one is kept for good. What is kept lies in the folder "kept" below. Any thread; may block.
#pragma once

#include <QDateTime>
#include <QString>

namespace qd::console {

// FOLDER/2026-11-23T14-02-11Z-name-PID.qdrec, not there yet. With the process id, because two consoles may start in the
// same second and each must get a file of its own.
QString newRecordingPath(const QString& folder, const QString& name);
// A file that changed within the last hour may still be written and stays.
void pruneRecordings(const QString& folder, const QDateTime& now, qint64 mostBytes = qint64{8} << 30, int mostDays = 7);
// Moves it to kept/; false where the system refused, and it stays where it is.
bool keepRecording(const QString& path);

}  // namespace qd::console
