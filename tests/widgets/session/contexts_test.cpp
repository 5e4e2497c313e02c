// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "tests/widgets/session/suites.h"
#include "widgets/session/attach_dialog.h"
#include "widgets/session/contexts.h"
#include "widgets/session/go_to.h"

namespace qd::session {

void ContextsSuite::readsEveryKey() {
  const auto contexts = parseContexts(R"(
[[context]]
name = "eu"
environment = "staging"
agents = ["10.0.0.5:7400", "[::1]:7401"]
ca = "ca.pem"
cert = "/etc/me.pem"
key = "me.key"
server_name = "quarterdeckd"
colour = "#123abc"
record = ["tick.*", "net.rtt"]
max_points_per_second = 20000
)",
                                      "contexts.toml", "/home/me");
  QVERIFY(contexts.has_value());
  QCOMPARE(contexts->size(), std::size_t{1});
  const Context& eu = contexts->front();
  QCOMPARE(eu.name, std::string("eu"));
  QCOMPARE(eu.agents, (std::vector<std::string>{"10.0.0.5:7400", "[::1]:7401"}));
  QCOMPARE(eu.caFile, std::string("/home/me/ca.pem"));
  QCOMPARE(eu.certFile, std::string("/etc/me.pem"));
  QCOMPARE(eu.keyFile, std::string("/home/me/me.key"));
  QCOMPARE(eu.serverName, std::string("quarterdeckd"));
  QCOMPARE(eu.colour, std::string("#123abc"));
  QCOMPARE(eu.record, (std::vector<std::string>{"tick.*", "net.rtt"}));
  QCOMPARE(eu.maxPointsPerSecond, std::int64_t{20'000});
  QVERIFY(eu.environment == Environment::Staging && !eu.readOnly);
}

void ContextsSuite::productionOpensReadOnly() {
  const auto contexts = parseContexts("[[context]]\nname='live'\nenvironment='production'\nagents=['a:1']\n", "c", "/");
  QVERIFY(contexts && contexts->front().readOnly);
}

void ContextsSuite::refusesWithFileAndLine_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<QString>("part");
  QTest::newRow("no toml") << "[[context]\n"
                           << "c.toml:1:";
  QTest::newRow("no agents") << "[[context]]\nname='a'\n"
                             << "agents must be a list";
  QTest::newRow("bad endpoint") << "[[context]]\nname='a'\nagents=['nowhere']\n"
                                << "c.toml:3: \"nowhere\" is no HOST:PORT";
  QTest::newRow("twice") << "[[context]]\nname='a'\nagents=['a:1']\n[[context]]\nname='a'\nagents=['a:1']\n"
                         << "used twice";
  QTest::newRow("unknown key") << "[[context]]\nname='a'\nagents=['a:1']\ncolor='red'\n"
                               << "c.toml:4: unknown key color";
  QTest::newRow("half a certificate") << "[[context]]\nname='a'\nagents=['a:1']\ncert='x'\n"
                                      << "go together";
  QTest::newRow("number") << "[[context]]\nname=3\nagents=['a:1']\n"
                          << "name must be a text";
  QTest::newRow("cap") << "[[context]]\nname='a'\nagents=['a:1']\nmax_points_per_second=-1\n"
                       << "a whole number, 0 for no cap";
  QTest::newRow("record") << "[[context]]\nname='a'\nagents=['a:1']\nrecord='tick'\n"
                          << "record must be a list";
  QTest::newRow("other table") << "[server]\nx=1\n"
                               << "is not a [[context]]";
  QTest::newRow("environment") << "[[context]]\nname='a'\nenvironment='prod'\nagents=['a:1']\n"
                               << "not prod";
}

void ContextsSuite::refusesWithFileAndLine() {
  QFETCH(QString, text);
  QFETCH(QString, part);
  const auto contexts = parseContexts(text.toStdString(), "c.toml", "/");
  QVERIFY(!contexts.has_value());
  const QString message = QString::fromStdString(contexts.error().message);
  QVERIFY2(message.contains(part), qPrintable(message));
  QVERIFY2(message.startsWith(QStringLiteral("c.toml:")), qPrintable(message));
}

void ContextsSuite::aMissingFileIsAnEmptyList() {
  const auto contexts = loadContexts("/nonexistent/contexts.toml");
  QVERIFY(contexts && contexts->empty());
}

void ContextsSuite::endpoints_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<bool>("ok");
  QTest::newRow("name") << "host.example:7400" << true;
  QTest::newRow("v6") << "[fe80::1]:1" << true;
  QTest::newRow("bare v6") << "fe80::1:7400" << false;
  QTest::newRow("no port") << "host" << false;
  QTest::newRow("port 0") << "host:0" << false;
  QTest::newRow("port too big") << "host:65536" << false;
  QTest::newRow("no host") << ":7400" << false;
  QTest::newRow("url") << "http://host:7400" << false;
}

void ContextsSuite::endpoints() {
  QFETCH(QString, text);
  QFETCH(bool, ok);
  QCOMPARE(checkEndpoint(text.toStdString()).has_value(), ok);
}

void ContextsSuite::endpointListsOfTheDialog() {
  const auto list = parseEndpoints(QStringLiteral(" a:1, b:2;c:3 "));
  QVERIFY(list.has_value());
  QCOMPARE(*list, (std::vector<std::string>{"a:1", "b:2", "c:3"}));
  QVERIFY(!parseEndpoints(QStringLiteral("  ")).has_value());
  QVERIFY(!parseEndpoints(QStringLiteral("a:1, b")).has_value());
}

namespace {
constexpr TimeNs kDay = 86'400 * kNsPerSecond;
constexpr TimeNs kLast = 20'000 * kDay + 14 * 3600 * kNsPerSecond;  // 14:00 of some day
}  // namespace

void GoToSuite::ticksTimesAndSteps_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<qlonglong>("tick");
  QTest::addColumn<qlonglong>("time");
  const qlonglong midnight = 20'000 * kDay, second = kNsPerSecond;
  QTest::newRow("tick") << "123456" << 123456LL << 0LL;
  QTest::newRow("hash") << " #7 " << 7LL << 0LL;
  QTest::newRow("time") << "13:59:30.25" << -1LL << midnight + (13 * 3600 + 59 * 60 + 30) * second + second / 4;
  QTest::newRow("minutes") << "13:30Z" << -1LL << midnight + (13 * 3600 + 30 * 60) * second;
  QTest::newRow("later today is yesterday") << "23:00:00" << -1LL << midnight - 3600 * second;
  QTest::newRow("back") << "-30s" << -1LL << qlonglong{kLast - 40 * second};
  QTest::newRow("forward") << "+500ms" << -1LL << qlonglong{kLast - 10 * second + second / 2};
}

void GoToSuite::ticksTimesAndSteps() {
  QFETCH(QString, text);
  QFETCH(qlonglong, tick);
  QFETCH(qlonglong, time);
  const auto found = parseDestination(text.toStdString(), kLast - 10 * kNsPerSecond, kLast);
  QVERIFY(found.has_value());
  if (tick >= 0) {
    QCOMPARE(qlonglong{std::get<GoToTick>(*found).tick}, tick);
  } else {
    QCOMPARE(qlonglong{std::get<GoToTime>(*found).time}, time);
  }
}

void GoToSuite::refusesNonsense() {
  for (const char* text : {"", "abc", "25:00", "12:61", "12:00:99", "-", "-5", "12:00:0x", "1e9", "#-4"}) {
    QVERIFY2(!parseDestination(text, kLast, kLast).has_value(), text);
  }
}

}  // namespace qd::session
