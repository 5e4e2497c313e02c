// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <memory>

#include "core/ingest/directory.h"
#include "core/ingest/event_log.h"
#include "core/series/store.h"
#include "widgets/fleet/fleet_model.h"
#include "widgets/fleet/player_model.h"

namespace qd::fleet {
namespace {

using ingest::ProcessKind;
using ingest::ProcessState;

constexpr TimeNs kStart = 1'700'000'000 * kNsPerSecond;
constexpr TimeNs kNow = kStart + 10 * kNsPerSecond;

FleetRow row(const char* id, std::optional<double> p99, double budget = 10) {
  FleetRow out;
  out.id = ProcessId(id);
  out.name = id;
  out.kind = ProcessKind::Server;
  out.p99Ms = p99;
  out.budgetMs = budget;
  return out;
}

std::vector<std::string> sorted(std::vector<FleetRow> rows) {
  std::ranges::stable_sort(rows, worse);
  std::vector<std::string> names;
  for (const auto& entry : rows) names.push_back(entry.name);
  return names;
}

// A directory and a store fed with one server as a stream would feed them.
struct Fed {
  ingest::Directory directory;
  series::Store store;
  ingest::ProcessInfo info;

  void put(ingest::Event event) {
    ingest::Envelope envelope;
    envelope.agent = AgentId("a:1");
    envelope.event = std::move(event);
    envelope.received = kStart;
    const auto shared = std::make_shared<const ingest::Envelope>(std::move(envelope));
    directory.on(shared);
    store.on(shared);
  }
  void declare(std::vector<ingest::SeriesInfo> series) {
    info.id = ProcessId("server-1");
    info.instance = InstanceId(5);
    info.kind = ProcessKind::Server;
    info.name = "server-1";
    info.domain = "server-1";
    info.tickHz = 60;
    info.started = kStart;
    info.series = std::move(series);
    put(ingest::ProcessChange{info, ""});
  }
  // One block: for each series its values, at 10 Hz, ending at kNow.
  void feed(const std::vector<std::vector<std::int64_t>>& columns) {
    ingest::SampleBlock block;
    block.process = {info.id, info.instance};
    const auto rows = columns.front().size();
    for (std::size_t i = 0; i < rows; ++i) {
      block.ticks.push_back(static_cast<Tick>(6 * i));
      block.times.push_back(kNow - static_cast<TimeNs>(rows - 1 - i) * kNsPerSecond / 10);
    }
    for (std::size_t s = 0; s < columns.size(); ++s) {
      block.columns.push_back({SeriesIndex(static_cast<std::uint32_t>(s)), {}, columns[s]});
      block.count += rows;
    }
    put(block);
  }
};

ingest::SeriesInfo series(std::uint32_t index, const char* name, std::int32_t scale,
                          std::vector<std::pair<std::string, std::string>> dimensions = {}) {
  ingest::SeriesInfo info;
  info.index = SeriesIndex(index);
  info.name = name;
  info.scale = scale;
  info.dimensions = std::move(dimensions);
  return info;
}

}  // namespace

class FleetSuite final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void worstFirst();
  void rowsDoNotDanceWithinATenth();
  void readsFiguresFromTheStream();
  void staleAfterASecondOfSilence();
  void aStaleRowShowsItsAgeAndNoFigures();
  void filterAndGroups();
  void refreshKeepsRowsWhereTheyAre();
  void playersComeFromClientSeries();
  void playersSortWithDashesLast();
};

void FleetSuite::worstFirst() {
  FleetRow parked = row("parked", 1), gone = row("gone", {}), longGone = row("long-gone", {}), stale = row("stale", {});
  parked.state = ProcessState::Parked;
  gone.state = longGone.state = ProcessState::Gone;
  gone.age = 5 * kNsPerSecond;
  longGone.age = 600 * kNsPerSecond;
  stale.stale = true;
  FleetRow editor = row("editor", 5);
  editor.kind = ProcessKind::Editor;
  const auto names = sorted({longGone, row("idle", 1), row("busy", 8), editor, stale, row("server", 5),
                             row("unknown", {}), gone, parked, row("over", 12)});
  QCOMPARE(names, (std::vector<std::string>{"over", "parked", "gone", "stale", "busy", "server", "editor", "idle",
                                            "unknown", "long-gone"}));
}

