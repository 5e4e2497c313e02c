// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/pane_spec.h"

#include <QJsonArray>
#include <cmath>

namespace qd::widgets::plot {
namespace {

constexpr int kMostListed = 64;  // of anything in a pane: a layout file is input like any other

const std::pair<Style, const char*> kStyles[] = {
    {Style::Line, "line"}, {Style::Percentiles, "percentiles"}, {Style::Heat, "heat"}, {Style::States, "states"}};
const std::pair<ValueAxis::Mode, const char*> kAxes[] = {
    {ValueAxis::Mode::Auto, "auto"}, {ValueAxis::Mode::Fixed, "fixed"}, {ValueAxis::Mode::Log, "log"}};

template <class Value, std::size_t n>
QString nameOf(const std::pair<Value, const char*> (&names)[n], Value value) {
  for (const auto& [one, name] : names)
    if (one == value) return QLatin1String(name);
  return {};
}

template <class Value, std::size_t n>
Value valueOf(const std::pair<Value, const char*> (&names)[n], const QString& text) {
  for (const auto& [one, name] : names)
    if (text == QLatin1String(name)) return one;
  return names[0].first;
}

QString text(const std::string& s) {
  return QString::fromStdString(s);
}

QJsonArray toJson(const std::vector<SeriesRef>& refs) {
  QJsonArray array;
  for (const SeriesRef& ref : refs) {
    QJsonObject dimensions;
    for (const auto& [name, value] : ref.dimensions) dimensions.insert(text(name), text(value));
    array.append(QJsonObject{{QStringLiteral("process"), text(ref.process.value)},
                             {QStringLiteral("series"), text(ref.series)},
                             {QStringLiteral("dimensions"), dimensions}});
  }
  return array;
}

std::vector<SeriesRef> refsOf(const QJsonValue& value) {
  std::vector<SeriesRef> refs;
  for (const QJsonValue& one : value.toArray()) {
    const QJsonObject json = one.toObject();
    SeriesRef ref{ProcessId(json.value(QStringLiteral("process")).toString().toStdString()),
                  json.value(QStringLiteral("series")).toString().toStdString(),
                  {}};
    const QJsonObject dimensions = json.value(QStringLiteral("dimensions")).toObject();
    for (auto it = dimensions.begin(); it != dimensions.end(); ++it)
      ref.dimensions.emplace_back(it.key().toStdString(), it.value().toString().toStdString());
    if (!ref.process.value.empty() && refs.size() < kMostListed) refs.push_back(std::move(ref));
  }
  return refs;
}

}  // namespace

QJsonObject toJson(const PaneSpec& spec) {
  QJsonArray names;
  for (const auto& name : spec.names) names.append(text(name));
  QJsonObject styles;
  for (const auto& [name, style] : spec.styles) styles.insert(text(name), nameOf(kStyles, style));
  QJsonObject axis{{QStringLiteral("mode"), nameOf(kAxes, spec.axis.mode)}};
  if (spec.axis.mode == ValueAxis::Mode::Fixed) {
    axis.insert(QStringLiteral("low"), spec.axis.low);
    axis.insert(QStringLiteral("high"), spec.axis.high);
  }
  return {{QStringLiteral("title"), spec.title},
          {QStringLiteral("names"), names},
          {QStringLiteral("empty"), spec.empty},
          {QStringLiteral("strip"), spec.strip},
          {QStringLiteral("extra"), toJson(spec.extra)},
          {QStringLiteral("hidden"), toJson(spec.hidden)},
          {QStringLiteral("styles"), styles},
          {QStringLiteral("axis"), axis}};
}

std::optional<PaneSpec> paneFromJson(const QJsonObject& json) {
  PaneSpec spec;
  spec.title = json.value(QStringLiteral("title")).toString().left(200);
  if (spec.title.isEmpty()) return std::nullopt;
  for (const QJsonValue& name : json.value(QStringLiteral("names")).toArray())
    if (name.isString() && spec.names.size() < kMostListed) spec.names.push_back(name.toString().toStdString());
  spec.empty = json.value(QStringLiteral("empty")).toString();
  spec.strip = json.value(QStringLiteral("strip")).toBool();
  spec.extra = refsOf(json.value(QStringLiteral("extra")));
  spec.hidden = refsOf(json.value(QStringLiteral("hidden")));
  const QJsonObject styles = json.value(QStringLiteral("styles")).toObject();
  for (auto it = styles.begin(); it != styles.end(); ++it)
    spec.styles[it.key().toStdString()] = valueOf(kStyles, it.value().toString());
  const QJsonObject axis = json.value(QStringLiteral("axis")).toObject();
  spec.axis.mode = valueOf(kAxes, axis.value(QStringLiteral("mode")).toString());
  spec.axis.low = axis.value(QStringLiteral("low")).toDouble(0);
  spec.axis.high = axis.value(QStringLiteral("high")).toDouble(1);
  if (!(spec.axis.high > spec.axis.low)) spec.axis = {};
  return spec;
}

}  // namespace qd::widgets::plot
