// SPDX-License-Identifier: GPL-3.0-or-later
// What the status bar says about a session's health, as separate pieces that keep their place. Figures nobody measured
// are "—". Pure: the composition gathers the numbers, the bar paints the pieces. UI thread.
#pragma once

#include <QString>
#include <QVector>
#include <cstdint>
#include <optional>

#include "core/base/clock.h"

namespace qd::session {

// What the agents send at full rate.
enum class Tier { Untiered, Full, ShownOnly, RollupsOnly };

struct StatusNumbers {
  int agents = 0, agentsConnected = 0;
  int processes = 0;  // without those that are gone
  std::optional<double> pointsPerSecond;
  std::optional<TimeNs> behind;                // age of the newest sample; none in a recording
  std::uint64_t dropped = 0;                   // samples lost before the console had them
  std::optional<std::uint64_t> recordedBytes;  // of the file being written
  QString recordingPath;
  QString recordingProblem;       // it has ended
  QString recordingWarning;       // it goes on
  std::uint64_t notRecorded = 0;  // entries that the console had and the file has not
  std::optional<std::int64_t> clockUncertaintyNs;
  Tier tier = Tier::Untiered;
  std::optional<double> bytesPerSecond;           // over the network
  double fullPointsPerSecond = 0, pointsCap = 0;  // if nothing gave way; cap 0: none
  bool replay = false;
  std::optional<double> loadingShare;  // of a recording that is still being read
  QString loadingProblem;
};

struct StatusPiece {
  QString key;  // stable, for tests and tooltips
  QString text;
  QString tip;
  bool alarm = false;  // shown in red with a mark before it
};

QVector<StatusPiece> statusPieces(const StatusNumbers& numbers);

}  // namespace qd::session
