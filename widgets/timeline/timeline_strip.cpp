// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_strip.h"

#include <QContextMenuEvent>
#include <QDateTime>
#include <QHelpEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "widgets/base/format.h"
#include "widgets/base/moment_to_show.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/timeline/bookmarks.h"

namespace qd::widgets::timeline {
namespace {

constexpr int kMarkerRow = 14, kAxisRow = 18;
constexpr double kEdge = 5;  // px around an edge of the brush that grip it
constexpr std::size_t kMostMarkers = 2000;
constexpr TimeNs kSamePush = 2 * kNsPerSecond;  // between its processes, or the steps of a ramp
constexpr qsizetype kMostLines = 10;            // of one tooltip

TimeNs labelStep(TimeNs length, int most) {
  for (const TimeNs s : {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200})
    if (length / (s * kNsPerSecond) <= most) return s * kNsPerSecond;
  return 86400 * kNsPerSecond;
}

}  // namespace

TimelineStrip::TimelineStrip(const SessionContext& context, QWidget* parent) : QWidget(parent), context_(context) {
  setMouseTracking(true);
  setMinimumHeight(56);
  setMinimumWidth(160);
}

QRectF TimelineStrip::chart() const {
  return QRectF(kPad, 0, width() - 2.0 * kPad, height());
}

void TimelineStrip::refresh(bool second) {
  const ViewClock& clock = context_.clock;
  if (second || dirty_) reload();
  const TimeNs pixel = std::max<TimeNs>(1, (extent_.to - extent_.from) / std::max(1, width()));
  const bool moved = std::abs(clock.viewFrom() - drawnFrom_) >= pixel || std::abs(clock.viewTo() - drawnTo_) >= pixel ||
                     std::abs(clock.now() - drawnNow_) >= pixel;
  if (!second && !moved && !dirty_) return;
  dirty_ = false;
  drawnFrom_ = clock.viewFrom();
  drawnTo_ = clock.viewTo();
  drawnNow_ = clock.now();
  update();
}

void TimelineStrip::reload() {
  const ViewClock& clock = context_.clock;
  extent_ = chooseExtent(clock.first(), clock.last(), clock.isRecording());
  const int columns = static_cast<int>(chart().width());
  worst_ = worstTicks(context_.store, context_.directory.processes(), extent_, columns);
  markers_.clear();
  addMarkers();
  if (bookmarks_ == nullptr) return;
  for (const auto& b : bookmarks_->all()) {
    const QString note = b.text.empty() ? tr("bookmark") : QString::fromStdString(b.text);
    markers_.push_back({chart().left() + extent_.x(b.time, chart().width()), MarkerKind::Mark, b.time, b.time, note});
  }
}

// A push has one marker, however many processes took it; the waves of a rollout have one each.
void TimelineStrip::addMarkers() {
  struct Known {
    std::size_t marker;
    TimeNs last;
  };
  std::map<std::string, Known> pushes;
  for (const auto& moment : context_.log.query(extent_.from, extent_.to, markerFilter(), kMostMarkers)) {
    const auto kind = markerOf(moment);
    if (!kind) continue;
    const QString text = QString::fromStdString(moment.text);
    if (const auto* push = moment.envelope ? std::get_if<ingest::PushResult>(&moment.envelope->event) : nullptr) {
      const auto [at, fresh] = pushes.try_emplace(pushAsOne(push->pushId), Known{markers_.size(), moment.time});
      Known& known = at->second;
      const TimeNs since = moment.time - std::exchange(known.last, moment.time);
      if (!fresh && since <= kSamePush) {
        QString& told = markers_[known.marker].text;
        if (told.count(QLatin1Char('\n')) < kMostLines) told += QLatin1Char('\n') + text;
        continue;
      }
      known.marker = markers_.size();
    }
    markers_.push_back({chart().left() + extent_.x(moment.time, chart().width()), *kind, moment.time,
                        momentToShow(context_.breakpoints, moment), text});
  }
}

void TimelineStrip::setBookmarks(const Bookmarks* bookmarks) {
  bookmarks_ = bookmarks;
  if (bookmarks != nullptr) connect(bookmarks, &Bookmarks::changed, this, [this] { dirty_ = true; });
  dirty_ = true;
}

QRectF TimelineStrip::brush() const {
  const ViewClock& clock = context_.clock;
  const QRectF area = chart();
  double left = area.left() + extent_.x(clock.viewFrom(), area.width());
  double right = area.left() + extent_.x(clock.viewTo(), area.width());
  left = std::clamp(left, area.left(), area.right());
  right = std::clamp(right, area.left(), area.right());
  if (right - left < 4) left = std::max(area.left(), right - 4);  // always to be seen and gripped
  return QRectF(left, 0, right - left, height() - kAxisRow);
}

void TimelineStrip::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  painter.fillRect(rect(), c.panel);
  drawAxis(painter);
  drawWorst(painter, false);
  if (context_.clock.last() > 0) drawBrush(painter);
  drawWorst(painter, true);  // over the veil of the brush: an alarm is never dimmed
  drawLoop(painter);
  for (const Marker& marker : markers_)
    drawMarker(painter, c, marker.kind, QPointF(marker.x, kMarkerRow / 2.0 + 1), 11);
}

