// SPDX-License-Identifier: GPL-3.0-or-later
// The parameter panel's rows and editors, against a real ParamBook fed with envelopes.
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QtTest>

#include "widgets/params/action_page.h"
#include "widgets/params/compare_page.h"
#include "widgets/params/param_delegate.h"
#include "widgets/params/param_model.h"
#include "widgets/params/param_rows.h"
#include "widgets/params/review_page.h"

using namespace qd;
using namespace qd::widgets;

namespace {

const ProcessId kServer("server-1");

ingest::ParameterSpec spec(const char* name, ValueType type, Value fallback, const char* group) {
  ingest::ParameterSpec made;
  made.name = name;
  made.type = type;
  made.defaultValue = std::move(fallback);
  made.group = group;
  return made;
}

void give(params::ParamBook& book, ingest::Event event) {
  book.on(std::make_shared<ingest::Envelope>(ingest::Envelope{.event = std::move(event)}));
}

void fill(params::ParamBook& book) {
  ingest::ProcessInfo info;
  info.id = kServer;
  info.instance = InstanceId(7);
  info.parameters = {spec("weather.kind", ValueType::Enum, std::string("clear"), "Weather"),
                     spec("npc.density", ValueType::Float, 1.0, "World"),
                     spec("weather.intensity", ValueType::Float, 0.0, "Weather")};
  info.parameters[0].choices = {"clear", "rain"};
  info.parameters[1].min = 0;
  info.parameters[1].max = 10;
  give(book, ingest::ProcessChange{info, {}});
  ingest::ParameterChange values;
  values.process = {kServer, InstanceId(7)};
  values.values = {{.name = "weather.kind", .value = std::string("rain"), .version = 2, .time = 5},
                   {.name = "npc.density", .value = 1.0, .version = 1, .time = 5},
                   {.name = "weather.intensity", .value = 0.0, .version = 1, .time = 5}};
  give(book, std::move(values));
}

}  // namespace

class ParamsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void rowsStandInGroups() {
    params::ParamBook book;
    fill(book);
    const auto rows = paramRows(book, kServer, params::ParamBook::kNow, {});
    QCOMPARE(rows.size(), std::size_t{5});
    QVERIFY(rows[0].heading && rows[0].group == "Weather");
    QCOMPARE(rows[1].spec.name, std::string("weather.kind"));
    QCOMPARE(rows[2].spec.name, std::string("weather.intensity"));
    QVERIFY(rows[3].heading && rows[3].group == "World");
  }

  void filtersByTextAndByChange() {
    params::ParamBook book;
    fill(book);
    QCOMPARE(paramRows(book, kServer, params::ParamBook::kNow, {.text = "DENS"}).size(), std::size_t{2});
    const auto changed = paramRows(book, kServer, params::ParamBook::kNow, {.changedOnly = true});
    QCOMPARE(changed.size(), std::size_t{2});
    QCOMPARE(changed[1].spec.name, std::string("weather.kind"));
  }

  void favouritesAndOverriddenAreFiltered() {
    params::ParamBook book;
    fill(book);
    ParamExtras extras;
    extras.favourites = {"npc.density"};
    auto rows = paramRows(book, kServer, params::ParamBook::kNow, {.favouritesOnly = true}, extras);
    QCOMPARE(rows.size(), std::size_t{2});
    QCOMPARE(rows[1].spec.name, std::string("npc.density"));
    QCOMPARE(paramRows(book, kServer, params::ParamBook::kNow, {.overriddenOnly = true}).size(), std::size_t{0});
    ingest::ParameterChange pushed{{kServer, InstanceId(7)},
                                   {{.name = "npc.density", .value = 2.0, .version = 2, .time = 9, .pushId = "p-1"}}};
    give(book, std::move(pushed));
    rows = paramRows(book, kServer, params::ParamBook::kNow, {.overriddenOnly = true});
    QCOMPARE(rows.size(), std::size_t{2});
    QCOMPARE(rows[1].spec.name, std::string("npc.density"));
  }

  void whatOthersStageIsSeen() {
    params::ParamBook theirs, mine;
    fill(theirs);
    fill(mine);
    QVERIFY(theirs.stage(kServer, "npc.density", 3.0).has_value());
    params::StagingShare ann("a", "ann"), bob("b", "bob");
    const auto write = ann.due(theirs.staged(), 10 * kNsPerSecond);
    QVERIFY(write && write->ttl.ns > 0 && !write->item.removed);
    QVERIFY2(!ann.due(theirs.staged(), 11 * kNsPerSecond), "it stands");
    QVERIFY2(ann.due(theirs.staged(), 13 * kNsPerSecond).has_value(), "it is renewed before it runs out");
    QVERIFY2(ann.others({write->item}, 0).empty(), "one's own is not another's");
    ParamExtras extras;
    extras.others = bob.others({write->item}, 0);
    ParamModel model;
    model.setRows(paramRows(mine, kServer, params::ParamBook::kNow, {.text = "density"}, extras), true);
    QCOMPARE(model.index(1, ParamModel::kStaged).data().toString(), QStringLiteral("ann stages 3"));
    theirs.unstageAll();
    const auto gone = ann.due(theirs.staged(), 14 * kNsPerSecond);
    QVERIFY(gone && gone->item.removed);
    QVERIFY(!ann.due(theirs.staged(), 20 * kNsPerSecond));
  }

  void aConflictShowsBothValues() {
    params::ParamBook book;
    fill(book);
    QVERIFY(book.stage(kServer, "npc.density", 1.5).has_value());
    give(book, ingest::ParameterChange{{kServer, InstanceId(7)},
                                       {{.name = "npc.density",
                                         .value = 2.0,
                                         .version = 2,
                                         .tick = 812,
                                         .time = 9,
                                         .pushId = "p-9",
                                         .who = "bob"}}});
    ParamModel model;
    model.setRows(paramRows(book, kServer, params::ParamBook::kNow, {.text = "density"}), true);
    const QModelIndex staged = model.index(1, ParamModel::kStaged);
    QCOMPARE(staged.data().toString(), QStringLiteral("→ 1.5 ≠ 2 by bob"));
    const QString tip = staged.data(Qt::ToolTipRole).toString();
    QVERIFY2(tip.contains(QStringLiteral("Yours: 1.5")) && tip.contains(QStringLiteral("by bob at tick 812")),
             qPrintable(tip));
  }

  void theColumnsOfServersMarkWhatDiffers() {
    params::ParamBook book;
    fill(book);
    std::vector<ProcessId> servers{kServer};
    for (const char* id : {"server-2", "server-3"}) {
      ingest::ProcessInfo info;
      info.id = ProcessId(id);
      info.instance = InstanceId(8);
      info.parameters = {spec("npc.density", ValueType::Float, 1.0, "World")};
      give(book, ingest::ProcessChange{info, {}});
      servers.push_back(info.id);
    }
    give(book, ingest::ParameterChange{{ProcessId("server-3"), InstanceId(8)},
                                       {{.name = "npc.density", .value = 4.0, .version = 2, .time = 5}}});
    const auto rows = compareRows(book, servers, params::ParamBook::kNow, "", true);
    QCOMPARE(rows.size(), std::size_t{1});
    QCOMPARE(rows[0].name, std::string("npc.density"));
    QVERIFY(!rows[0].cells[0].differs && !rows[0].cells[1].differs && rows[0].cells[2].differs);
    QCOMPARE(compareRows(book, servers, params::ParamBook::kNow, "", false).size(), std::size_t{3});
    ComparePage page;
    page.show(book, servers, params::ParamBook::kNow);
    auto* table = page.findChild<QTreeWidget*>(QStringLiteral("compareTable"));
    QCOMPARE(table->columnCount(), 4);
    QCOMPARE(table->topLevelItem(1)->text(0), QStringLiteral("npc.density"));
    QCOMPARE(table->topLevelItem(1)->text(3), QStringLiteral("≠ 4"));
    QCOMPARE(table->topLevelItem(0)->text(3), QStringLiteral("—"));
  }

  void aDangerousActionNeedsAReasonAndItsConfirmation() {
    ActionPage page;
    ingest::ActionSpec action;
    action.name = "map.reload";
    action.risk = ingest::Risk::Dangerous;
    page.show(kServer, action, nullptr, QStringLiteral("ann"), 20);
    QVERIFY2(!page.findChild<QPushButton*>(QStringLiteral("actionRun"))->isEnabled(), "nobody to order");
    auto* port = reinterpret_cast<control::CommandPort*>(&page);  // never called
    page.show(kServer, action, port, QStringLiteral("ann"), 20);
    auto* run = page.findChild<QPushButton*>(QStringLiteral("actionRun"));
    QVERIFY(!run->isEnabled());
    page.findChild<QLineEdit*>(QStringLiteral("actionComment"))->setText(QStringLiteral("a new map"));
    QVERIFY(!run->isEnabled());
    page.findChild<QLineEdit*>(QStringLiteral("actionConfirm"))->setText(QStringLiteral("server-1 20 players"));
    QVERIFY(run->isEnabled());
    action.risk = ingest::Risk::Safe;
    page.show(kServer, action, port, QStringLiteral("ann"), 20);
    QVERIFY(run->isEnabled());
  }

  void stagedValueShowsBesideTheLiveOne() {
    params::ParamBook book;
    fill(book);
    QVERIFY(book.stage(kServer, "npc.density", 1.5).has_value());
    ParamModel model;
    model.setRows(paramRows(book, kServer, params::ParamBook::kNow, {.text = "density"}), true);
    QCOMPARE(model.index(1, ParamModel::kStaged).data().toString(), QStringLiteral("→ 1.5"));
    QVERIFY(!book.stage(kServer, "npc.density", 11.0).has_value());
    QVERIFY(model.flags(model.index(1, ParamModel::kStaged)) & Qt::ItemIsEditable);
    model.setRows(paramRows(book, kServer, params::ParamBook::kNow, {.text = "density"}), false);
    QVERIFY(!(model.flags(model.index(1, ParamModel::kStaged)) & Qt::ItemIsEditable));
  }

  void editorsFitTheType() {
    auto choice = spec("k", ValueType::Enum, std::string("b"), "");
    choice.choices = {"a", "b"};
    QScopedPointer<QWidget> box(makeValueEditor(choice, std::string("b"), nullptr));
    QVERIFY(qobject_cast<QComboBox*>(box.data()));
    QCOMPARE(std::get<std::string>(*editedValue(choice, box.data())), std::string("b"));

    auto number = spec("n", ValueType::Float, 0.5, "");
    number.min = 0;
    number.max = 1;
    QScopedPointer<QWidget> spin(makeValueEditor(number, 0.25, nullptr));
    QCOMPARE(std::get<double>(*editedValue(number, spin.data())), 0.25);
    QCOMPARE(qobject_cast<QDoubleSpinBox*>(spin.data())->maximum(), 1.0);

    const auto duration = spec("d", ValueType::Duration, Duration{0}, "");
    QScopedPointer<QWidget> line(makeValueEditor(duration, Duration{60'000'000}, nullptr));
    QCOMPARE(std::get<Duration>(*editedValue(duration, line.data())).ns, std::int64_t{60'000'000});
    qobject_cast<QLineEdit*>(line.data())->setText(QStringLiteral("soon"));
    QVERIFY(!editedValue(duration, line.data()).has_value());
  }

  void theButtonSaysWhatItWillDo() {
    params::ReviewFacts facts{.changes = 2, .targets = {ProcessId("server-1"), ProcessId("server-2")}};
    const QString text = pushText(facts, 84);
    QVERIFY2(text.contains(QStringLiteral("2")) && text.contains(QStringLiteral("84")), qPrintable(text));
    facts.targets.resize(1);
    QVERIFY(pushText(facts, {}).contains(QStringLiteral("server-1")));
  }

  void whatIsDangerousMustBeTyped() {
    ReviewPage page;
    params::ReviewFacts facts{
        .changes = 1, .targets = {ProcessId("server-1"), ProcessId("server-2")}, .risk = ingest::Risk::Dangerous};
    page.show(facts, {}, 84);
    auto* comment = page.findChild<QLineEdit*>(QStringLiteral("pushComment"));
    auto* typed = page.findChild<QLineEdit*>(QStringLiteral("pushConfirm"));
    QVERIFY(!page.canPush());
    comment->setText(QStringLiteral("load test"));
    QVERIFY2(!page.canPush(), "a reason alone is not enough");
    typed->setText(QStringLiteral("2 processes 83 players"));
    QVERIFY(!page.canPush());
    typed->setText(confirmation(facts, 84));
    QCOMPARE(typed->text(), QStringLiteral("2 processes 84 players"));
    QVERIFY(page.canPush());
    facts.risk = ingest::Risk::Safe;
    page.show(facts, {}, 84);
    QVERIFY2(page.canPush(), "what is safe needs nothing typed");
  }

  void howItGoesAndComesBackIsAPlan() {
    ReviewPage page;
    page.show({.changes = 1, .targets = {kServer}}, {}, {});
    QVERIFY(page.isPlain() && page.canPush());
    auto* guard = page.findChild<QLineEdit*>(QStringLiteral("pushGuard"));
    guard->setText(QStringLiteral("p98 tick.duration > 3"));
    QVERIFY2(!page.canPush(), "a guard that does not read guards nothing");
    guard->setText(QStringLiteral("p99 tick.duration > 16 ms for 120 ticks"));
    QVERIFY(page.canPush() && !page.isPlain());
    page.findChild<QComboBox*>(QStringLiteral("pushStay"))->setCurrentIndex(2);
    page.findChild<QComboBox*>(QStringLiteral("pushWay"))->setCurrentIndex(3);
    ingest::ChangePlan plan;
    page.fill(plan);
    QCOMPARE(plan.lease.ns, std::int64_t{600'000'000'000});
    QCOMPARE(plan.waves.size(), std::size_t{4});
    QCOMPARE(plan.waves.front().count, 1U);
    QCOMPARE(plan.guards.size(), std::size_t{1});
  }

  void aDriftedValueSaysWhatWasWanted() {
    params::ParamBook book;
    fill(book);
    ingest::ParameterValue drifted{.name = "npc.density", .value = 1.0, .version = 1, .time = 5};
    drifted.desired = Value(2.5);
    drifted.desiredWho = "ann";
    give(book, ingest::ParameterChange{{kServer, InstanceId(7)}, {drifted}});
    const auto rows = paramRows(book, kServer, params::ParamBook::kNow, {.driftedOnly = true});
    QCOMPARE(rows.size(), std::size_t{2});
    ParamModel model;
    model.setRows(rows, true);
    QVERIFY(model.index(1, ParamModel::kStaged).data().toString().contains(QStringLiteral("wanted 2.5")));
    drifted.desired = Value(1.0);
    give(book, ingest::ParameterChange{{kServer, InstanceId(7)}, {drifted}});
    QVERIFY(paramRows(book, kServer, params::ParamBook::kNow, {.driftedOnly = true}).empty());
  }
};

QTEST_MAIN(ParamsTest)
#include "params_test.moc"
