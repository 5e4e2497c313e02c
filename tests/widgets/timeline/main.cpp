// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QTest>
#include <memory>

QObject* makeModelTest();
QObject* makePanelTest();

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  int failed = 0;
  for (const auto make : {makeModelTest, makePanelTest}) {
    const std::unique_ptr<QObject> test(make());
    failed += QTest::qExec(test.get(), argc, argv);
  }
  return failed == 0 ? 0 : 1;
}
