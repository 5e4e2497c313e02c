// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/legend_bar.h"

#include <QPainter>

#include "widgets/base/theme.h"

namespace qd::widgets::plot {
namespace {

constexpr int kSwatch = 10;
constexpr int kBetween = 16;

int valueSlot() {
  static const int width = QFontMetrics(numberFont()).horizontalAdvance(QStringLiteral("0000.0 kB/s"));
  return width;
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
  const bool same = entries.size() == entries_.size() &&
                    std::equal(entries.begin(), entries.end(), entries_.begin(), [](const auto& a, const auto& b) {
                      return a.label == b.label && a.value == b.value && a.color == b.color && a.stale == b.stale;
                    });
  if (same) return;
  entries_ = std::move(entries);
  update();
}

int LegendBar::drawEntry(QPainter& painter, const LegendEntry& entry, int x) const {
  const Colors& c = colorsOf(this);
  const QFontMetrics labels(uiFont(kSmallPx)), values(numberFont());
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
  painter.drawText(QRect(x, 0, std::max(valueSlot(), values.horizontalAdvance(entry.value)), height()),
                   Qt::AlignVCenter | Qt::AlignLeft, entry.value);
  return x + valueSlot() + kBetween;
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
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const int needed = kSwatch + 12 + labels.horizontalAdvance(entries_[i].label) + valueSlot();
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
