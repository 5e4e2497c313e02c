// SPDX-License-Identifier: GPL-3.0-or-later
// The look of the window in one place: colours of the dark and the light scheme, fonts, spacing, environment bands, and
// the colour of each series, fixed for good (servers blue, editors orange, red for alarms alone). Nothing is global:
// a widget asks colorsOf(this) while it paints, and is told of a switch by QEvent::PaletteChange. UI thread only.
#pragma once

#include <QColor>
#include <QFont>
#include <QString>

#include "core/ingest/events.h"

class QApplication;
class QWidget;

namespace qd::widgets {

enum class Scheme { Dark, Light };

struct Colors {
  Scheme scheme;
  QColor window, panel, raised, border, grid;  // from the background up
  QColor text, muted, faint;                   // faint: stale or disabled, never for what must be read
  QColor accent, accentText;                   // selection, focus, the primary button
  QColor ok, caution, alarm;                   // never alone: always beside a word or a shape
  QColor interpolated, extrapolated, held;     // the strip under interp.error; the last two are hatched as well
  QColor push, hit, mark;                      // event markers; an alert's is `alarm`
};

const Colors& colors(Scheme scheme);
// Of the palette that `widget` has now.
const Colors& colorsOf(const QWidget* widget);

// Style, palette, fonts and style sheet of the whole application; call again to switch while it runs.
void applyTheme(QApplication& app, Scheme scheme);

enum class Environment { None, Stage, Staging, Production, Replay };
struct Band {
  QColor background, text;
};
Band bandOf(Environment environment);

// Stable for (process, series): the same on every screen and in every session. The number at the end of the process id
// chooses the shade, the series name the variant.
QColor seriesColor(Scheme scheme, ingest::ProcessKind kind, const ProcessId& process, const std::string& series);

// Sizes in pixels, never below 12. The number font has figures of equal width, so that live values do not jump.
inline constexpr int kTextPx = 13;
inline constexpr int kSmallPx = 12;
QFont uiFont(int px = kTextPx, int weight = QFont::Normal);
QFont numberFont(int px = kSmallPx, int weight = QFont::Normal);
QFont codeFont(int px = kSmallPx);

// Spacing, px: everything is a multiple of 4.
inline constexpr int kGap = 4;
inline constexpr int kPad = 8;
inline constexpr int kRowHeight = 24;
inline constexpr int kTitleHeight = 28;

}  // namespace qd::widgets
