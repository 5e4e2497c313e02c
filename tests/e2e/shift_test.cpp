// SPDX-License-Identifier: GPL-3.0-or-later
// A whole shift in a real window, against a real stage: try it, watch the plots fill, push npc.density and see the tick
// time move, stop both sides at the same tick, continue, close, open the recording and scrub to the hit.
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>
#include <QTreeWidget>

#include "app/console/composition.h"
#include "app/console/main_window.h"
#include "core/breakpoints/registry_view.h"
#include "core/series/store.h"
#include "widgets/base/view_clock.h"
#include "widgets/session/recent_sessions.h"

namespace qd::console {
namespace {

const ProcessId kServer("server-1"), kEditor("editor-1");
constexpr int kLong = 40'000;  // ms; a loaded machine may need them

}  // namespace

class ShiftSuite final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void tryTheStage();
  void thePlotsFill();
  void pushMovesTheTickTime();
  void bothSidesStopAtTheSameTick();
  void continueAndGoOn();
  void whatOnlyTheConsoleKnowsStopsThemToo();
  void theRecordingShowsTheHit();
  void cleanupTestCase();

 private:
  template <class T>
  T* find(const char* name) {
    return window_->findChild<T*>(QLatin1String(name));
  }
  Session& session() { return *composition_->session(); }
  widgets::SessionContext context() { return session().context(); }
  std::optional<double> lastValue(const ProcessId& process, const char* series);
  double meanSince(const char* series, TimeNs from);
  bool says(const QString& part);
  void shot(const char* name);
  void showTab(int index) { find<QTabWidget>("changeTabs")->setCurrentIndex(index); }

  QTemporaryDir home_;
  std::unique_ptr<QSettings> settings_;
  std::unique_ptr<Composition> composition_;
  std::unique_ptr<MainWindow> window_;
  ingest::Hit hit_;
};

std::optional<double> ShiftSuite::lastValue(const ProcessId& process, const char* series) {
  const auto id = context().store.find(process, series);
  const auto sample = id ? context().store.last(*id) : std::nullopt;
  return sample ? std::optional(sample->value) : std::nullopt;
}

double ShiftSuite::meanSince(const char* series, TimeNs from) {
  const auto id = context().store.find(kServer, series);
  return id ? context().store.statistics(*id, series::Axis::Time, from, INT64_MAX).mean : 0;
}

bool ShiftSuite::says(const QString& part) {
  for (const QLabel* label : window_->findChildren<QLabel*>()) {
    if (label->isVisible() && label->text().contains(part)) return true;
  }
  return false;
}

// Pictures of the shift, to be looked at: QD_SHOTS names the folder.
void ShiftSuite::shot(const char* name) {
  const QString folder = qEnvironmentVariable("QD_SHOTS");
  if (!folder.isEmpty()) window_->grab().save(QDir(folder).filePath(QLatin1String(name) + QStringLiteral(".png")));
}

void ShiftSuite::initTestCase() {
  QVERIFY(home_.isValid());
  qputenv("XDG_DATA_HOME", home_.path().toUtf8());
  qputenv("XDG_CONFIG_HOME", home_.path().toUtf8());
  settings_ = std::make_unique<QSettings>(home_.filePath(QStringLiteral("window.ini")), QSettings::IniFormat);
  composition_ = std::make_unique<Composition>(*settings_);
  window_ = std::make_unique<MainWindow>(*composition_, *settings_, std::nullopt);
  window_->resize(1440, 900);
  window_->show();
  QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
}

void ShiftSuite::tryTheStage() {
  auto* button = find<QPushButton>("tryStage");
  QVERIFY(button != nullptr && button->isVisible());
  QTest::mouseClick(button, Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(composition_->session() != nullptr, kLong);
  QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("1/1 agents")), kLong);
}

void ShiftSuite::thePlotsFill() {
  for (const char* series : {"tick.duration", "net.rtt", "net.bandwidth", "npc.count", "players.online"}) {
    QTRY_VERIFY2_WITH_TIMEOUT(lastValue(kServer, series).has_value(), series, kLong);
  }
  QTRY_VERIFY_WITH_TIMEOUT(lastValue(kEditor, "interp.error").has_value(), kLong);
  const auto id = context().store.find(kServer, "tick.duration");
  QTRY_VERIFY_WITH_TIMEOUT(context().store.statistics(*id, series::Axis::Time, INT64_MIN, INT64_MAX).n > 120, kLong);
  QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("3 processes")), kLong);
  shot("plots");
}

