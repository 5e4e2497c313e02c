// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/player_moment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/analysis/baseline.h"
#include "core/analysis/stutter_judge.h"

namespace qd::analysis {
namespace {

constexpr TimeNs kBefore = kNsPerSecond / 2, kAfter = kNsPerSecond;  // told each half second, about the time before
constexpr TimeNs kUsual = 10 * kNsPerSecond;
constexpr double kSigmas = 6;  // as for the layers
constexpr int kEverySample = 4'096;

// `step`: a change that a player can feel, whatever the spread was before: a tick and more, a twentieth of the packets,
// one event.
struct Watched {
  const char* series;
  double step;
};
constexpr Watched kWatched[] = {{"net.rtt", 20},         {"net.jitter", 10},    {"net.loss", 0.05},
                                {"interp.view_age", 34}, {"interp.starved", 0}, {"input.late", 0},
                                {"input.missing", 0},    {"input.rejected", 0}, {"predict.corrections", 2}};

std::optional<std::string> clientOf(const series::SeriesMeta& meta) {
  for (const auto& [key, value] : meta.info.dimensions)
    if (key == "client" && meta.info.dimensions.size() == 1) return value;
  return std::nullopt;
}

struct Around {
  std::optional<double> worst;  // around the moment
  Baseline usual;               // before it
};

Around around(const series::Store& store, series::SeriesId id, TimeNs time) {
  const auto result = store.query(id, series::Axis::Time, time - kBefore - kUsual, time + kAfter, kEverySample);
  Around out;
  std::vector<double> before;
  const auto add = [&](TimeNs at, double value) {
    if (!std::isfinite(value)) return;
    if (at < time - kBefore) {
      before.push_back(value);
    } else {
      out.worst = std::max(out.worst.value_or(value), value);
    }
  };
  for (const auto& s : result.samples) add(s.time, s.value);
  for (const auto& b : result.buckets) add(b.x0, b.max);
  out.usual = baselineOf(std::move(before));
  return out;
}

std::string listed(const std::vector<PlayerFigure>& figures) {
  std::string text;
  for (const PlayerFigure& f : figures) {
    if (!f.wrong) continue;
    text += fmt::format("{}{} {}{}{}", text.empty() ? "" : ", ", f.series, number(f.value), f.unit.empty() ? "" : " ",
                        f.unit);
    text += fmt::format(" (usually {}", number(f.usual.value_or(0)));
    text += f.others ? fmt::format(", the others {})", number(*f.others)) : std::string(")");
  }
  return text;
}

std::string sentence(const PlayerMoment& m) {
  const auto wrong = std::ranges::count_if(m.figures, &PlayerFigure::wrong);
  const auto shared = std::ranges::count_if(m.figures, &PlayerFigure::shared);
  if (m.figures.empty()) return fmt::format("{} says nothing of player {} at that moment.", m.server.value, m.player);
  if (wrong == 0) return fmt::format("Nothing that {} says of player {} was out of line.", m.server.value, m.player);
  const char* whose = shared == 0       ? "It was this player alone."
                      : shared == wrong ? "The other players had it too."
                                        : "The other players had a part of it too.";
  return fmt::format("{} of player {}: {}. {}", m.server.value, m.player, listed(m.figures), whose);
}

}  // namespace

PlayerMoment playerAt(const series::Store& store, const ProcessId& server, std::uint32_t player, TimeNs time) {
  PlayerMoment out{server, player, {}, {}};
  const std::string wanted = std::to_string(player);
  const auto all = store.list(server);
  for (const Watched& watched : kWatched) {
    std::optional<Around> own;
    std::string unit;
    std::vector<double> others;
    for (const series::SeriesMeta& meta : all) {
      if (meta.info.name != watched.series) continue;
      const auto client = clientOf(meta);
      if (!client) continue;
      const Around found = around(store, meta.id, time);
      if (!found.worst) continue;
      if (*client == wanted) {
        own = found;
        unit = meta.info.unit;
      } else {
        others.push_back(*found.worst);
      }
    }
    if (!own) continue;
    PlayerFigure figure{watched.series, unit == "count" || unit == "ratio" ? "" : unit, *own->worst, {}, {}};
    if (own->usual.n > 0) figure.usual = own->usual.median;
    if (!others.empty()) figure.others = baselineOf(std::move(others)).median;
    const double limit = figure.usual.value_or(0) + std::max(watched.step, kSigmas * own->usual.sigma);
    figure.wrong = figure.usual && figure.value > limit;
    figure.shared = figure.wrong && figure.others && *figure.others > limit;
    out.figures.push_back(std::move(figure));
  }
  out.says = sentence(out);
  return out;
}

}  // namespace qd::analysis
