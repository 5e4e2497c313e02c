// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/breakpoints/stop_text.h"

#include <QCoreApplication>
#include <QStringList>

#include "widgets/base/format.h"

namespace qd::widgets {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("StopText", text);
}

QString skewText(const ingest::GroupMember& member) {
  if (member.skewTicks == 0) return tr("skew 0 ticks");
  return tr("skew %1 ticks, %2").arg(member.skewTicks).arg(formatValue(static_cast<double>(member.skewNs) / 1e6, "ms"));
}

}  // namespace

QString memberStateText(ingest::MemberState state) {
  switch (state) {
    case ingest::MemberState::Running:
      return tr("running");
    case ingest::MemberState::Stopping:
      return tr("stopping");
    case ingest::MemberState::Stopped:
      return tr("stopped");
    case ingest::MemberState::Resuming:
      return tr("resuming");
    case ingest::MemberState::Wedged:
      return tr("does not answer");
    case ingest::MemberState::Exited:
      return tr("gone");
  }
  return {};
}

QString groupStateText(ingest::GroupState state) {
  switch (state) {
    case ingest::GroupState::Running:
      return tr("running");
    case ingest::GroupState::Gathering:
      return tr("stopping");
    case ingest::GroupState::Stopped:
      return tr("stopped");
    case ingest::GroupState::Resuming:
      return tr("resuming");
    case ingest::GroupState::Partial:
      return tr("stopped in part");
  }
  return {};
}

QString ackText(const ingest::BreakpointMember& member) {
  switch (member.ack) {
    case ingest::MemberAck::Draft:
      return member.reason.empty() ? tr("not sent") : QString::fromStdString(member.reason);
    case ingest::MemberAck::Sent:
      return tr("sent");
    case ingest::MemberAck::Verified:
      return tr("verified");
    case ingest::MemberAck::Moved:
      return tr("moved: %1").arg(QString::fromStdString(member.reason));
    case ingest::MemberAck::Rejected:
      return tr("rejected: %1").arg(QString::fromStdString(member.reason));
  }
  return {};
}

QString membersText(const ingest::LinkGroup& group) {
  QStringList parts;
  for (const ingest::GroupMember& member : group.members) {
    const QString state =
        member.ack == ingest::StopAck::Frozen ? tr("frozen") : memberStateText(member.state);  // not to be asked yet
    QString part = QStringLiteral("%1 %2").arg(QString::fromStdString(member.process.value), state);
    if (member.state == ingest::MemberState::Stopped) {
      part = tr("%1 at tick %2").arg(part, formatTick(member.tick));
      if (member.process != group.leader) part += QStringLiteral(" (%1)").arg(skewText(member));
    }
    parts << part;
  }
  return parts.join(QStringLiteral("  ·  "));
}

std::optional<int> secondsLeft(const ingest::LinkGroup& group, TimeNs now) {
  if (group.leaseUntil == 0) return std::nullopt;
  return static_cast<int>(std::max<TimeNs>(0, (group.leaseUntil - now + kNsPerSecond - 1) / kNsPerSecond));
}

QString breakpointText(const ingest::Breakpoint& breakpoint) {
  QString text = QString::fromStdString(breakpoint.site);
  if (breakpoint.kind == ingest::BreakpointKind::Tick) text = tr("tick %1").arg(formatTick(breakpoint.tick));
  if (breakpoint.kind == ingest::BreakpointKind::Source) text += QStringLiteral(":%1").arg(breakpoint.line);
  if (breakpoint.kind == ingest::BreakpointKind::Function) text = tr("function %1").arg(text);
  if (breakpoint.kind == ingest::BreakpointKind::Exception) text = tr("what is thrown and not caught");
  if (breakpoint.kind == ingest::BreakpointKind::Metric) text = tr("the tick after");
  if (!breakpoint.armWhen.empty()) {
    text += breakpoint.kind == ingest::BreakpointKind::Metric
                ? tr(" %1").arg(QString::fromStdString(breakpoint.armWhen))
                : tr(", once %1").arg(QString::fromStdString(breakpoint.armWhen));
  }
  if (!breakpoint.afterHitOf.empty())
    text += tr(", after a hit of %1").arg(QString::fromStdString(breakpoint.afterHitOf));
  if (!breakpoint.condition.empty()) text += tr(" if %1").arg(QString::fromStdString(breakpoint.condition));
  if (breakpoint.after > 1) text += tr(", from hit %1 on").arg(breakpoint.after);
  if (!breakpoint.logText.empty()) text += tr(", logs only");
  if (breakpoint.capture) text += tr(", captures once");
  return text;
}

}  // namespace qd::widgets
