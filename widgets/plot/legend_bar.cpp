// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/legend_bar.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include "widgets/base/theme.h"

namespace qd::widgets::plot {
namespace {

constexpr int kSwatch = 10;
constexpr int kBetween = 16;
constexpr int kBeforeLabel = kSwatch + kGap + 2;
constexpr int kCountWidth = 32;
constexpr int kDragThreshold = 6;

int widthOf(const char* widest) {
  return QFontMetrics(numberFont()).horizontalAdvance(QLatin1String(widest));
}

int valueSlot() {
  static const int width = widthOf("0000.0 %");
  return width;
}

int noteSlot() {
  static const int width = widthOf("p99 0000.0");
  return width;
}

int labelWidth(const QString& label) {
  return QFontMetrics(uiFont(kSmallPx)).horizontalAdvance(label);
}

}  // namespace

LegendBar::LegendBar(QWidget* parent) : QWidget(parent) {
  setFixedHeight(20);
  setMouseTracking(true);
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

void LegendBar::setNote(const QString& note) {
  if (note == note_) return;
  note_ = note;
  update();
}

LegendBar::Layout LegendBar::arrange() const {
  Layout layout;
  int x = kPad + QFontMetrics(uiFont(kSmallPx, QFont::DemiBold)).horizontalAdvance(title_) + 6;
  x = std::max(x + labelWidth(unit_) + kBetween, 140);
  const int right = width() - (note_.isEmpty() ? 0 : labelWidth(note_) + 2 * kPad);
  // Every series before any percentile: where both do not fit, the notes give way.
  int wanted = x;
  for (const LegendEntry& e : entries_)
    wanted += kBeforeLabel + labelWidth(e.label) + 6 + valueSlot() + (e.note.isNull() ? 0 : noteSlot()) + kBetween;
  const bool notes = wanted <= right;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const bool note = notes && !entries_[i].note.isNull();
    const int own = kBeforeLabel + labelWidth(entries_[i].label) + 6 + valueSlot();
    const bool isLast = i + 1 == entries_.size();
    if (x + own + (note ? noteSlot() : 0) + (isLast ? 0 : kCountWidth) > right) break;
    layout.places.push_back({x, own, note});
    x += own + (note ? noteSlot() : 0) + kBetween;
  }
  layout.end = x;
  return layout;
}

std::optional<std::size_t> LegendBar::entryAt(int x) const {
  const Layout layout = arrange();
  for (std::size_t i = 0; i < layout.places.size(); ++i)
    if (x >= layout.places[i].x && x < layout.places[i].x + layout.places[i].width) return i;
  return std::nullopt;
}

int LegendBar::xOf(std::size_t entry) const {
  const Layout layout = arrange();
  return entry < layout.places.size() ? layout.places[entry].x + kBeforeLabel + 4 : -1;
}

void LegendBar::drawEntry(QPainter& painter, const LegendEntry& entry, const Place& place) const {
  const Colors& c = colorsOf(this);
  int x = place.x;
  const QRect swatch(x, (height() - kSwatch) / 2, kSwatch, kSwatch);
  if (entry.pattern == Qt::SolidPattern) {
    painter.fillRect(swatch.adjusted(0, 3, 0, -3), entry.color);
  } else {
    painter.fillRect(swatch, entry.color);
    painter.fillRect(swatch, QBrush(c.panel, entry.pattern));
  }
  x += kBeforeLabel;
  const int label = labelWidth(entry.label);
  painter.setFont(uiFont(kSmallPx));
  painter.setPen(entry.stale ? c.faint : c.muted);
  painter.drawText(QRect(x, 0, label + 2, height()), Qt::AlignVCenter, entry.label);
  x += label + 6;
  painter.setFont(numberFont());
  painter.setPen(entry.stale ? c.faint : c.text);
  painter.drawText(QRect(x, 0, valueSlot(), height()), Qt::AlignVCenter | Qt::AlignLeft, entry.value);
  if (!place.note) return;
  painter.setPen(entry.stale ? c.faint : c.muted);
  painter.drawText(QRect(x + valueSlot(), 0, noteSlot() + kBetween, height()), Qt::AlignVCenter | Qt::AlignLeft,
                   entry.note);
}

void LegendBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  const QFont bold = uiFont(kSmallPx, QFont::DemiBold);
  const int titleWidth = QFontMetrics(bold).horizontalAdvance(title_);
  painter.setFont(bold);
  painter.setPen(c.text);
  painter.drawText(QRect(kPad, 0, width(), height()), Qt::AlignVCenter, title_);
  painter.setFont(uiFont(kSmallPx));
  painter.setPen(c.muted);
  painter.drawText(QRect(kPad + titleWidth + 6, 0, width(), height()), Qt::AlignVCenter, unit_);
  const Layout layout = arrange();
  for (std::size_t i = 0; i < layout.places.size(); ++i) drawEntry(painter, entries_[i], layout.places[i]);
  painter.setFont(uiFont(kSmallPx));
  painter.setPen(c.muted);
  if (layout.places.size() < entries_.size())
    painter.drawText(QRect(layout.end, 0, width() - layout.end, height()), Qt::AlignVCenter,
                     QStringLiteral("+%1").arg(entries_.size() - layout.places.size()));
  if (!note_.isEmpty()) painter.drawText(rect().adjusted(0, 0, -kPad, 0), Qt::AlignRight | Qt::AlignVCenter, note_);
}

void LegendBar::mousePressEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton && entryAt(event->pos().x())) {
    pressed_ = event->pos();
  } else {
    event->ignore();
  }
}

void LegendBar::mouseMoveEvent(QMouseEvent* event) {
  if (pressed_ && (event->pos() - *pressed_).manhattanLength() >= kDragThreshold) {
    const auto entry = entryAt(pressed_->x());
    pressed_.reset();
    if (entry) Q_EMIT dragged(static_cast<int>(*entry));
    return;
  }
  setCursor(entryAt(event->pos().x()) ? Qt::OpenHandCursor : Qt::ArrowCursor);
  event->ignore();  // the crosshair goes on through here
}

void LegendBar::mouseReleaseEvent(QMouseEvent* event) {
  if (!pressed_) event->ignore();
  pressed_.reset();
}

bool LegendBar::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    auto* help = static_cast<QHelpEvent*>(event);
    const auto entry = entryAt(help->pos().x());
    if (entry && *entry < entries_.size()) {
      // Below the bar: what is pointed at stays readable.
      QToolTip::showText(mapToGlobal(QPoint(help->pos().x(), height() + 8)),
                         tr("%1: drag it into another plot, right-click for more").arg(entries_[*entry].label), this);
    } else {
      QToolTip::hideText();
    }
    return true;
  }
  return QWidget::event(event);
}

}  // namespace qd::widgets::plot