void ShiftSuite::pushMovesTheTickTime() {
  context().selection.setProcess(kServer);
  showTab(0);
  auto* view = find<QTreeView>("paramView");
  const auto row = [&] {
    const auto found = view->model()->match(view->model()->index(0, 0), Qt::DisplayRole, QStringLiteral("npc.density"));
    return found.isEmpty() ? QModelIndex() : found.front().siblingAtColumn(2);
  };
  QTRY_VERIFY_WITH_TIMEOUT(row().isValid(), kLong);
  const TimeNs quietFrom = utcNowNs() - 2 * kNsPerSecond;
  const double quietTick = meanSince("tick.duration", quietFrom), quietNpcs = *lastValue(kServer, "npc.count");

  view->setCurrentIndex(row());
  view->edit(row());
  auto* editor = view->findChild<QDoubleSpinBox*>();
  QVERIFY(editor != nullptr);
  editor->setValue(6);
  QTest::keyClick(editor, Qt::Key_Return);
  auto* review = find<QPushButton>("reviewButton");
  QTRY_VERIFY(review->isEnabled() && review->text().contains(QStringLiteral("1")));
  QTest::mouseClick(review, Qt::LeftButton);
  auto* push = find<QPushButton>("pushButton");
  QTRY_VERIFY(push->isVisible() && push->isEnabled());
  QVERIFY2(push->text().contains(QStringLiteral("server-1")), qPrintable(push->text()));
  shot("review");
  QTest::mouseClick(push, Qt::LeftButton);

  const auto pushed = [&] {
    const auto pushes = context().params.pushes();
    return !pushes.empty() && pushes.back().results.size() == 1 &&
           pushes.back().results.front().status == ingest::PushStatus::Applied;
  };
  QTRY_VERIFY_WITH_TIMEOUT(pushed(), kLong);
  const ingest::PushResult result = context().params.pushes().back().results.front();
  QVERIFY(result.tick > 0);
  QTRY_VERIFY_WITH_TIMEOUT(row().data().toString().contains(QStringLiteral("applied at tick")), kLong);
  // The marker's moment stands in the log at the acknowledged tick.
  const auto markers = context().log.query(INT64_MIN, INT64_MAX, {.kinds = {ingest::MomentKind::Push}}, 10);
  QVERIFY(!markers.empty());
  QCOMPARE(markers.back().tick, result.tick);
  QTRY_VERIFY_WITH_TIMEOUT(*lastValue(kServer, "npc.count") > 3 * quietNpcs, kLong);
  QTRY_VERIFY_WITH_TIMEOUT(meanSince("tick.duration", result.time + kNsPerSecond) > 1.3 * quietTick, kLong);
  shot("pushed");
}

void ShiftSuite::bothSidesStopAtTheSameTick() {
  showTab(1);
  auto* link = find<QPushButton>("linkButton");
  QTRY_VERIFY(link->isVisible() && link->isEnabled());
  QTest::mouseClick(link, Qt::LeftButton);
  auto* arm = find<QPushButton>("armButton");
  QTRY_VERIFY_WITH_TIMEOUT(arm->isEnabled(), kLong);
  find<QComboBox>("siteBox")->setCurrentText(QStringLiteral("combat.hit_resolved"));
  find<QLineEdit>("conditionEdit")->setText(QStringLiteral("damage > 0"));
  QTest::mouseClick(arm, Qt::LeftButton);

  const auto stopped = [&] {
    const auto group = context().breakpoints.stopped();
    return group && group->state == ingest::GroupState::Stopped;
  };
  QTRY_VERIFY_WITH_TIMEOUT(stopped(), kLong);
  const auto group = *context().breakpoints.stopped();
  QCOMPARE(group.members.size(), std::size_t{2});
  for (const ingest::GroupMember& member : group.members) {
    QCOMPARE(member.state, ingest::MemberState::Stopped);
    QCOMPARE(member.tick, group.tick);
    QCOMPARE(member.skewTicks, std::int64_t{0});
  }
  auto* banner = find<QFrame>("stopBanner");
  QTRY_VERIFY(banner->isVisible());
  QTRY_VERIFY(says(QStringLiteral("skew 0 ticks")));
  QTRY_VERIFY(find<QTreeWidget>("hitView")->topLevelItemCount() == 2);
  hit_ = *context().breakpoints.hit(group.hitId);
  shot("stopped");
}

