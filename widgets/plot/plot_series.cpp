// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/plot_series.h"

#include <QCoreApplication>
#include <algorithm>

#include "core/analysis/state_names.h"

namespace qd::widgets::plot {
namespace {

// "rtt" of "net.rtt{client=3}", the whole expression of a derived one.
QString shortName(const analysis::Expression& e, const series::SeriesMeta& meta) {
  if (e.kind != analysis::Derivation::None) return QString::fromStdString(analysis::textOf(e));
  return QString::fromStdString(meta.label()).section(QLatin1Char('.'), -1);
}

QColor mixed(const QColor& a, const QColor& b, double shareOfB) {
  const auto mix = [shareOfB](int x, int y) { return static_cast<int>(x + (y - x) * shareOfB); };
  return QColor(mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue()));
}

}  // namespace

QColor derivedColor(const QColor& source, analysis::Derivation kind, Scheme scheme) {
  if (kind == analysis::Derivation::None) return source;
  const QColor text = colors(scheme).text;
  const double share = kind == analysis::Derivation::Average      ? 0.65
                       : kind == analysis::Derivation::Percentile ? 0.4
                       : kind == analysis::Derivation::Difference ? 0.8
                                                                  : 0.25;
  return mixed(source, text, share);
}

std::optional<PaneSeries> SeriesFinder::find(const SeriesRef& ref, bool named) const {
  auto expression = analysis::parseExpression(ref.series);
  if (!expression) return std::nullopt;
  if (!ref.dimensions.empty()) expression->a.dimensions = ref.dimensions;
  const auto bound = analysis::bindTo(store, ref.process, *expression);
  if (!bound) return std::nullopt;
  const auto meta = store.meta(bound->a);
  if (!meta) return std::nullopt;
  PaneSeries found{*meta,       *bound, ref, false, {}, {}, analysis::unitOf(*expression, meta->info.unit),
                   Style::Line, scheme};
  const auto info = directory.process(meta->process);
  const auto kind = info ? info->kind : ingest::ProcessKind::Other;
  found.color = derivedColor(seriesColor(scheme, kind, meta->process, meta->info.name), expression->kind, scheme);
  found.label = QString::fromStdString(ref.process.value);
  if (named) found.label += QLatin1Char(' ') + shortName(*expression, *meta);
  return found;
}

std::vector<PaneSeries> SeriesFinder::ofPlayer(const PaneSpec& spec, const FollowedPlayer& player) const {
  std::vector<PaneSeries> result;
  for (const auto& name : spec.names) {
    const SeriesRef ref{player.server, name, {{"client", std::to_string(player.id)}}};
    if (std::find(spec.hidden.begin(), spec.hidden.end(), ref) != spec.hidden.end()) continue;
    auto found = find(ref, false);
    if (!found) continue;
    found->followed = true;
    found->label = QCoreApplication::translate("PlotStack", "player %1").arg(player.id);
    if (spec.names.size() > 1)
      found->label += QLatin1Char(' ') + QString::fromStdString(name).section(QLatin1Char('.'), -1);
    // The colour of the text stands out from every process; a second one of the same plot leans to its own.
    found->color = mixed(colors(scheme).text, found->color, result.empty() ? 0 : 0.5);
    result.push_back(std::move(*found));
  }
  return result;
}

std::vector<PaneSeries> SeriesFinder::of(const PaneSpec& spec, const std::vector<ProcessId>& group,
                                         const std::optional<FollowedPlayer>& player, std::size_t most) const {
  // The player comes first: a legend that is too short leaves out what is at its end.
  std::vector<PaneSeries> result;
  if (player && std::find(group.begin(), group.end(), player->server) != group.end()) result = ofPlayer(spec, *player);
  const auto add = [&](const SeriesRef& ref, bool named, bool followed) {
    auto found = find(ref, named);
    if (!found || result.size() >= most) return;
    if (std::any_of(result.begin(), result.end(), [&](const auto& s) { return s.bound == found->bound; })) return;
    found->followed = followed;
    const auto style = spec.styles.find(ref.series);
    if (style != spec.styles.end()) {
      found->style = style->second;
    } else if (!found->isDerived() && analysis::isState(found->meta.info)) {
      found->style = Style::States;
    }
    result.push_back(std::move(*found));
  };
  for (const auto& process : group) {
    for (const auto& name : spec.names) {
      const SeriesRef ref{process, name, {}};
      const bool hidden = std::find(spec.hidden.begin(), spec.hidden.end(), ref) != spec.hidden.end();
      if (!hidden) add(ref, spec.names.size() > 1, true);
    }
  }
  for (const SeriesRef& ref : spec.extra) {
    // A process without a series: whatever of it is shown here.
    const auto names = ref.series.empty() ? spec.names : std::vector<std::string>{ref.series};
    for (const auto& name : names) add({ref.process, name, ref.dimensions}, true, false);
  }
  return result;
}

}  // namespace qd::widgets::plot
