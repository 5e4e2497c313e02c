// SPDX-License-Identifier: GPL-3.0-or-later
// English plurals: the texts of tr("%n player(s)") without their brackets, "1 player", "2 players". Installed first;
// a translation into another language goes before it. UI thread only.
#pragma once

#include <QTranslator>

namespace qd::console {

class EnglishPlurals final : public QTranslator {
 public:
  using QTranslator::QTranslator;

  bool isEmpty() const override { return false; }
  QString translate(const char*, const char* source, const char*, int n) const override {
    if (n < 0) return {};
    QString text = QString::fromUtf8(source);
    text.replace(QLatin1String("(es)"), QLatin1String(n == 1 ? "" : "es"));
    text.replace(QLatin1String("(s)"), QLatin1String(n == 1 ? "" : "s"));
    return text;
  }
};

}  // namespace qd::console
