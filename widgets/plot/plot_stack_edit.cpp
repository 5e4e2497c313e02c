// SPDX-License-Identifier: GPL-3.0-or-later
// What the plot stack shows, as the operator changes it, and its layout as JSON.
#include <QJsonArray>
#include <QJsonDocument>
#include <QSplitter>
#include <algorithm>

#include "widgets/plot/plot_stack.h"
#include "widgets/plot/stack_overlay.h"

namespace qd::widgets::plot {
namespace {

constexpr int kLayoutVersion = 1;
constexpr int kMostPanes = 32;

}  // namespace

void PlotStack::changed() {
  storeRevision_ = UINT64_MAX;
  Q_EMIT layoutChanged();
}

PlotPane* PlotStack::addPane(PaneSpec spec) {
  auto* pane = new PlotPane(std::move(spec), context_.store);
  pane->installEventFilter(this);  // its size changes with the splitter
  connect(pane, &PlotPane::movedOut, this, [this, pane](const SeriesRef& series) { removeSeries(*pane, series); });
  splitter_->addWidget(pane);
  panes_.push_back(pane);
  overlay_->raise();
  storeRevision_ = UINT64_MAX;
  return pane;
}

void PlotStack::addSeries(PlotPane* pane, const std::vector<SeriesRef>& series) {
  if (series.empty()) return;
  if (pane == nullptr) {
    const auto& name = series.front().series;
    pane = addPane({QString::fromStdString(name), {}, tr("Filled by the series that were dropped here.")});
  }
  PaneSpec& spec = pane->spec();
  for (const SeriesRef& ref : series) {
    const bool wasHidden = std::erase(spec.hidden, ref) > 0;
    if (wasHidden && std::find(spec.names.begin(), spec.names.end(), ref.series) != spec.names.end()) continue;
    if (std::find(spec.extra.begin(), spec.extra.end(), ref) == spec.extra.end()) spec.extra.push_back(ref);
  }
  changed();
}

void PlotStack::removeSeries(PlotPane& pane, const SeriesRef& series) {
  PaneSpec& spec = pane.spec();
  std::erase(spec.extra, series);
  const bool followed = std::find(spec.names.begin(), spec.names.end(), series.series) != spec.names.end();
  const auto parsed = analysis::parseExpression(series.series);
  if (followed && parsed && parsed->kind != analysis::Derivation::None) {
    std::erase(spec.names, series.series);  // what was declared here goes for every process
  } else if (followed && std::find(spec.hidden.begin(), spec.hidden.end(), series) == spec.hidden.end()) {
    spec.hidden.push_back(series);
  }
  changed();
}

void PlotStack::addDerived(PlotPane& pane, const PaneSeries& source, const analysis::Expression& expression) {
  const std::string text = analysis::textOf(expression);
  PlotPane* target = &pane;
  if (source.unit != analysis::unitOf(expression, source.meta.info.unit)) {
    target = addPane({QString::fromStdString(text), {}, tr("Filled by %1.").arg(source.label)});
  }
  const bool own = expression.a.process.value.empty() && expression.b.process.value.empty();
  if (source.followed && own) {
    auto& names = target->spec().names;
    if (std::find(names.begin(), names.end(), text) == names.end()) names.push_back(text);
    changed();
  } else {
    addSeries(target, {{source.ref.process, text, {}}});
  }
}

void PlotStack::setStyle(PlotPane& pane, const SeriesRef& series, Style style) {
  pane.spec().styles[series.series] = style;
  changed();
}

void PlotStack::setAxis(PlotPane& pane, const ValueAxis& axis) {
  pane.spec().axis = axis;
  dirty_ = true;
  Q_EMIT layoutChanged();
}

void PlotStack::removePane(PlotPane* pane) {
  std::erase(panes_, pane);
  pane->hide();
  pane->deleteLater();
  dirty_ = true;
  Q_EMIT layoutChanged();
}

void PlotStack::resetPanes() {
  while (!panes_.empty()) removePane(panes_.back());
  for (const PaneSpec& spec : defaults_) addPane(spec);
  changed();
}

QByteArray PlotStack::saveLayout() const {
  QJsonArray panes, heights;
  for (const PlotPane* pane : panes_) panes.append(toJson(pane->spec()));
  for (const int height : splitter_->sizes()) heights.append(height);
  return QJsonDocument(QJsonObject{{QStringLiteral("version"), kLayoutVersion},
                                   {QStringLiteral("panes"), panes},
                                   {QStringLiteral("heights"), heights}})
      .toJson(QJsonDocument::Compact);
}

bool PlotStack::restoreLayout(const QByteArray& json) {
  const QJsonObject layout = QJsonDocument::fromJson(json).object();
  if (layout.value(QStringLiteral("version")).toInt() != kLayoutVersion) return false;
  std::vector<PaneSpec> specs;
  for (const QJsonValue& value : layout.value(QStringLiteral("panes")).toArray())
    if (auto spec = paneFromJson(value.toObject()); spec && specs.size() < kMostPanes)
      specs.push_back(std::move(*spec));
  if (specs.empty()) return false;
  while (!panes_.empty()) removePane(panes_.back());
  for (PaneSpec& spec : specs) addPane(std::move(spec));
  QList<int> heights;
  for (const QJsonValue& value : layout.value(QStringLiteral("heights")).toArray()) heights << value.toInt();
  if (heights.size() == static_cast<qsizetype>(panes_.size())) splitter_->setSizes(heights);
  changed();
  return true;
}

}  // namespace qd::widgets::plot
