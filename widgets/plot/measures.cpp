// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/measures.h"

#include <QCoreApplication>
#include <array>
#include <cmath>

#include "core/base/percentile.h"
#include "widgets/base/format.h"

namespace qd::widgets::plot {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("Measures", text);
}

constexpr std::array kStatistics{QT_TRANSLATE_NOOP("Measures", "n"),    QT_TRANSLATE_NOOP("Measures", "min"),
                                 QT_TRANSLATE_NOOP("Measures", "mean"), QT_TRANSLATE_NOOP("Measures", "p50"),
                                 QT_TRANSLATE_NOOP("Measures", "p95"),  QT_TRANSLATE_NOOP("Measures", "p99"),
                                 QT_TRANSLATE_NOOP("Measures", "max")};

QString signedNumber(double value) {
  return value > 0 ? QLatin1Char('+') + formatNumber(value) : formatNumber(value);
}

QString milliseconds(TimeNs span) {
  return tr("%1 ms").arg(signedNumber(static_cast<double>(span) / 1e6));
}

QString ticksBetween(std::optional<Tick> a, std::optional<Tick> b) {
  if (!a || !b) return noData();
  const Tick difference = *b - *a;
  return tr("%1 ticks").arg((difference > 0 ? QStringLiteral("+") : QString()) + formatTick(difference));
}

QStringList headerOf(const Measures& m) {
  QStringList header{QString()};
  for (std::size_t i = 0; i < m.cursors.size(); ++i) {
    header << cursorName(i);
    if (i > 0) header << cursorName(i) + QChar(0x2212) + cursorName(i - 1);
  }
  if (m.range)
    for (const char* name : kStatistics) header << tr(name);
  return header;
}

QStringList momentRow(const Measures& m, const TickAt& tickOf) {
  QStringList row{tr("time · tick")};
  std::optional<Tick> before;
  for (std::size_t i = 0; i < m.cursors.size(); ++i) {
    const auto tick = tickOf(m.cursors[i]);
    row << formatUtc(m.cursors[i], Precision::Milliseconds) + QStringLiteral(" · ") + formatTick(tick);
    if (i > 0)
      row << milliseconds(m.cursors[i] - m.cursors[i - 1]) + QStringLiteral(" · ") + ticksBetween(before, tick);
    before = tick;
  }
  if (m.range) row << QStringList(kStatistics.size());
  return row;
}

QString rangeText(TimeNs from, TimeNs to, const TickAt& tickOf) {
  const Tick ticks = tickOf(to).value_or(0) - tickOf(from).value_or(0);
  QString text = tr("%1 – %2 · %3 ms")
                     .arg(formatUtc(from, Precision::Milliseconds), formatUtc(to, Precision::Milliseconds),
                          formatNumber(static_cast<double>(to - from) / 1e6));
  if (tickOf(from) && tickOf(to)) text += tr(" · %1 ticks").arg(formatTick(ticks));
  return text;
}

QStringList seriesRow(const series::Store& store, const Measures& m, const Measured& one) {
  QStringList row{one.unit.isEmpty() ? one.name() : one.name() + QStringLiteral(" · ") + one.unit};
  const auto shown = [&](std::optional<double> value) { return value ? formatNumber(*value * one.factor) : noData(); };
  std::optional<double> before;
  for (std::size_t i = 0; i < m.cursors.size(); ++i) {
    const auto sample = analysis::valueAt(store, one.series.bound, m.cursors[i]);
    const auto value = sample ? std::optional(sample->value) : std::nullopt;
    row << shown(value);
    if (i > 0) row << (value && before ? signedNumber((*value - *before) * one.factor) : noData());
    before = value;
  }
  if (!m.range) return row;
  const auto s = statisticsOf(store, one.series.bound, m.range->first, m.range->second);
  row << (s.n == 0 ? noData() : formatCount(static_cast<double>(s.n)));
  for (const double value : {s.min, s.mean, s.p50, s.p95, s.p99, s.max})
    row << shown(s.n == 0 ? std::nullopt : std::optional(value));
  return row;
}

}  // namespace

QString Measured::name() const {
  const std::string own = series.isDerived() ? analysis::textOf(series.bound.expression) : series.meta.label();
  return QString::fromStdString(series.ref.process.value + " " + own);
}

QString cursorName(std::size_t index) {
  return QChar(QLatin1Char(static_cast<char>('A' + index % 26)));
}

series::Statistics statisticsOf(const series::Store& store, const analysis::Bound& bound, TimeNs from, TimeNs to) {
  if (bound.expression.kind == analysis::Derivation::None)
    return store.statistics(bound.a, series::Axis::Time, from, to);
  const auto data = analysis::evaluate(store, bound, from, to, 2000);
  series::Statistics out;
  std::vector<double> values;
  double sum = 0;
  const auto add = [&](TimeNs time, double value) {
    if (time < from || time > to || !std::isfinite(value)) return;
    values.push_back(value);
    sum += value;
  };
  for (const auto& s : data.samples) add(s.time, s.value);
  for (const auto& b : data.buckets) add(b.x1, b.mean);
  if (values.empty()) return out;
  out.n = values.size();
  out.mean = sum / static_cast<double>(values.size());
  out.p50 = percentile(values, 0.50);
  out.p95 = percentile(values, 0.95);
  out.p99 = percentile(values, 0.99);
  out.min = *std::min_element(values.begin(), values.end());
  out.max = *std::max_element(values.begin(), values.end());
  return out;
}

MeasureTable measure(const series::Store& store, const Measures& measures, const std::vector<Measured>& series,
                     const TickAt& tickOf) {
  MeasureTable table;
  table.header = headerOf(measures);
  if (!measures.cursors.empty()) {
    table.rows.push_back(momentRow(measures, tickOf));
    table.colors.emplace_back();
    table.firstSeries = 1;
  }
  if (measures.range) table.range = rangeText(measures.range->first, measures.range->second, tickOf);
  for (const Measured& one : series) {
    table.rows.push_back(seriesRow(store, measures, one));
    table.colors.push_back(one.series.color);
  }
  return table;
}

}  // namespace qd::widgets::plot
