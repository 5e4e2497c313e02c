// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QTest>
#include <memory>

QObject* makePlotTest();
QObject* makeStackTest();
QObject* makeRasterTest();
QObject* makeEditTest();
QObject* makeRefiningTest();
QObject* makeRecordedLiveTest();

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  int failed = 0;
  for (const auto make :
       {makePlotTest, makeRasterTest, makeStackTest, makeEditTest, makeRefiningTest, makeRecordedLiveTest}) {
    const std::unique_ptr<QObject> test(make());
    failed += QTest::qExec(test.get(), argc, argv);
  }
  return failed == 0 ? 0 : 1;
}
