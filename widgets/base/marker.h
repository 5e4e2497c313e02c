// SPDX-License-Identifier: GPL-3.0-or-later
// Event markers, drawn alike in plots and on the timeline: push ▲, hit ◆, mark ⚑, alert !. Shapes, not only colours,
// and paths, not glyphs, so that no font can miss one. UI thread only.
#pragma once

#include <QColor>
#include <QPointF>
#include <QString>
#include <optional>

#include "core/ingest/event_log.h"

class QPainter;

namespace qd::widgets {

struct Colors;

enum class MarkerKind { Push, Hit, Mark, Alert };

// The marker that a moment gets, if any. Alerts: events named alert*, fatal log lines, a lost process.
std::optional<MarkerKind> markerOf(const ingest::Moment& moment);
// For EventLog::query(): every kind that can have a marker.
ingest::MomentFilter markerFilter();

QColor markerColor(const Colors& colors, MarkerKind kind);
QString markerName(MarkerKind kind);
// Centred at `at`, `size` px high.
void drawMarker(QPainter& painter, const Colors& colors, MarkerKind kind, QPointF at, double size = 10);

}  // namespace qd::widgets
