// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QSignalSpy>
#include <QTest>

#include "core/analysis/alert_book.h"
#include "core/ingest/directory.h"
#include "core/ingest/event_log.h"
#include "widgets/log/alert_model.h"
#include "widgets/log/moment_model.h"

namespace qd::log {
namespace {

using ingest::LogLevel;
using ingest::MomentKind;

constexpr TimeNs kStart = 1'700'000'000 * kNsPerSecond;

ingest::EnvelopePtr envelope(ingest::Event event, TimeNs received = kStart) {
  ingest::Envelope out;
  out.agent = AgentId("a:1");
  out.event = std::move(event);
  out.received = received;
  return std::make_shared<const ingest::Envelope>(std::move(out));
}

ingest::EnvelopePtr line(int second, LogLevel level, const char* text, std::uint64_t suppressed = 0) {
  ingest::LogLine out;
  out.process = {ProcessId("server-1"), InstanceId(1)};
  out.tick = second * 60;
  out.time = kStart + second * kNsPerSecond;
  out.level = level;
  out.category = "net";
  out.text = text;
  out.suppressed = suppressed;
  return envelope(out);
}

QString textAt(const QAbstractItemModel& model, int row, int column) {
  return model.data(model.index(row, column), Qt::DisplayRole).toString();
}

}  // namespace

class LogSuite final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void growsAtItsEndWithoutAReset();
  void filtersByLevelKindAndText();
  void countsWhatWasSuppressed();
  void marksWhatIsLaterThanTheShownMoment();
  void tenThousandLines();
  void aMomentBeforeTheNewestRowsIsAmongThem();
  void alertsForOverrunsComeTogether();
  void aProcessGoneIsOnUntilItIsBack();
  void lostAgentsAndGaps();
};

void LogSuite::growsAtItsEndWithoutAReset() {
  ingest::EventLog log;
  MomentModel model(log);
  log.on(line(1, LogLevel::Info, "one"));
  model.refresh();
  QCOMPARE(model.rowCount(), 1);
  QSignalSpy reset(&model, &QAbstractItemModel::modelReset), inserted(&model, &QAbstractItemModel::rowsInserted);
  log.on(line(2, LogLevel::Info, "two"));
  log.on(line(3, LogLevel::Info, "three"));
  model.refresh();
  QCOMPARE(model.rowCount(), 3);
  QCOMPARE(inserted.count(), 1);
  QCOMPARE(reset.count(), 0);
  QVERIFY(textAt(model, 2, MomentModel::TextColumn).contains(QStringLiteral("three")));
  QCOMPARE(textAt(model, 2, MomentModel::ProcessColumn), QStringLiteral("server-1"));
  model.refresh();  // nothing new
  QCOMPARE(inserted.count(), 1);
}

void LogSuite::filtersByLevelKindAndText() {
  ingest::EventLog log;
  log.on(line(1, LogLevel::Debug, "chatter"));
  log.on(line(2, LogLevel::Error, "Socket lost"));
  ingest::GameEvent event;
  event.process = {ProcessId("server-1"), InstanceId(1)};
  event.time = kStart + 3 * kNsPerSecond;
  event.name = "player.joined";
  log.on(envelope(event));
  MomentModel model(log);
  model.refresh();
  QCOMPARE(model.rowCount(), 3);
  model.setFilter({.kinds = {}, .processes = {}, .minimumLevel = LogLevel::Warning, .text = ""});
  QCOMPARE(model.rowCount(), 2);  // levels are of log lines alone
  model.setFilter({.kinds = {MomentKind::Log}, .processes = {}, .minimumLevel = LogLevel::Trace, .text = "SOCKET"});
  QCOMPARE(model.rowCount(), 1);
  QCOMPARE(model.data(model.index(0, 0), MomentModel::WeightRole).toInt(), static_cast<int>(Weight::Alarm));
  model.setFilter({.kinds = {}, .processes = {ProcessId("other")}, .minimumLevel = LogLevel::Trace, .text = ""});
  QCOMPARE(model.rowCount(), 0);
}

void LogSuite::countsWhatWasSuppressed() {
  ingest::EventLog log;
  log.on(line(1, LogLevel::Info, "a", 4));
  log.on(line(2, LogLevel::Info, "b", 3));
  MomentModel model(log);
  model.refresh();
  QCOMPARE(model.suppressed(), std::uint64_t{7});
  QVERIFY(textAt(model, 0, MomentModel::TextColumn).contains(QStringLiteral("4")));
}

void LogSuite::marksWhatIsLaterThanTheShownMoment() {
  ingest::EventLog log;
  for (int i = 1; i <= 3; ++i) log.on(line(i, LogLevel::Info, "x"));
  MomentModel model(log);
  model.refresh();
  model.setNow(kStart + 2 * kNsPerSecond);
  const auto later = [&](int row) { return model.data(model.index(row, 0), MomentModel::LaterRole).toBool(); };
  QVERIFY(!later(0) && !later(1) && later(2));
  QCOMPARE(model.rowAtOrBefore(kStart + 2 * kNsPerSecond), 1);
  QCOMPARE(model.rowAtOrBefore(kStart), -1);
}