void TimelineStrip::drawWorst(QPainter& painter, bool alarms) const {
  const Colors& c = colorsOf(this);
  const QRectF area = chart();
  const double top = kMarkerRow + 2, bottom = height() - kAxisRow;
  double most = worst_.budget.value_or(0) * 0.25;
  for (const Worst* side : {&worst_.values, &worst_.around})
    for (const auto& value : *side) most = std::max(most, value.value_or(0));
  if (most <= 0) {
    if (alarms) return;
    painter.setPen(c.muted);
    painter.setFont(uiFont(kSmallPx));
    painter.drawText(QRectF(area.left(), top, area.width(), bottom - top), Qt::AlignCenter,
                     tr("The worst tick of every server appears here as samples arrive"));
    return;
  }
  most *= 1.1;
  if (!alarms) drawAround(painter, most, top, bottom);
  for (std::size_t i = 0; i < worst_.values.size(); ++i) {
    const auto& value = worst_.values[i];
    if (!value) continue;
    const bool over = worst_.budget && *value > *worst_.budget;
    if (over != alarms) continue;
    const double high = std::max(1.0, std::round(*value / most * (bottom - top)));
    // Over budget is an alarm: by colour, and by the cap that reaches out of the chart.
    painter.fillRect(QRectF(area.left() + static_cast<double>(i), bottom - high, 1, high), over ? c.alarm : c.faint);
    if (over) painter.fillRect(QRectF(area.left() + static_cast<double>(i) - 1, bottom - high, 3, 2), c.alarm);
  }
  if (!alarms && worst_.budget && *worst_.budget <= most) {
    const double y = std::round(bottom - *worst_.budget / most * (bottom - top)) + 0.5;
    painter.setPen(QPen(c.muted, 1, Qt::DashLine));
    painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
  }
}

// What is still being read: how high it may come to be, and no alarm, since it is not known where.
void TimelineStrip::drawAround(QPainter& painter, double most, double top, double bottom) const {
  QColor pale = colorsOf(this).faint;
  pale.setAlpha(60);
  for (std::size_t i = 0; i < worst_.around.size(); ++i) {
    if (!worst_.around[i]) continue;
    const double high = std::max(1.0, std::round(*worst_.around[i] / most * (bottom - top)));
    painter.fillRect(QRectF(chart().left() + static_cast<double>(i), bottom - high, 1, high), pale);
  }
}

