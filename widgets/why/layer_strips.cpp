// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/why/layer_strips.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"

namespace qd::widgets::why {
namespace {

using analysis::Evidence;
using analysis::LayerFinding;
using analysis::TickPoint;
using analysis::Verdict;

constexpr double kNames = 190, kFigures = 250, kAxis = 18, kLeastRow = 16, kMostRow = 40;

QString value(std::optional<double> v, const std::string& unit) {
  return unit == "ticks" && v ? LayerStrips::tr("%1 ticks").arg(formatNumber(*v)) : formatValue(v, unit);
}

}  // namespace

LayerStrips::LayerStrips(QWidget* parent) : QWidget(parent) {
  setMouseTracking(true);
}

QSize LayerStrips::minimumSizeHint() const {
  return {static_cast<int>(kNames + kFigures + 120), static_cast<int>(kLeastRow * analysis::kLayers + kAxis)};
}

void LayerStrips::setReport(analysis::StutterReport report) {
  report_ = std::move(report);
  update();
}

double LayerStrips::rowHeight() const {
  return std::clamp((height() - kAxis) / static_cast<double>(analysis::kLayers), kLeastRow, kMostRow);
}

QRectF LayerStrips::strip(std::size_t row) const {
  const double wide = std::max(40.0, width() - kNames - kFigures);
  return QRectF(kNames, static_cast<double>(row) * rowHeight() + 2, wide, rowHeight() - 4);
}

double LayerStrips::xOf(double tick) const {
  const QRectF area = strip(0);
  return area.left() + (tick - firstTick()) / std::max(1e-9, report_.to - firstTick()) * area.width();
}

double LayerStrips::tickAt(double x) const {
  const QRectF area = strip(0);
  return firstTick() + (x - area.left()) / area.width() * (report_.to - firstTick());
}

std::optional<std::size_t> LayerStrips::rowAt(QPointF at) const {
  for (std::size_t row = 0; row < analysis::kLayers; ++row)
    if (at.y() >= static_cast<double>(row) * rowHeight() && at.y() < static_cast<double>(row + 1) * rowHeight())
      return row;
  return std::nullopt;
}

const Evidence* LayerStrips::mainOf(const LayerFinding& layer) const {
  return layer.evidence.empty() ? nullptr : &layer.evidence.front();
}

const TickPoint* LayerStrips::pointAt(const Evidence& evidence, double tick) const {
  const TickPoint* best = nullptr;
  for (const TickPoint& point : evidence.strip)
    if (best == nullptr || std::abs(point.tick - tick) < std::abs(best->tick - tick)) best = &point;
  const double reach = std::max(3.0, (report_.to - firstTick()) / 20);
  return best != nullptr && std::abs(best->tick - tick) <= reach ? best : nullptr;
}

// Wrong first a cross in red, a minor one a triangle, well a dot, unknown a ring; and the word.
void LayerStrips::drawVerdict(QPainter& painter, const LayerFinding& layer, const QRectF& rect) const {
  const Colors& c = colorsOf(this);
  const QPointF at(rect.left() + 14, rect.center().y());
  constexpr double r = 4;
  const bool first = report_.first == layer.layer;
  QColor color = c.ok;
  QString word = tr("ok");
  painter.setBrush(Qt::NoBrush);
  if (layer.verdict == Verdict::Wrong && !layer.minor) {
    color = first ? c.alarm : c.caution;
    word = first ? tr("went wrong first") : tr("wrong too");
    painter.setPen(QPen(color, 2));
    painter.drawLine(at + QPointF(-r, -r), at + QPointF(r, r));
    painter.drawLine(at + QPointF(-r, r), at + QPointF(r, -r));
  } else if (layer.verdict == Verdict::Wrong) {
    color = c.caution;
    word = tr("a little");
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawPolygon(QPolygonF({at + QPointF(0, -r), at + QPointF(r + 1, r), at + QPointF(-r - 1, r)}));
  } else if (layer.verdict == Verdict::NoData) {
    color = c.muted;
    word = tr("no data");
    painter.setPen(QPen(color, 1.5));
    painter.drawEllipse(at, r - 0.5, r - 0.5);
  } else {
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawEllipse(at, r, r);
  }
  painter.setFont(uiFont(kSmallPx, first ? QFont::DemiBold : QFont::Normal));
  static const char* const names[] = {QT_TR_NOOP("Host"), QT_TR_NOOP("Server tick"), QT_TR_NOOP("Arrival"),
                                      QT_TR_NOOP("Buffer"), QT_TR_NOOP("Client frame")};
  painter.setPen(c.text);
  painter.drawText(QRectF(rect.left() + 28, rect.top(), 76, rect.height()), Qt::AlignVCenter,
                   tr(names[static_cast<std::size_t>(layer.layer)]));
  painter.setPen(layer.verdict == Verdict::Ok ? c.muted : color);
  painter.drawText(QRectF(rect.left() + 104, rect.top(), kNames - 108, rect.height()), Qt::AlignVCenter, word);
}

void LayerStrips::drawStrip(QPainter& painter, const LayerFinding& layer, const QRectF& rect) const {
  const Colors& c = colorsOf(this);
  painter.fillRect(rect, c.window);
  painter.fillRect(QRectF(QPointF(xOf(report_.from), rect.top()), QPointF(xOf(report_.to), rect.bottom())), c.raised);
  const Evidence* e = mainOf(layer);
  if (e == nullptr || e->strip.empty()) return;
  double low = 0, high = 0;
  for (const TickPoint& p : e->strip) {
    if (!std::isfinite(p.value)) continue;
    low = std::min(low, p.value);
    high = std::max(high, p.value);
  }
  if (e->limit) high = std::max(high, *e->limit * 1.15);
  if (!(high > low)) high = low + 1;
  const auto yOf = [&](double v) { return rect.bottom() - (v - low) / (high - low) * rect.height(); };
  const bool below = layer.layer == analysis::Layer::InterpolationBuffer;  // wrong where it falls under its limit
  painter.setRenderHint(QPainter::Antialiasing, false);
  for (const TickPoint& p : e->strip) {
    if (!std::isfinite(p.value)) continue;
    const bool wrong = e->limit && (below ? p.value < *e->limit : p.value > *e->limit) && !e->isContext;
    painter.setPen(QPen(wrong ? c.alarm : c.accent, wrong ? 2 : 1));
    const double x = xOf(p.tick);
    painter.drawLine(QPointF(x, yOf(0)), QPointF(x, yOf(p.value)));
  }
  if (e->limit) {
    painter.setPen(QPen(c.muted, 1, Qt::DashLine));
    painter.drawLine(QPointF(rect.left(), yOf(*e->limit)), QPointF(rect.right(), yOf(*e->limit)));
  }
  painter.setRenderHint(QPainter::Antialiasing);
  if (layer.verdict != Verdict::Wrong || !layer.tick) return;
  const QPointF at(std::clamp(xOf(*layer.tick), rect.left(), rect.right()), rect.bottom());
  painter.setPen(Qt::NoPen);
  painter.setBrush(c.text);
  painter.drawPolygon(QPolygonF({at + QPointF(0, -5), at + QPointF(4, 0), at + QPointF(-4, 0)}));
}

QString LayerStrips::figure(const LayerFinding& layer) const {
  const Evidence* e = mainOf(layer);
  if (e == nullptr) return noData();
  if (cursor_ && cursor_->x() >= strip(0).left() && cursor_->x() <= strip(0).right()) {
    const TickPoint* p = pointAt(*e, tickAt(cursor_->x()));
    return p == nullptr ? noData()
                        : tr("%1 at tick %2").arg(value(p->value, e->unit), formatTick(std::llround(p->tick)));
  }
  QString text = value(e->value, e->unit);
  if (e->usual) text += tr(" · usual %1").arg(formatNumber(*e->usual));
  if (e->limit) text += tr(" · limit %1").arg(formatNumber(*e->limit));
  return text;
}

void LayerStrips::drawRow(QPainter& painter, std::size_t row) const {
  const Colors& c = colorsOf(this);
  const LayerFinding& layer = report_.layers[row];
  const QRectF rect(0, static_cast<double>(row) * rowHeight(), width(), rowHeight());
  drawVerdict(painter, layer, rect);
  painter.save();
  painter.setClipRect(strip(row).adjusted(0, 0, 0, 1));
  drawStrip(painter, layer, strip(row));
  painter.restore();
  painter.setFont(numberFont());
  painter.setPen(layer.verdict == Verdict::NoData ? c.muted : c.text);
  const QRectF right(strip(row).right() + kPad, rect.top(), kFigures - kPad - 4, rect.height());
  painter.drawText(right, Qt::AlignVCenter,
                   QFontMetricsF(painter.font()).elidedText(figure(layer), Qt::ElideRight, right.width()));
}

void LayerStrips::drawAxis(QPainter& painter) const {
  const Colors& c = colorsOf(this);
  const double top = rowHeight() * analysis::kLayers;
  painter.setFont(numberFont());
  const QFontMetricsF metrics(painter.font());
  const auto label = [&](double tick, const QColor& color, const QString& text) {
    const double wide = metrics.horizontalAdvance(text);
    const double x = std::clamp(xOf(tick) - wide / 2, strip(0).left(), strip(0).right() - wide);
    painter.setPen(color);
    painter.drawText(QPointF(x, top + 13), text);
    return std::pair(x, x + wide);
  };
  const QString moment = tr("tick %1").arg(formatTick(std::llround(report_.moment)));
  const auto [left, right] = label(report_.moment, c.text, moment);
  const auto besides = [&](double tick) {
    const QString text = formatTick(std::llround(tick));
    const double wide = metrics.horizontalAdvance(text);
    const double x = std::clamp(xOf(tick) - wide / 2, strip(0).left(), strip(0).right() - wide);
    if (x + wide + 8 < left || x - 8 > right) label(tick, c.muted, text);
  };
  besides(firstTick());
  besides(report_.to);
  painter.setPen(QPen(c.text, 1));
  const double x = std::floor(xOf(report_.moment)) + 0.5;
  painter.drawLine(QPointF(x, 0), QPointF(x, top));
  if (!cursor_ || cursor_->x() < strip(0).left() || cursor_->x() > strip(0).right()) return;
  painter.setPen(QPen(c.muted, 1));
  const double at = std::floor(cursor_->x()) + 0.5;
  painter.drawLine(QPointF(at, 0), QPointF(at, top));
}

void LayerStrips::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), colorsOf(this).panel);
  painter.setRenderHint(QPainter::Antialiasing);
  for (std::size_t row = 0; row < analysis::kLayers; ++row) drawRow(painter, row);
  drawAxis(painter);
}

