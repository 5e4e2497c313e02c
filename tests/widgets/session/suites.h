// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

namespace qd::session {

class ContextsSuite final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void readsEveryKey();
  void productionOpensReadOnly();
  void refusesWithFileAndLine_data();
  void refusesWithFileAndLine();
  void aMissingFileIsAnEmptyList();
  void endpoints_data();
  void endpoints();
  void endpointListsOfTheDialog();
};

class GoToSuite final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void ticksTimesAndSteps_data();
  void ticksTimesAndSteps();
  void refusesNonsense();
};

class WindowSuite final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void paletteFindsByLettersAndPutsDisabledLast();
  void paletteRunsTheChosenAction();
  void statusSaysDashForWhatNobodyMeasured();
  void statusRaisesAlarms();
  void statusSaysWhatGaveWayToTheCap();
  void statusWidthsOnlyGrow();
  void recentRecordingsNewestFirst();
  void clustersAreRememberedOnce();
  void startPageShowsWhatIsWrongInContexts();
  void startPageAsksForWhatIsClicked();
  void topBarFollowsTheClock();
};

}  // namespace qd::session
