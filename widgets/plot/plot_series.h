// SPDX-License-Identifier: GPL-3.0-or-later
// A series that a plot shows, found in the store: what PlotStack makes of a PaneSpec for the processes it follows, and
// what PlotPane draws. Values; UI thread only.
#pragma once

#include <QColor>
#include <QString>

#include "core/analysis/derived.h"
#include "core/ingest/directory.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/plot/pane_spec.h"

namespace qd::widgets::plot {

struct PaneSeries {
  series::SeriesMeta meta;  // of the series, or of the first operand
  analysis::Bound bound;
  SeriesRef ref;          // as it is named, dragged and saved
  bool followed = false;  // because the stack follows its process
  QString label;
  QColor color;
  std::string unit;
  Style style = Style::Line;
  Scheme scheme = Scheme::Dark;

  bool isDerived() const { return bound.expression.kind != analysis::Derivation::None; }
  bool sameSource(const PaneSeries& other) const { return bound == other.bound && ref == other.ref; }
};

struct SeriesFinder {
  const series::Store& store;
  const ingest::Directory& directory;
  Scheme scheme;

  // Empty: not (yet) in the store. `named`: with the name of the series in the label, not only the process.
  std::optional<PaneSeries> find(const SeriesRef& ref, bool named) const;
  // Everything that `spec` asks for with `group` followed, at most `most`; of `player`, where its server is of the
  // group, what that server says of it under the same names.
  std::vector<PaneSeries> of(const PaneSpec& spec, const std::vector<ProcessId>& group,
                             const std::optional<FollowedPlayer>& player, std::size_t most) const;
  std::vector<PaneSeries> ofPlayer(const PaneSpec& spec, const FollowedPlayer& player) const;
};

// Fixed for good, like a series' own: the source's colour moved towards the text, farther for each kind.
QColor derivedColor(const QColor& source, analysis::Derivation kind, Scheme scheme);

}  // namespace qd::widgets::plot