void LogSuite::tenThousandLines() {
  ingest::EventLog log;
  for (int i = 0; i < 12'000; ++i) log.on(line(i, LogLevel::Info, "x"));
  MomentModel model(log);
  model.refresh();
  QCOMPARE(model.rowCount(), static_cast<int>(MomentModel::kMost));
  QSignalSpy reset(&model, &QAbstractItemModel::modelReset), removed(&model, &QAbstractItemModel::rowsRemoved);
  log.on(line(12'000, LogLevel::Info, "newest"));
  model.refresh();
  QCOMPARE(model.rowCount(), static_cast<int>(MomentModel::kMost));
  QCOMPARE(reset.count(), 0);
  QCOMPARE(removed.count(), 1);
  QVERIFY(textAt(model, model.rowCount() - 1, MomentModel::TextColumn).contains(QStringLiteral("newest")));
}

// A recording of an hour: wherever one goes, the rows around that moment are there, and live again the newest.
void LogSuite::aMomentBeforeTheNewestRowsIsAmongThem() {
  ingest::EventLog log;
  for (int i = 0; i < 30'000; ++i) log.on(line(i, LogLevel::Info, "x"));
  MomentModel model(log);
  model.refresh();
  for (const int second : {29'990, 15'000, 15'400, 5, 29'000, 12'345}) {
    const TimeNs now = kStart + second * kNsPerSecond;
    model.setNow(now);
    model.refresh();
    const int row = model.rowAtOrBefore(now);
    QVERIFY2(row >= 0, qPrintable(QString::number(second)));
    QCOMPARE(model.at(row)->time, now);
    QVERIFY(row + 1 < model.rowCount());  // and what followed
    QCOMPARE(model.at(row + 1)->time, now + kNsPerSecond);
  }
  model.setNow(INT64_MAX);
  model.refresh();
  QCOMPARE(model.at(model.rowCount() - 1)->time, kStart + 29'999 * kNsPerSecond);
}

namespace {

ingest::ProcessInfo server() {
  ingest::ProcessInfo info;
  info.id = ProcessId("server-1");
  info.instance = InstanceId(9);
  info.kind = ingest::ProcessKind::Server;
  ingest::SeriesInfo overruns;
  overruns.index = SeriesIndex(4);
  overruns.name = "tick.overruns";
  info.series = {overruns};
  return info;
}

ingest::EnvelopePtr overruns(int second, std::vector<std::int64_t> values) {
  ingest::SampleBlock block;
  block.process = {ProcessId("server-1"), InstanceId(9)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    block.ticks.push_back(second * 60 + static_cast<Tick>(i));
    block.times.push_back(kStart + second * kNsPerSecond + static_cast<TimeNs>(i) * kNsPerMs);
  }
  block.count = values.size();
  block.columns.push_back({SeriesIndex(4), {}, std::move(values)});
  return envelope(block);
}

}  // namespace

void LogSuite::alertsForOverrunsComeTogether() {
  analysis::AlertBook book;
  book.on(envelope(ingest::ProcessChange{server(), ""}));
  book.on(overruns(1, {0, 0, 1, 0}));
  book.on(overruns(3, {0, 2}));
  book.on(overruns(60, {0, 1}));
  const auto alerts = book.alerts(INT64_MAX);
  QCOMPARE(alerts.size(), std::size_t{2});
  QCOMPARE(alerts[0].count, std::uint64_t{3});
  QCOMPARE(alerts[0].tick, Tick{62});
  QCOMPARE(alerts[1].count, std::uint64_t{1});
  QVERIFY(isOn(alerts[0], kStart + 5 * kNsPerSecond));
  QVERIFY(!isOn(alerts[0], kStart + 30 * kNsPerSecond));
  QCOMPARE(book.alerts(kStart + 30 * kNsPerSecond).size(), std::size_t{1});
}

void LogSuite::aProcessGoneIsOnUntilItIsBack() {
  analysis::AlertBook book;
  auto info = server();
  book.on(envelope(ingest::ProcessChange{info, ""}));
  info.state = ingest::ProcessState::Gone;
  book.on(envelope(ingest::ProcessChange{info, "killed by signal 9"}, kStart + kNsPerSecond));
  AlertModel model(book);
  model.refresh(kStart + 100 * kNsPerSecond);
  QCOMPARE(model.on(), 1);
  QVERIFY(textAt(model, 0, AlertModel::TextColumn).contains(QStringLiteral("server-1 is gone: killed by signal 9")));
  info.state = ingest::ProcessState::Running;
  info.instance = InstanceId(10);
  book.on(envelope(ingest::ProcessChange{info, ""}, kStart + 5 * kNsPerSecond));
  model.refresh(kStart + 100 * kNsPerSecond);
  QCOMPARE(model.on(), 0);
  QCOMPARE(model.rowCount(), 1);
  model.refresh(kStart + 2 * kNsPerSecond);  // as it was then
  QCOMPARE(model.on(), 1);
}

void LogSuite::lostAgentsAndGaps() {
  analysis::AlertBook book;
  book.on(envelope(ingest::AgentChange{ingest::AgentState::Lost, "a:1", "", "connection reset"}));
  book.on(envelope(ingest::Gap{ProcessId("server-1"), kStart, kStart + kNsPerSecond, 120, "the queue was full"}));
  auto alerts = book.alerts(INT64_MAX);
  QCOMPARE(alerts.size(), std::size_t{2});
  QVERIFY(alerts[0].text.find("Agent a:1 is lost: connection reset") == 0);
  QCOMPARE(alerts[1].count, std::uint64_t{120});
  book.on(envelope(ingest::AgentChange{ingest::AgentState::Connected, "a:1", "1", ""}, kStart + 2 * kNsPerSecond));
  alerts = book.alerts(INT64_MAX);
  QCOMPARE(alerts[0].ended, kStart + 2 * kNsPerSecond);
}

}  // namespace qd::log

QTEST_MAIN(qd::log::LogSuite)
#include "log_test.moc"
