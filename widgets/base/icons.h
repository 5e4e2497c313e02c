// SPDX-License-Identifier: GPL-3.0-or-later
// The few symbols on buttons, drawn as paths in the widget's text colour so that both themes and every scale factor get
// a sharp one. Ask again after QEvent::PaletteChange. UI thread only.
#pragma once

#include <QColor>
#include <QIcon>

namespace qd::widgets {

enum class Symbol {
  Pin,
  Play,
  Pause,
  StepBack,
  StepForward,
  SecondBack,
  SecondForward,
  EventBack,
  EventForward,
  Loop,
  Mark,
  Stop,
  Close,
  Add,
  Search
};

QIcon icon(Symbol symbol, const QColor& color, int px = 16);

}  // namespace qd::widgets
