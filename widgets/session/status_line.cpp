// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/status_line.h"

#include <QCoreApplication>
#include <algorithm>

#include "widgets/base/format.h"

namespace qd::session {
namespace {

using widgets::formatBytes;
using widgets::formatCount;
using widgets::formatNumber;

QString text(const char* source) {
  return QCoreApplication::translate("StatusLine", source);
}

constexpr TimeNs kFarBehind = 2 * kNsPerSecond;

StatusPiece loadingPiece(const StatusNumbers& numbers) {
  const QString key = QStringLiteral("behind");
  if (!numbers.loadingProblem.isEmpty()) return {key, text("recording damaged"), numbers.loadingProblem, true};
  if (!numbers.loadingShare) return {key, text("recording"), text("A recording has no live edge"), false};
  return {key, text("reading %1 %").arg(static_cast<int>(*numbers.loadingShare * 100)),
          text("The recording is still being read; what is read can be looked at"), false};
}

StatusPiece behindPiece(const StatusNumbers& numbers) {
  const QString tip = text("Age of the newest sample in the store: the network, the agent and the decoding together");
  if (numbers.replay) return loadingPiece(numbers);
  if (!numbers.behind) return {QStringLiteral("behind"), text("— behind"), tip, false};
  const TimeNs behind = std::max<TimeNs>(*numbers.behind, 0);
  const QString amount = behind >= kFarBehind ? text("%1 s behind").arg(formatNumber(behind / 1e9))
                                              : text("%1 ms behind").arg(behind / kNsPerMs);
  return {QStringLiteral("behind"), amount, tip, behind >= kFarBehind};
}

StatusPiece recordPiece(const StatusNumbers& numbers) {
  if (!numbers.recordingProblem.isEmpty()) {
    QString tip = numbers.recordingProblem;
    if (numbers.notRecorded > 0)
      tip += text("\n%1 blocks of samples and events since then are not recorded.")
                 .arg(formatCount(static_cast<double>(numbers.notRecorded)));
    return {QStringLiteral("rec"), text("REC failed"), tip, true};
  }
  if (!numbers.recordedBytes) {
    return {QStringLiteral("rec"), numbers.replay ? text("REC off") : text("REC —"), numbers.recordingPath, false};
  }
  QString tip = text("Recording to %1").arg(numbers.recordingPath);
  if (!numbers.recordingWarning.isEmpty()) tip += QLatin1Char('\n') + numbers.recordingWarning;
  const QString size = formatBytes(static_cast<double>(*numbers.recordedBytes));
  if (numbers.notRecorded > 0) {
    tip += text("\n%1 blocks of samples and events are not in it and did not come again; gap rows say when.")
               .arg(formatCount(static_cast<double>(numbers.notRecorded)));
    return {QStringLiteral("rec"), text("REC %1, gaps").arg(size), tip, true};
  }
  return {QStringLiteral("rec"), text("REC %1").arg(size), tip, !numbers.recordingWarning.isEmpty()};
}

StatusPiece clockPiece(const StatusNumbers& numbers) {
  const QString tip = text("Uncertainty of the agents' clocks against this computer's, the worst of them");
  if (!numbers.clockUncertaintyNs) return {QStringLiteral("clock"), text("clock —"), tip, false};
  return {QStringLiteral("clock"), text("clock ±%1 ms").arg(formatNumber(*numbers.clockUncertaintyNs / 1e6)), tip,
          false};
}

// What the session costs, and what gave way to the cap.
StatusPiece ratePiece(const StatusNumbers& numbers) {
  const QString points = numbers.pointsPerSecond ? formatCount(*numbers.pointsPerSecond) : text("—");
  QString tip = text("Samples taken into the store each second");
  if (numbers.bytesPerSecond) tip += text("; %1/s over the network").arg(formatBytes(*numbers.bytesPerSecond));
  if (numbers.pointsCap > 0) {
    tip += text("\nAt full rate this context makes %1 points/s; its cap is %2 (max_points_per_second in contexts.toml)")
               .arg(formatCount(numbers.fullPointsPerSecond), formatCount(numbers.pointsCap));
  }
  switch (numbers.tier) {
    case Tier::ShownOnly:
      tip += text(
          "\nOver the cap: what is shown comes at full rate, everything else as one row a second. The agents' "
          "flight recorders still hold it (qdctl collect).");
      return {QStringLiteral("rate"), text("%1 points/s, rest at 1 s").arg(points), tip, true};
    case Tier::RollupsOnly:
      tip += text(
          "\nFar over the cap: everything comes as one row a second. The agents' flight recorders still hold "
          "the rest (qdctl collect).");
      return {QStringLiteral("rate"), text("%1 points/s, all at 1 s").arg(points), tip, true};
    case Tier::Untiered:
    case Tier::Full:
      break;
  }
  return {QStringLiteral("rate"), text("%1 points/s").arg(points), tip, false};
}

}  // namespace

QVector<StatusPiece> statusPieces(const StatusNumbers& numbers) {
  const bool lost = numbers.agentsConnected < numbers.agents && !numbers.replay;
  QVector<StatusPiece> out;
  out.append(
      {QStringLiteral("agents"),
       numbers.replay
           ? text("%1 recorded").arg(numbers.agents == 1 ? text("1 agent") : text("%1 agents").arg(numbers.agents))
           : text("%1/%2 agents").arg(numbers.agentsConnected).arg(numbers.agents),
       text("Agents connected, of those of this session"), lost});
  out.append({QStringLiteral("processes"),
              numbers.processes == 1 ? text("1 process") : text("%1 processes").arg(numbers.processes),
              text("Servers and editors that are here"), false});
  out.append(ratePiece(numbers));
  out.append(behindPiece(numbers));
  out.append({QStringLiteral("dropped"), text("%1 dropped").arg(formatCount(static_cast<double>(numbers.dropped))),
              text("Samples lost before this console had them: full rings, gaps, or it could not keep up"),
              numbers.dropped > 0});
  out.append(recordPiece(numbers));
  out.append(clockPiece(numbers));
  return out;
}

}  // namespace qd::session