void LayerStrips::mouseMoveEvent(QMouseEvent* event) {
  cursor_ = event->position();
  update();
}

void LayerStrips::leaveEvent(QEvent* event) {
  QWidget::leaveEvent(event);
  cursor_.reset();
  update();
}

void LayerStrips::mouseReleaseEvent(QMouseEvent* event) {
  const auto row = rowAt(event->position());
  const Evidence* e = row ? mainOf(report_.layers[*row]) : nullptr;
  if (event->button() != Qt::LeftButton || e == nullptr) return;
  // On the strip the sample there, beside it the worst of the window.
  const double x = event->position().x();
  if (x < strip(0).left() || x > strip(0).right()) {
    if (e->time > 0) Q_EMIT chosen(e->time);
  } else if (const TickPoint* point = pointAt(*e, tickAt(x))) {
    Q_EMIT chosen(point->time);
  }
}

// What a row says in words, with all of its evidence; beside the names, where it covers no strip.
bool LayerStrips::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const auto row = rowAt(help->pos());
  const bool onStrip = help->pos().x() >= strip(0).left() && help->pos().x() <= strip(0).right();
  if (!row || onStrip) {
    QToolTip::hideText();
    return true;
  }
  const LayerFinding& layer = report_.layers[*row];
  QStringList lines{QString::fromStdString(layer.says)};
  for (const Evidence& e : layer.evidence) {
    QString text =
        QStringLiteral("%1 %2  %3")
            .arg(QString::fromStdString(e.process.value), QString::fromStdString(e.series), value(e.value, e.unit));
    if (e.usual) text += tr(", usually %1").arg(formatNumber(*e.usual));
    if (e.limit) text += tr(", limit %1").arg(formatNumber(*e.limit));
    lines.append(text + tr(", tick %1").arg(formatTick(std::llround(e.tick))));
  }
  QToolTip::showText(help->globalPos(), lines.join(QLatin1Char('\n')), this);
  return true;
}

}  // namespace qd::widgets::why