void ShiftSuite::continueAndGoOn() {
  auto* list = find<QTreeWidget>("breakpointList");
  QCOMPARE(list->topLevelItemCount(), 1);
  list->setCurrentItem(list->topLevelItem(0));
  // Without a window manager nobody activates the window, and keys go to the active one.
  QApplication::setActiveWindow(window_.get());
  list->setFocus();
  QTRY_VERIFY(list->hasFocus());
  QTest::keyClick(list, Qt::Key_Delete);
  QTRY_VERIFY_WITH_TIMEOUT(context().breakpoints.breakpoints().empty(), kLong);
  const auto tick = [&] { return context().store.last(*context().store.find(kServer, "tick.duration"))->tick; };
  QTest::mouseClick(find<QPushButton>("bannerContinue"), Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(!context().breakpoints.stopped(), kLong);
  QTRY_VERIFY_WITH_TIMEOUT(tick() > hit_.tick + 60, kLong);
  QTRY_VERIFY(!find<QFrame>("stopBanner")->isVisible());
}

// No process sends interp.error: the console joins it, watches it, and orders the stop.
void ShiftSuite::whatOnlyTheConsoleKnowsStopsThemToo() {
  auto* site = find<QComboBox>("siteBox");
  site->setCurrentIndex(site->count() - 1);  // the tick after a metric crosses
  find<QLineEdit>("whenEdit")->setText(QStringLiteral("interp.error > 0.000001 m"));
  QTest::mouseClick(find<QPushButton>("armButton"), Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(context().breakpoints.stopped().has_value(), kLong);
  const auto spent = [&] {
    const auto all = context().breakpoints.breakpoints();
    return all.size() == 1 && !all.front().enabled;
  };
  QTRY_VERIFY_WITH_TIMEOUT(spent(), kLong);
  shot("metric");
  find<QLineEdit>("whenEdit")->clear();
  context().commands->removeBreakpoint(context().breakpoints.breakpoints().front().id, [](const auto&) {});
  QTRY_VERIFY_WITH_TIMEOUT(context().breakpoints.breakpoints().empty(), kLong);
  QTest::mouseClick(find<QPushButton>("bannerContinue"), Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(!context().breakpoints.stopped(), kLong);
}

void ShiftSuite::theRecordingShowsTheHit() {
  const QString path = composition_->recordingPath();
  QVERIFY(!path.isEmpty());
  composition_->close();
  QTRY_VERIFY_WITH_TIMEOUT(!QFile::exists(path + QStringLiteral("-wal")), kLong);  // closed: one file
  composition_->open({session::SessionRequest::Kind::Replay, {}, path});
  QTRY_VERIFY_WITH_TIMEOUT(composition_->session() != nullptr, kLong);
  QTRY_VERIFY_WITH_TIMEOUT(session().core().loading().share >= 1, kLong);
  QVERIFY(context().commands == nullptr);
  QTRY_COMPARE(context().breakpoints.hits().size(), std::size_t{1});
  showTab(1);
  auto* hits = find<QTreeWidget>("hitList");
  QTRY_COMPARE(hits->topLevelItemCount(), 1);
  const QRect place = hits->visualItemRect(hits->topLevelItem(0));
  QTest::mouseClick(hits->viewport(), Qt::LeftButton, {}, place.center());
  // To where both stand, which is a little after the hit itself.
  QTRY_VERIFY(context().clock.now() >= hit_.time && context().clock.now() < hit_.time + kNsPerSecond);
  QVERIFY(context().breakpoints.stopped(context().clock.now()).has_value());
  // As it was at that moment: both stopped, the pushed value in force, the tick of the hit.
  QTRY_VERIFY(find<QFrame>("stopBanner")->isVisible());
  const auto density = context().params.value(kServer, "npc.density", hit_.time);
  QVERIFY(density.has_value());
  QCOMPARE(std::get<double>(density->value), 6.0);
  QTRY_COMPARE(find<QTreeWidget>("hitView")->topLevelItemCount(), 2);
  shot("replay");
}

void ShiftSuite::cleanupTestCase() {
  window_.reset();
  composition_.reset();
}

}  // namespace qd::console

QTEST_MAIN(qd::console::ShiftSuite)
#include "shift_test.moc"