void FleetSuite::rowsDoNotDanceWithinATenth() {
  QCOMPARE(sorted({row("a", 2.01), row("b", 2.09)}), (std::vector<std::string>{"a", "b"}));
  QCOMPARE(sorted({row("a", 2.01), row("b", 3.5)}), (std::vector<std::string>{"b", "a"}));
}

void FleetSuite::readsFiguresFromTheStream() {
  Fed fed;
  auto duration = series(0, "tick.duration", 6);
  duration.budget = 16.67;
  fed.declare({duration, series(1, "tick.rate", 3), series(2, "players.online", 0)});
  fed.feed({std::vector<std::int64_t>(20, 2'500'000), std::vector<std::int64_t>(20, 59'900),
            std::vector<std::int64_t>(20, 17)});
  const auto rows = fleetRows(fed.directory, fed.store, kNow);
  QCOMPARE(rows.size(), std::size_t{1});
  QCOMPARE(*rows[0].p99Ms, 2.5);
  QCOMPARE(*rows[0].rate, 59.9);
  QCOMPARE(*rows[0].players, 17.0);
  QCOMPARE(*rows[0].budgetMs, 16.67);
  FleetModel model;
  model.setRows(rows);
  const auto text = [&](int column) { return model.data(model.index(0, column), Qt::DisplayRole).toString(); };
  QCOMPARE(text(FleetModel::NameColumn), QStringLiteral("server-1"));
  QCOMPARE(text(FleetModel::PlayersColumn), QStringLiteral("17"));
  QCOMPARE(text(FleetModel::RateColumn), QStringLiteral("59.9 Hz"));
  QCOMPARE(text(FleetModel::P99Column), QStringLiteral("2.50"));
}

void FleetSuite::staleAfterASecondOfSilence() {
  Fed fed;
  fed.declare({series(0, "tick.duration", 6)});
  fed.feed({std::vector<std::int64_t>(5, 1'000'000)});
  QVERIFY(!fleetRows(fed.directory, fed.store, kNow + kNsPerSecond / 2).front().stale);
  const auto later = fleetRows(fed.directory, fed.store, kNow + 4 * kNsPerSecond).front();
  QVERIFY(later.stale);
  QCOMPARE(*later.age, 4 * kNsPerSecond);
  QVERIFY(!later.p99Ms && !later.rate);
}

void FleetSuite::aStaleRowShowsItsAgeAndNoFigures() {
  FleetRow stale = row("s", {});
  stale.stale = true;
  stale.age = 4 * kNsPerSecond;
  FleetModel model;
  model.setRows({stale});
  QCOMPARE(model.data(model.index(0, FleetModel::P99Column), Qt::DisplayRole).toString(), QStringLiteral("—"));
  QVERIFY(
      model.data(model.index(0, FleetModel::RateColumn), Qt::DisplayRole).toString().startsWith(QStringLiteral("4")));
  QCOMPARE(model.data(model.index(0, 0), FleetModel::StateRole).toInt(), static_cast<int>(FleetModel::RowState::Stale));
}

void FleetSuite::filterAndGroups() {
  FleetRow a = row("alpha", 9), b = row("beta", 5), c = row("gamma", 1);
  a.labels = {{"zone", "eu-1"}};
  b.labels = {{"zone", "us-1"}};
  c.labels = {{"zone", "eu-1"}};
  FleetModel model;
  model.setRows({a, b, c});
  QCOMPARE(labelKeys({a, b, c}), std::vector<std::string>{"zone"});
  model.setGroupBy(QStringLiteral("zone"));
  QStringList shown;
  for (int i = 0; i < model.rowCount(); ++i) shown.append(model.data(model.index(i, 0), Qt::DisplayRole).toString());
  QCOMPARE(shown, (QStringList{QStringLiteral("eu-1"), QStringLiteral("alpha"), QStringLiteral("gamma"),
                               QStringLiteral("us-1"), QStringLiteral("beta")}));
  QVERIFY(model.data(model.index(0, 0), FleetModel::HeadingRole).toBool());
  QVERIFY(model.at(0) == nullptr);
  model.setFilter(QStringLiteral("ZONE=us"));
  QCOMPARE(model.rowCount(), 2);
  QCOMPARE(model.rowOf(ProcessId("beta")), 1);
  QCOMPARE(model.rowOf(ProcessId("alpha")), -1);
}

void FleetSuite::refreshKeepsRowsWhereTheyAre() {
  FleetModel model;
  model.setRows({row("a", 5), row("b", 2)});
  QSignalSpy reset(&model, &QAbstractItemModel::modelReset), changed(&model, &QAbstractItemModel::dataChanged);
  model.setRows({row("a", 6), row("b", 3)});
  QCOMPARE(reset.count(), 0);
  QCOMPARE(changed.count(), 1);
  model.setRows({row("b", 6), row("a", 3)});
  QCOMPARE(reset.count(), 1);
}

void FleetSuite::playersComeFromClientSeries() {
  Fed fed;
  fed.declare({series(0, "net.rtt", 3, {{"client", "10"}}), series(1, "net.loss", 3, {{"client", "2"}}),
               series(2, "net.rtt", 3, {{"client", "2"}}), series(3, "net.rtt", 3)});
  fed.feed({{121'000}, {15}, {118'500}, {1}});
  const auto rows = playerRows(fed.store, ProcessId("server-1"), kNow);
  QCOMPARE(rows.size(), std::size_t{2});
  QCOMPARE(rows[0].client, std::string("2"));
  QCOMPARE(*rows[0][PlayerFigure::Rtt], 118.5);
  QCOMPARE(*rows[0][PlayerFigure::Loss], 0.015);
  QCOMPARE(*rows[1][PlayerFigure::Rtt], 121.0);
  QVERIFY(!rows[1][PlayerFigure::Loss]);
  QVERIFY(playerRows(fed.store, ProcessId("server-1"), kNow + 4 * kNsPerSecond).empty());
  PlayerModel model;
  model.setRows(rows);
  QCOMPARE(model.data(model.index(0, PlayerModel::LossColumn), Qt::DisplayRole).toString(), QStringLiteral("1.50"));
  QCOMPARE(model.data(model.index(1, PlayerModel::LossColumn), Qt::DisplayRole).toString(), QStringLiteral("—"));
}

void FleetSuite::playersSortWithDashesLast() {
  PlayerRow slow{"1", {}}, fast{"2", {}}, unknown{"3", {}};
  slow.figures[0] = 200;
  fast.figures[0] = 50;
  PlayerModel model;
  model.setRows({slow, fast, unknown});
  const auto clients = [&] {
    QString out;
    for (int i = 0; i < model.rowCount(); ++i) out += model.data(model.index(i, 0), Qt::DisplayRole).toString();
    return out;
  };
  model.sort(PlayerModel::RttColumn, Qt::AscendingOrder);
  QCOMPARE(clients(), QStringLiteral("213"));
  model.sort(PlayerModel::RttColumn, Qt::DescendingOrder);
  QCOMPARE(clients(), QStringLiteral("123"));
  slow.figures[0] = 10;
  model.setRows({fast, slow, unknown});
  QCOMPARE(clients(), QStringLiteral("123"));  // new figures do not move a row under the eye
}

}  // namespace qd::fleet

QTEST_MAIN(qd::fleet::FleetSuite)
#include "fleet_test.moc"
