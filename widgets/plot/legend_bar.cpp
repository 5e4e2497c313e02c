// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/legend_bar.h"

#include <QPainter>

#include "widgets/base/theme.h"

namespace qd::widgets::plot {
namespace {

constexpr int kSwatch = 10;
constexpr int kBetween = 16;

int widthOf(const char* widest) {
  return QFontMetrics(numberFont()).horizontalAdvance(QLatin1String(widest));
}

int valueSlot() {
  static const int width = widthOf("0000.0 %");
  return width;
}

int noteSlot(const LegendEntry& entry) {
  static const int width = widthOf("p99 0000.0");
  return entry.note.isNull() ? 0 : width;
}

}  // namespace

LegendBar::LegendBar(QWidget* parent) : QWidget(parent) {
  setFixedHeight(20);
  setAttribute(Qt::WA_TransparentForMouseEvents);
}

void LegendBar::setTitle(const QString& title, const QString& unit) {
  if (title == title_ && unit == unit_) return;
  title_ = title;
  unit_ = unit;
  update();
}

void LegendBar::setEntries(std::vector<LegendEntry> entries) {
  if (entries == entries_) return;
  entries_ = std::move(entries);
  update();
}

int LegendBar::drawEntry(QPainter& painter, const LegendEntry& entry, int x) const {
  const Colors& c = colorsOf(this);
  const QFontMetrics labels(uiFont(kSmallPx));
  const QRect swatch(x, (height() - kSwatch) / 2, kSwatch, kSwatch);
  if (entry.pattern == Qt::SolidPattern) {
    painter.fillRect(swatch.adjusted(0, 3, 0, -3), entry.color);
  } else {
    painter.fillRect(swatch, entry.color);
    painter.fillRect(swatch, QBrush(c.panel, entry.pattern));
  }
  x += kSwatch + kGap + 2;
  painter.setFont(uiFont(kSmallPx));
  painter.setPen(entry.stale ? c.faint : c.muted);
  painter.drawText(QRect(x, 0, labels.horizontalAdvance(entry.label) + 2, height()), Qt::AlignVCenter, entry.label);
  x += labels.horizontalAdvance(entry.label) + 6;
  painter.setFont(numberFont());
  painter.setPen(entry.stale ? c.faint : c.text);
  painter.drawText(QRect(x, 0, valueSlot(), height()), Qt::AlignVCenter | Qt::AlignLeft, entry.value);
  x += valueSlot();
  painter.setPen(entry.stale ? c.faint : c.muted);
  painter.drawText(QRect(x, 0, noteSlot(entry) + kBetween, height()), Qt::AlignVCenter | Qt::AlignLeft, entry.note);
  return x + noteSlot(entry) + kBetween;
}

void LegendBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  const QFont bold = uiFont(kSmallPx, QFont::DemiBold);
  int x = kPad;
  painter.setFont(bold);
  painter.setPen(c.text);
  painter.drawText(QRect(x, 0, width(), height()), Qt::AlignVCenter, title_);
  x += QFontMetrics(bold).horizontalAdvance(title_) + 6;
  painter.setFont(uiFont(kSmallPx));
  painter.setPen(c.muted);
  painter.drawText(QRect(x, 0, width(), height()), Qt::AlignVCenter, unit_);
  x = std::max(x + QFontMetrics(uiFont(kSmallPx)).horizontalAdvance(unit_) + kBetween, 140);
  const QFontMetrics labels(uiFont(kSmallPx));
  // Every series before any percentile: where both do not fit, the notes give way.
  int wanted = x;
  for (const LegendEntry& e : entries_)
    wanted += kSwatch + 12 + labels.horizontalAdvance(e.label) + valueSlot() + noteSlot(e) + kBetween;
  if (wanted > width())
    for (LegendEntry& e : entries_) e.note = QString();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const int needed = kSwatch + 12 + labels.horizontalAdvance(entries_[i].label) + valueSlot() + noteSlot(entries_[i]);
    const bool isLast = i + 1 == entries_.size();
    if (x + needed + (isLast ? 0 : 32) > width()) {
      painter.setFont(uiFont(kSmallPx));
      painter.setPen(c.muted);
      painter.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter,
                       QStringLiteral("+%1").arg(entries_.size() - i));
      return;
    }
    x = drawEntry(painter, entries_[i], x);
  }
}

}  // namespace qd::widgets::plot
