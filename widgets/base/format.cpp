// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/format.h"

#include <QDateTime>
#include <QLocale>
#include <algorithm>
#include <cmath>

namespace qd::widgets {
namespace {

const QString kThinSpace = QString(QChar(0x2009));

bool isOneOf(const std::string& unit, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return unit == name; });
}

UnitView secondsView(double toMs, double magnitude) {
  if (magnitude * toMs >= 10'000) return {toMs / 1000, QStringLiteral("s")};
  return {toMs, QStringLiteral("ms")};
}

UnitView bytesView(double magnitude, const QString& per) {
  if (magnitude >= 1e9) return {1e-9, QStringLiteral("GB") + per};
  if (magnitude >= 1e6) return {1e-6, QStringLiteral("MB") + per};
  return {1e-3, QStringLiteral("kB") + per};
}

QString withUnit(const QString& number, const QString& unit) {
  return unit.isEmpty() ? number : number + QChar(0x00a0) + unit;
}

}  // namespace

QString noData() {
  return QString(QChar(0x2014));
}

UnitView unitView(const std::string& unit, double magnitude) {
  const double m = std::abs(magnitude);
  if (unit == "ns") return secondsView(1e-6, m);
  if (isOneOf(unit, {"us", "\u00b5s", "\u03bcs"})) return secondsView(1e-3, m);
  if (unit == "ms") return secondsView(1, m);
  if (unit == "s") return secondsView(1e3, m);
  if (isOneOf(unit, {"um", "\u00b5m", "\u03bcm"}))
    return m >= 1e6 ? UnitView{1e-6, QStringLiteral("m")} : UnitView{1e-3, QStringLiteral("mm")};
  if (unit == "mm") return m >= 1000 ? UnitView{1e-3, QStringLiteral("m")} : UnitView{1, QStringLiteral("mm")};
  if (unit == "m") return m >= 1 ? UnitView{1, QStringLiteral("m")} : UnitView{1e3, QStringLiteral("mm")};
  if (isOneOf(unit, {"B/s", "bytes/s", "byte/s"})) return bytesView(m, QStringLiteral("/s"));
  if (isOneOf(unit, {"B", "bytes", "byte"}))
    return m < 1000 ? UnitView{1, QStringLiteral("B")} : bytesView(m, QString());
  if (isOneOf(unit, {"ratio", "share"})) return {100, QStringLiteral("%")};
  if (isOneOf(unit, {"count", "1", ""})) return {1, QString()};
  return {1, QString::fromStdString(unit)};
}

QString formatNumber(double value) {
  if (!std::isfinite(value)) return noData();
  const double m = std::abs(value);
  if (m == 0) return QStringLiteral("0");
  if (m < 1e-4) return QString::number(value, 'g', 3);
  // Digits after the point for three significant ones, of the rounded value: 9.996 is 10.0.
  int decimals = std::max(0, 2 - static_cast<int>(std::floor(std::log10(m))));
  const double scale = std::pow(10.0, decimals);
  if (std::round(m * scale) >= 1000 && decimals > 0) --decimals;
  QString text = QString::number(value, 'f', decimals);
  const bool isWhole = m >= 1 && value == std::round(value);
  if (isWhole && m < 1000) text = QString::number(value, 'f', 0);
  return text.replace(QLatin1Char('-'), QChar(0x2212));
}

QString formatValue(std::optional<double> value, const std::string& unit) {
  if (!value) return noData();
  return formatIn(value, unitView(unit, *value));
}

QString formatIn(std::optional<double> value, const UnitView& view) {
  if (!value || !std::isfinite(*value)) return noData();
  return withUnit(formatNumber(*value * view.factor), view.unit);
}

QString formatCount(double count) {
  const double m = std::abs(count);
  if (m >= 1e9) return withUnit(formatNumber(count / 1e9), QStringLiteral("G"));
  if (m >= 1e6) return withUnit(formatNumber(count / 1e6), QStringLiteral("M"));
  if (m >= 1e4) return withUnit(formatNumber(count / 1e3), QStringLiteral("k"));
  return QString::number(count, 'f', 0);
}

QString formatBytes(double bytes) {
  return formatValue(bytes, "B");
}

QString formatTick(std::optional<Tick> tick) {
  if (!tick) return noData();
  QString digits = QString::number(std::abs(*tick));
  for (qsizetype at = digits.size() - 3; at > 0; at -= 3) digits.insert(at, kThinSpace);
  return *tick < 0 ? QChar(0x2212) + digits : digits;
}

QString formatUtc(TimeNs time, Precision precision) {
  if (time <= 0) return noData();
  const QDateTime at = QDateTime::fromMSecsSinceEpoch(time / kNsPerMs, Qt::UTC);
  switch (precision) {
    case Precision::Minutes:
      return at.toString(QStringLiteral("HH:mm'Z'"));
    case Precision::Milliseconds:
      return at.toString(QStringLiteral("HH:mm:ss.zzz'Z'"));
    case Precision::Seconds:
      break;
  }
  return at.toString(QStringLiteral("HH:mm:ss'Z'"));
}

QString formatLocal(TimeNs time) {
  if (time <= 0) return noData();
  const QDateTime at = QDateTime::fromMSecsSinceEpoch(time / kNsPerMs);
  return at.toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.zzz ")) + at.timeZoneAbbreviation();
}

QString formatSpan(TimeNs span) {
  const double s = static_cast<double>(span) / 1e9;
  if (s < 1) return withUnit(formatNumber(s * 1e3), QStringLiteral("ms"));
  if (s <= 120) return withUnit(formatNumber(s), QStringLiteral("s"));
  if (s <= 7200) return withUnit(formatNumber(s / 60), QStringLiteral("min"));
  return withUnit(formatNumber(s / 3600), QStringLiteral("h"));
}

QString formatSpeed(double factor) {
  return QLocale::c().toString(factor, 'g', 3) + QChar(0x00d7);
}

QString counted(qint64 count, const QString& one, const QString& many) {
  return count == 1 ? one : many.arg(count);
}

}  // namespace qd::widgets