void TimelineStrip::drawAxis(QPainter& painter) const {
  if (extent_.to <= extent_.from || extent_.to <= kNsPerSecond) return;
  const Colors& c = colorsOf(this);
  const QRectF area = chart();
  const double y = height() - kAxisRow;
  painter.setPen(c.border);
  painter.drawLine(QPointF(area.left(), y + 0.5), QPointF(area.right(), y + 0.5));
  painter.setFont(numberFont());
  const TimeNs step = labelStep(extent_.to - extent_.from, std::max(1, static_cast<int>(area.width() / 90)));
  const auto precision = step < 60 * kNsPerSecond ? Precision::Seconds : Precision::Minutes;
  const QFontMetrics metrics(painter.font());
  for (TimeNs at = (extent_.from + step - 1) / step * step; at <= extent_.to; at += step) {
    const double x = area.left() + extent_.x(at, area.width());
    painter.setPen(c.grid);
    painter.drawLine(QPointF(std::floor(x) + 0.5, kMarkerRow), QPointF(std::floor(x) + 0.5, y));
    QString text = formatUtc(at, precision);
    const double half = metrics.horizontalAdvance(text) / 2.0 + 1;
    if (x - half < 0 || x + half > width()) continue;
    painter.setPen(c.muted);
    painter.drawText(QRectF(x - half, y + 1, 2 * half, kAxisRow - 2), Qt::AlignCenter, text);
  }
}

void TimelineStrip::drawBrush(QPainter& painter) const {
  const Colors& c = colorsOf(this);
  const QRectF area = chart(), window = brush();
  QColor veil = c.window;
  veil.setAlpha(150);
  painter.fillRect(QRectF(area.left(), 0, window.left() - area.left(), window.height()), veil);
  painter.fillRect(QRectF(window.right(), 0, area.right() - window.right(), window.height()), veil);
  painter.setPen(QPen(c.muted, 1));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(window.adjusted(0.5, 0.5, -0.5, -0.5));
  const double middle = window.center().y();
  for (const double x : {window.left(), window.right()}) painter.fillRect(QRectF(x - 1.5, middle - 8, 3, 16), c.muted);
  const double now = std::floor(area.left() + extent_.x(context_.clock.now(), area.width())) + 0.5;
  if (now < area.left() || now > area.right() + 1) return;
  painter.setPen(QPen(c.text, 1));
  painter.drawLine(QPointF(now, 0), QPointF(now, window.height()));
}

// A bar with an end on each side, below the markers.
void TimelineStrip::drawLoop(QPainter& painter) const {
  const auto& loop = context_.clock.loop();
  if (!loop) return;
  const QRectF area = chart();
  const double left = std::clamp(area.left() + extent_.x(loop->from, area.width()), area.left(), area.right());
  const double right = std::clamp(area.left() + extent_.x(loop->to, area.width()), area.left(), area.right());
  const bool dark = colorsOf(this).scheme == Scheme::Dark;
  QColor color = dark ? QColor(0xb794f6) : bandOf(Environment::Replay).background;
  painter.fillRect(QRectF(left, kMarkerRow, std::max(2.0, right - left), 3), color);
  for (const double x : {left, right}) painter.fillRect(QRectF(x - 1, kMarkerRow - 3, 2, 9), color);
  color.setAlpha(26);
  painter.fillRect(QRectF(left, kMarkerRow, right - left, height() - kAxisRow - kMarkerRow), color);
}

TimelineStrip::Grip TimelineStrip::gripAt(QPointF at) const {
  const QRectF window = brush();
  if (at.y() > window.height()) return Grip::Outside;
  if (std::abs(at.x() - window.left()) <= kEdge && window.width() > 3 * kEdge) return Grip::Left;
  if (std::abs(at.x() - window.right()) <= kEdge && window.width() > 3 * kEdge) return Grip::Right;
  return at.x() > window.left() && at.x() < window.right() ? Grip::Body : Grip::Outside;
}

const TimelineStrip::Marker* TimelineStrip::markerAt(QPointF at) const {
  if (at.y() > kMarkerRow + 2) return nullptr;
  for (auto it = markers_.rbegin(); it != markers_.rend(); ++it)
    if (std::abs(it->x - at.x()) <= 6) return &*it;
  return nullptr;
}

void TimelineStrip::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  grip_ = event->modifiers().testFlag(Qt::ShiftModifier) ? Grip::Loop : gripAt(event->position());
  pressX_ = lastX_ = event->position().x();
  moved_ = false;
}

