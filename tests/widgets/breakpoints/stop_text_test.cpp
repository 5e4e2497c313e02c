// SPDX-License-Identifier: GPL-3.0-or-later
// What the window says about stops.
#include <QtTest>

#include "widgets/breakpoints/stop_text.h"

using namespace qd;
using namespace qd::widgets;

class StopTextTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void saysWhoStillRuns() {
    ingest::LinkGroup group;
    group.leader = ProcessId("server-1");
    group.members = {{ProcessId("server-1"), ingest::MemberState::Stopped, 1234, 0, 0},
                     {ProcessId("editor-1"), ingest::MemberState::Running, 0, 0, 0}};
    const QString text = membersText(group);
    QVERIFY(text.contains(QStringLiteral("server-1 stopped at tick")));
    QVERIFY(text.contains(QStringLiteral("editor-1 running")));
  }

  void showsTheTrueSkew() {
    ingest::LinkGroup group;
    group.leader = ProcessId("editor-1");
    group.members = {{ProcessId("editor-1"), ingest::MemberState::Stopped, 1000, 0, 0},
                     {ProcessId("server-1"), ingest::MemberState::Stopped, 1006, 6, 101'000'000}};
    const QString text = membersText(group);
    QVERIFY2(text.contains(QStringLiteral("skew 6 ticks, 101")), qPrintable(text));
  }

  void countsDownToZeroAndNotBelow() {
    ingest::LinkGroup group;
    QVERIFY(!secondsLeft(group, 5));
    group.leaseUntil = 10 * kNsPerSecond;
    QCOMPARE(*secondsLeft(group, 7 * kNsPerSecond + 1), 3);
    QCOMPARE(*secondsLeft(group, 11 * kNsPerSecond), 0);
  }

  void breakpointsReadAsSentences() {
    ingest::Breakpoint breakpoint;
    breakpoint.site = "combat.hit_resolved";
    breakpoint.condition = "damage > 50";
    breakpoint.after = 3;
    QCOMPARE(breakpointText(breakpoint), QStringLiteral("combat.hit_resolved if damage > 50, from hit 3 on"));
  }
};

QTEST_GUILESS_MAIN(StopTextTest)
#include "stop_text_test.moc"
