// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/series_mime.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMimeData>

namespace qd::widgets {
namespace {

const QString kProcess = QStringLiteral("process"), kSeries = QStringLiteral("series"),
              kDimensions = QStringLiteral("dimensions");

}  // namespace

QString seriesMimeType() {
  return QStringLiteral("application/x-quarterdeck-series+json");
}

QMimeData* makeSeriesMime(const std::vector<SeriesRef>& series) {
  QJsonArray array;
  QStringList text;
  for (const SeriesRef& ref : series) {
    QJsonObject dimensions;
    for (const auto& [name, value] : ref.dimensions)
      dimensions.insert(QString::fromStdString(name), QString::fromStdString(value));
    const QString process = QString::fromStdString(ref.process.value), name = QString::fromStdString(ref.series);
    array.append(QJsonObject{{kProcess, process}, {kSeries, name}, {kDimensions, dimensions}});
    text << (name.isEmpty() ? process : process + QLatin1Char(' ') + name);
  }
  auto* data = new QMimeData;
  data->setData(seriesMimeType(), QJsonDocument(array).toJson(QJsonDocument::Compact));
  data->setText(text.join(QLatin1Char('\n')));
  return data;
}

std::vector<SeriesRef> readSeriesMime(const QMimeData* data) {
  std::vector<SeriesRef> result;
  if (data == nullptr || !data->hasFormat(seriesMimeType())) return result;
  const QJsonArray array = QJsonDocument::fromJson(data->data(seriesMimeType())).array();
  for (const QJsonValue& value : array) {
    const QJsonObject object = value.toObject();
    SeriesRef ref{
        ProcessId(object.value(kProcess).toString().toStdString()), object.value(kSeries).toString().toStdString(), {}};
    const QJsonObject dimensions = object.value(kDimensions).toObject();
    for (auto it = dimensions.begin(); it != dimensions.end(); ++it)
      ref.dimensions.emplace_back(it.key().toStdString(), it.value().toString().toStdString());
    if (!ref.process.value.empty()) result.push_back(std::move(ref));
  }
  return result;
}

}  // namespace qd::widgets
