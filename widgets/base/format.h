// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, units and times as the window writes them: three significant digits, ms, mm (m above 1), kB/s, Hz, UTC.
// No data is "—", never 0. Pure functions; any thread.
#pragma once

#include <QString>
#include <optional>
#include <string>

#include "core/base/clock.h"

namespace qd::widgets {

QString noData();  // "—"

// How values of `unit` (as a series declares it) are shown when the largest of them is `magnitude`.
struct UnitView {
  double factor = 1;  // shown = value * factor
  QString unit;       // empty: a plain count
};
UnitView unitView(const std::string& unit, double magnitude);

QString formatNumber(double value);                                         // "2.13", "16.7", "128", "1284"
QString formatValue(std::optional<double> value, const std::string& unit);  // "2.13 ms", "—"
QString formatIn(std::optional<double> value, const UnitView& view);        // with a unit already chosen
QString formatCount(double count);                                          // "12 k", "3.40 M"
QString formatBytes(double bytes);                                          // "4.20 MB"
QString formatTick(std::optional<Tick> tick);                               // grouped by thin spaces
enum class Precision { Minutes, Seconds, Milliseconds };
QString formatUtc(TimeNs time, Precision precision = Precision::Seconds);  // "14:02:11Z"; 0: "—"
QString formatLocal(TimeNs time);                                          // for tooltips: date, local time
QString formatSpan(TimeNs span);                                           // "250 ms", "60 s", "15 min", "2 h"
// "1 change", "4 changes": `one` as it is, `many` with %1.
QString counted(qint64 count, const QString& one, const QString& many);
QString formatSpeed(double factor);  // "0.05×"

}  // namespace qd::widgets
