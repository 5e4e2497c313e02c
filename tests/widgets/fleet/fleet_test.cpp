// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <memory>

#include "core/ingest/directory.h"
#include "core/ingest/event_log.h"
#include "core/series/store.h"
#include "widgets/base/demo_session.h"
#include "widgets/base/selection.h"
#include "widgets/fleet/fleet_model.h"
#include "widgets/fleet/fleet_order.h"
#include "widgets/fleet/player_model.h"
#include "widgets/fleet/players_panel.h"

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

PlayerRow player(const char* client) {
  PlayerRow out;
  out.client = client;
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
  void aRecordingHasTrendsAndGroupsToo();
  void staleAfterASecondOfSilence();
  void aStaleRowShowsItsAgeAndNoFigures();
  void filterAndGroups();
  void refreshKeepsRowsWhereTheyAre();
  void aGroupHasThePercentileOfAllItsTicks();
  void aGroupOfUnsketchedRowsHasNoPercentile();
  void theOrderIsCalm();
  void nothingMovesWhileHeld();
  void fiveHundredProcesses();
  void playersAreFoundAcrossServers();
  void playersComeFromClientSeries();
  void playersSortWithDashesLast();
  void playersStayWhereTheyAre();
  void countsAreOfTheLastTenSeconds();
  void trendsFollowTheSortedFigure();
  void thePanelFollowsAPlayer();
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

// Without roll-ups: the same from the samples, so that a recording is read like a live session.
void FleetSuite::aRecordingHasTrendsAndGroupsToo() {
  Fed fed;
  fed.declare({series(0, "tick.duration", 6)});
  std::vector<std::int64_t> durations(400, 2'000'000);  // 40 s at 10 Hz
  std::fill(durations.end() - 100, durations.end(), 8'000'000);
  fed.feed({durations});
  const FleetRow row = fleetRows(fed.directory, fed.store, kNow).front();
  QCOMPARE(row.trend.size(), std::size_t{kTrend});
  QVERIFY(std::isnan(row.trend.front()));
  QVERIFY(std::abs(row.trend[kTrend - 20] - 2) < 0.1);
  QVERIFY(std::abs(row.trend.back() - 8) < 0.1);
  const FleetRow group = groupRow("eu", {&row, &row});
  QVERIFY(group.p99Ms && std::abs(*group.p99Ms - 8) < 0.1);
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
  QCOMPARE(shown, (QStringList{QStringLiteral("eu-1 · 2"), QStringLiteral("alpha"), QStringLiteral("gamma"),
                               QStringLiteral("us-1 · 1"), QStringLiteral("beta")}));
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

FleetRow sketched(const char* id, const std::vector<double>& ticks) {
  FleetRow out = row(id, {});
  out.work = Sketch::of(ticks);
  out.p99Ms = out.work.quantile(0.99);
  out.labels = {{"zone", "eu"}};
  return out;
}

void FleetSuite::aGroupHasThePercentileOfAllItsTicks() {
  const FleetRow fast = sketched("fast", std::vector<double>(990, 1.0)),
                 slow = sketched("slow", std::vector<double>(10, 100.0));
  const FleetRow group = groupRow("eu", {&fast, &slow});
  QVERIFY(std::abs(*group.p99Ms - 1.0) < 0.02);  // a mean of the two p99s would say 50
  QCOMPARE(group.members, 2);
  QCOMPARE(group.troubled, 1);
  FleetModel model;
  model.setRows({slow, fast});
  model.setGroupBy(QStringLiteral("zone"));
  QVERIFY(model.data(model.index(0, FleetModel::P99Column), Qt::DisplayRole).toString().startsWith(u'1'));
  QVERIFY(!model.data(model.index(0, 0), Qt::ToolTipRole).toString().isEmpty());
}

void FleetSuite::aGroupOfUnsketchedRowsHasNoPercentile() {
  const FleetRow known = sketched("known", {1, 2, 3}), unknown = row("unknown", 5);
  QVERIFY(!groupRow("eu", {&known, &unknown}).p99Ms);
}

std::vector<std::string> namesOf(const std::vector<FleetRow>& rows) {
  std::vector<std::string> names;
  for (const auto& entry : rows) names.push_back(entry.name);
  return names;
}

void FleetSuite::theOrderIsCalm() {
  using Names = std::vector<std::string>;
  FleetOrder order;
  const TimeNs t = 1000 * kNsPerSecond;
  QCOMPARE(namesOf(order.arrange({row("a", 2), row("b", 5)}, t, false)), (Names{"b", "a"}));
  // A second later it is the other way round, but nothing jumps yet.
  QCOMPARE(namesOf(order.arrange({row("a", 9), row("b", 5)}, t + kNsPerSecond, false)), (Names{"b", "a"}));
  QCOMPARE(namesOf(order.arrange({row("a", 9), row("b", 5)}, t + FleetOrder::kEvery, false)), (Names{"a", "b"}));
  // About the edge between two steps: 4.9 and 5.1 of 10 are one and the same once it is in a step.
  FleetOrder edge;
  QCOMPARE(namesOf(edge.arrange({row("a", 5.1), row("b", 4.9)}, t, false)), (Names{"a", "b"}));
  QCOMPARE(namesOf(edge.arrange({row("a", 4.9), row("b", 5.1)}, t + FleetOrder::kEvery, false)), (Names{"a", "b"}));
  QCOMPARE(namesOf(edge.arrange({row("a", 4.9), row("b", 6.2)}, t + 2 * FleetOrder::kEvery, false)), (Names{"b", "a"}));
}

void FleetSuite::nothingMovesWhileHeld() {
  using Names = std::vector<std::string>;
  FleetOrder order;
  const TimeNs t = 1000 * kNsPerSecond;
  (void)order.arrange({row("a", 5), row("b", 2)}, t, false);
  QCOMPARE(namesOf(order.arrange({row("new", 9), row("b", 9), row("a", 1)}, t + 60 * kNsPerSecond, true)),
           (Names{"a", "b", "new"}));
  QCOMPARE(namesOf(order.arrange({row("new", 9), row("b", 8), row("a", 1)}, t + 61 * kNsPerSecond, false)),
           (Names{"new", "b", "a"}));
}

void FleetSuite::fiveHundredProcesses() {
  std::vector<FleetRow> rows;
  for (int i = 0; i < 500; ++i) {
    const std::string name = "game-" + std::to_string(1000 + i);
    rows.push_back(sketched(name.c_str(), {double(i % 12)}));
    rows.back().labels = {{"region", "r" + std::to_string(i % 5)}};
  }
  FleetOrder order;
  FleetModel model;
  rows = order.arrange(std::move(rows), kStart, false);
  model.setRows(rows);
  QCOMPARE(model.rowCount(), 500);
  for (int i = 1; i < 500; ++i) QVERIFY(concernOf(*model.at(i - 1)) <= concernOf(*model.at(i)));
  QCOMPARE(concernOf(*model.at(0)), 0);
  model.setGroupBy(QStringLiteral("region"));
  QCOMPARE(model.rowCount(), 505);
  int headings = 0, members = 0;
  for (int i = 0; i < model.rowCount(); ++i) {
    if (model.at(i) != nullptr) {
      ++members;
    } else {
      ++headings;
      QVERIFY(model.data(model.index(i, 0), Qt::DisplayRole).toString().endsWith(QStringLiteral("· 100")));
    }
  }
  QCOMPARE(headings, 5);
  QCOMPARE(members, 500);
  model.setFilter(QStringLiteral("game-1123"));
  QCOMPARE(model.rowCount(), 2);
}

void FleetSuite::playersAreFoundAcrossServers() {
  FleetModel model;
  model.setRows({row("server-1", 5), row("server-2", 2), row("server-3", 1)});
  model.setFilter(QStringLiteral("mona"));
  QCOMPARE(model.rowCount(), 0);
  model.setFound({{ProcessId("server-2"), "17", "Mona Lisa"}});
  QCOMPARE(model.rowCount(), 1);
  QCOMPARE(model.data(model.index(0, 0), Qt::DisplayRole).toString(), QStringLiteral("server-2 · Mona Lisa"));
  QCOMPARE(model.foundAt(0)->client, std::string("17"));
  model.setFilter(QString());
  model.setFound({});
  QCOMPARE(model.rowCount(), 3);
  QVERIFY(model.foundAt(0) == nullptr);
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
  PlayerRow slow = player("1"), fast = player("2"), unknown = player("3");
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

void FleetSuite::playersStayWhereTheyAre() {
  PlayerModel model;
  const auto with = [](const char* client, double rtt) {
    PlayerRow row = player(client);
    row.figures[0] = rtt;
    return row;
  };
  const auto clients = [&] {
    QString out;
    for (int i = 0; i < model.rowCount(); ++i) out += model.data(model.index(i, 0), Qt::DisplayRole).toString();
    return out;
  };
  model.setRows({with("1", 10), with("2", 20), with("3", 30), with("4", 40)});
  model.sort(PlayerModel::RttColumn, Qt::DescendingOrder);
  QCOMPARE(clients(), QStringLiteral("4321"));
  QSignalSpy reset(&model, &QAbstractItemModel::modelReset), moved(&model, &QAbstractItemModel::layoutChanged);
  const QPersistentModelIndex three = model.index(1, 0);
  // One leaves, one comes, figures turn upside down: nobody else moves.
  model.setRows({with("1", 99), with("3", 5), with("4", 1), with("5", 35)});
  QCOMPARE(reset.count() + moved.count(), 0);
  QCOMPARE(three.data(PlayerModel::ClientRole).toString(), QStringLiteral("3"));
  const QString now = clients();
  QVERIFY(now.indexOf(QLatin1Char('4')) < now.indexOf(QLatin1Char('3')) &&
          now.indexOf(QLatin1Char('3')) < now.indexOf(QLatin1Char('1')));
  QVERIFY(now.contains(QLatin1Char('5')) && !now.contains(QLatin1Char('2')));
  model.sort(PlayerModel::RttColumn, Qt::DescendingOrder);
  QCOMPARE(clients(), QStringLiteral("1534"));
  QCOMPARE(three.data(PlayerModel::ClientRole).toString(), QStringLiteral("3"));
}

void FleetSuite::countsAreOfTheLastTenSeconds() {
  Fed fed;
  fed.declare({series(0, "input.late", 0, {{"client", "2"}}), series(1, "net.state", 0, {{"client", "2"}}),
               series(2, "predict.lead", 0, {{"client", "2"}})});
  fed.feed({std::vector<std::int64_t>(20, 3), std::vector<std::int64_t>(20, 3), std::vector<std::int64_t>(20, 9)});
  const auto rows = playerRows(fed.store, ProcessId("server-1"), kNow);
  QCOMPARE(rows.size(), std::size_t{1});
  QCOMPARE(*rows[0][PlayerFigure::Late], 60.0);
  QCOMPARE(*rows[0][PlayerFigure::Ahead], 9.0);
  QCOMPARE(rows[0].state, PlayerState::Stalled);
  PlayerModel model;
  model.setRows(rows);
  QCOMPARE(model.data(model.index(0, PlayerModel::StateColumn), Qt::DisplayRole).toString(), QStringLiteral("stall"));
  QCOMPARE(model.data(model.index(0, PlayerModel::QueueColumn), Qt::DisplayRole).toString(), QStringLiteral("—"));
}

void FleetSuite::trendsFollowTheSortedFigure() {
  Fed fed;
  fed.declare({series(0, "net.rtt", 0, {{"client", "2"}}), series(1, "net.jitter", 0, {{"client", "2"}})});
  std::vector<std::int64_t> rtt(20, 50), jitter(20, 2);
  rtt[10] = 400;
  fed.feed({rtt, jitter});
  auto rows = playerRows(fed.store, ProcessId("server-1"), kNow);
  PlayerModel model;
  QCOMPARE(model.trendFigure(), PlayerFigure::Rtt);
  addTrends(rows, fed.store, ProcessId("server-1"), model.trendFigure(), kNow, 4 * kNsPerSecond, 40);
  QVERIFY(std::isnan(rows[0].trend[0]));  // before the first sample
  QCOMPARE(*std::max_element(rows[0].trend.begin() + 22, rows[0].trend.end()), 400.0F);
  model.sort(PlayerModel::JitterColumn, Qt::DescendingOrder);
  QCOMPARE(model.trendFigure(), PlayerFigure::Jitter);
}

void FleetSuite::thePanelFollowsAPlayer() {
  widgets::demo::Session session(0);
  Fed fed;
  fed.declare({series(0, "net.rtt", 0, {{"client", "2"}}), series(1, "net.rtt", 0, {{"client", "10"}})});
  const auto pass = [&](ingest::Event event) { session.all.on(widgets::demo::wrap(std::move(event), kStart)); };
  pass(ingest::ProcessChange{fed.info, ""});
  ingest::SampleBlock block;
  block.process = {fed.info.id, fed.info.instance};
  block.ticks = {1};
  block.times = {kNow};
  block.count = 2;
  block.columns = {{SeriesIndex(0), {}, std::vector<std::int64_t>{50}},
                   {SeriesIndex(1), {}, std::vector<std::int64_t>{70}}};
  pass(block);
  ingest::GameEvent joined{{fed.info.id, fed.info.instance}, 1, kNow, "player.joined", {}};
  joined.fields = {{"player", Value(std::int64_t{10})}, {"name", Value(std::string("bot-ten"))}};
  pass(joined);
  session.clock.setExtent(kStart, kNow);
  session.selection.setProcess(fed.info.id);
  PlayersPanel panel(session.context);
  panel.resize(420, 240);
  panel.show();
  auto* table = panel.findChild<QTableView*>();
  QTRY_COMPARE(table->model()->rowCount(), 2);
  QVERIFY(table->model()->index(1, 0).data(Qt::ToolTipRole).toString().contains(QStringLiteral("bot-ten")));
  QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(table->model()->index(1, 2)).center());
  QCOMPARE(session.selection.player(), (std::optional(widgets::FollowedPlayer{fed.info.id, 10})));
  QCOMPARE(session.selection.entity(), std::optional<std::uint32_t>(10));
  // Followed elsewhere, shown here.
  session.selection.setPlayer(widgets::FollowedPlayer{fed.info.id, 2});
  QCOMPARE(table->selectionModel()->currentIndex().row(), 0);
  session.selection.setPlayer(std::nullopt);
  QVERIFY(!table->selectionModel()->hasSelection());
}

}  // namespace qd::fleet

QTEST_MAIN(qd::fleet::FleetSuite)
#include "fleet_test.moc"