void TimelineStrip::mouseMoveEvent(QMouseEvent* event) {
  const double x = event->position().x();
  ViewClock& clock = context_.clock;
  if (grip_ == Grip::None || !(event->buttons() & Qt::LeftButton)) {
    const Grip under = gripAt(event->position());
    setCursor(markerAt(event->position()) != nullptr        ? Qt::PointingHandCursor
              : under == Grip::Left || under == Grip::Right ? Qt::SizeHorCursor
              : under == Grip::Body                         ? Qt::OpenHandCursor
                                                            : Qt::PointingHandCursor);
    return;
  }
  if (!moved_ && std::abs(x - pressX_) < 4) return;
  moved_ = true;
  const double perPixel = static_cast<double>(extent_.to - extent_.from) / std::max(1.0, chart().width());
  const auto delta = static_cast<TimeNs>((x - lastX_) * perPixel);
  lastX_ = x;
  const auto length = static_cast<double>(clock.span());
  if (grip_ == Grip::Body) clock.panBy(delta);
  if (grip_ == Grip::Left) clock.zoomAt(clock.viewTo(), std::max(0.01, (length - static_cast<double>(delta)) / length));
  if (grip_ == Grip::Right)
    clock.zoomAt(clock.viewFrom(), std::max(0.01, (length + static_cast<double>(delta)) / length));
  if (grip_ == Grip::Outside) clock.goTo(extent_.timeAt(x - chart().left(), chart().width()));
  if (grip_ == Grip::Loop) {
    clock.setLoop(extent_.timeAt(pressX_ - chart().left(), chart().width()),
                  extent_.timeAt(x - chart().left(), chart().width()));
  }
  dirty_ = true;
}

void TimelineStrip::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  const bool wasClick = grip_ != Grip::None && !moved_;
  if (std::exchange(grip_, Grip::None) == Grip::Loop) {
    if (wasClick) context_.clock.clearLoop();
    dirty_ = true;
    return;
  }
  if (!wasClick) return;
  const Marker* marker = markerAt(event->position());
  const TimeNs at = extent_.timeAt(event->position().x() - chart().left(), chart().width());
  context_.clock.goTo(marker != nullptr ? marker->show : at);
}

void TimelineStrip::contextMenuEvent(QContextMenuEvent* event) {
  if (!chart().contains(event->pos())) return;
  const Marker* marker = markerAt(event->pos());
  const TimeNs at = extent_.timeAt(event->pos().x() - chart().left(), chart().width());
  const TimeNs moment = marker != nullptr ? marker->time : at, show = marker != nullptr ? marker->show : at;
  const TimeNs reach = marker != nullptr ? 0 : static_cast<TimeNs>((extent_.to - extent_.from) / chart().width());
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->addAction(tr("Go here"), this, [this, show] { context_.clock.goTo(show); });
  menu->addAction(tr("Why did it stutter here?"), this, [this, moment, reach] { Q_EMIT whyAsked(moment, reach); });
  menu->addSeparator();
  menu->addAction(context_.clock.loop() ? tr("Keep the repeated stretch…") : tr("Keep what the plots show…"), this,
                  &TimelineStrip::keepAsked);
  menu->popup(event->globalPos());
}

void TimelineStrip::wheelEvent(QWheelEvent* event) {
  const TimeNs at = extent_.timeAt(event->position().x() - chart().left(), chart().width());
  context_.clock.zoomAt(at, std::pow(0.8, event->angleDelta().y() / 120.0));
  event->accept();
}

void TimelineStrip::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  dirty_ = true;
}

void TimelineStrip::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
}

bool TimelineStrip::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  if (const Marker* marker = markerAt(help->pos())) {
    QToolTip::showText(help->globalPos() + QPoint(12, -48),
                       tr("%1 %2\n%3\n%4")
                           .arg(formatUtc(marker->time, Precision::Milliseconds), markerName(marker->kind),
                                marker->text, formatLocal(marker->time)),
                       this);
  } else {
    const TimeNs at = extent_.timeAt(help->pos().x() - chart().left(), chart().width());
    QToolTip::showText(help->globalPos() + QPoint(12, -48),
                       tr("%1\n%2").arg(formatUtc(at, Precision::Milliseconds), formatLocal(at)), this);
  }
  return true;
}

}  // namespace qd::widgets::timeline
