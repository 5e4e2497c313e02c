// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/top_bar.h"

#include <QAction>
#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QSignalBlocker>
#include <QToolButton>

#include "widgets/base/format.h"
#include "widgets/base/view_clock.h"

namespace qd::session {
namespace {

using widgets::ViewClock;

constexpr int kHeight = 40, kLine = 3, kFreezeWidth = 76;
constexpr TimeNs kSpans[] = {5, 10, 30, 60, 300, 900, 3600};  // s

QToolButton* buttonOf(QAction* action) {
  auto* button = new QToolButton;
  button->setDefaultAction(action);
  button->setToolButtonStyle(Qt::ToolButtonTextOnly);
  button->setProperty("boxed", true);
  button->setFocusPolicy(Qt::TabFocus);
  return button;
}

struct ModeText {
  QString text;
  QColor colour;
};

ModeText modeOf(const ViewClock& clock, bool reachable, const widgets::Colors& colors) {
  const QColor replay = colors.scheme == widgets::Scheme::Dark ? QColor(0xc3a6ff) : QColor(0x6b3fc0);
  switch (clock.mode()) {
    case ViewClock::Mode::Live:
      if (!reachable) return {TopBar::tr("○ NO AGENT"), colors.caution};
      return {QStringLiteral("● LIVE"), colors.ok};
    case ViewClock::Mode::Playing:
      return {clock.isRecording() ? QStringLiteral("▶ REPLAY") : QStringLiteral("▶ PAST"), replay};
    case ViewClock::Mode::Frozen:
      break;
  }
  if (clock.isRecording()) return {QStringLiteral("❚❚ REPLAY"), replay};
  return {QStringLiteral("❚❚ FROZEN"), colors.caution};
}

}  // namespace

TopBar::TopBar(const Actions& actions, QWidget* parent)
    : QWidget(parent),
      band_(new QToolButton),
      menu_(new QMenu(this)),
      mode_(new QLabel),
      time_(new QLabel),
      span_(new QComboBox),
      timeAxis_(new QToolButton),
      tickAxis_(new QToolButton),
      clockGroup_(new QWidget) {
  setFixedHeight(kHeight);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, widgets::kPad, kLine);
  row->setSpacing(widgets::kPad);
  band_->setObjectName(QStringLiteral("band"));
  band_->setPopupMode(QToolButton::InstantPopup);
  band_->setMenu(menu_);
  band_->setFocusPolicy(Qt::TabFocus);
  band_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Expanding);
  row->addWidget(band_);
  auto* inner = new QHBoxLayout(clockGroup_);
  inner->setContentsMargins(widgets::kPad, 0, 0, 0);
  inner->setSpacing(widgets::kPad);
  mode_->setFont(widgets::uiFont(13, QFont::Bold));
  mode_->setMinimumWidth(84);
  time_->setFont(widgets::numberFont(14));
  time_->setMinimumWidth(time_->fontMetrics().horizontalAdvance(QStringLiteral("00:00:00.000Z")) + 4);
  inner->addWidget(mode_);
  inner->addWidget(time_);
  makeSpan();
  makeAxis();
  inner->addWidget(span_);
  inner->addSpacing(widgets::kPad);
  inner->addWidget(timeAxis_);
  inner->addWidget(tickAxis_);
  inner->addSpacing(widgets::kPad);
  QToolButton* freeze = buttonOf(actions.freeze);
  freeze->setMinimumWidth(kFreezeWidth);  // its name changes, its neighbours stay
  inner->addWidget(freeze);
  inner->addWidget(buttonOf(actions.mark));
  row->addWidget(clockGroup_);
  row->addStretch(1);
  auto* halt = buttonOf(actions.halt);
  halt->setObjectName(QStringLiteral("halt"));
  row->addWidget(halt);
  row->addWidget(buttonOf(actions.palette));
  setClock(nullptr);
}

void TopBar::makeSpan() {
  for (const TimeNs seconds : kSpans) {
    const TimeNs span = seconds * kNsPerSecond;
    span_->addItem(widgets::formatSpan(span), QVariant::fromValue<qlonglong>(span));
  }
  span_->setToolTip(tr("How much of the past the plots show"));
  span_->setFocusPolicy(Qt::TabFocus);
  connect(span_, &QComboBox::activated, this, [this] {
    if (clock_ != nullptr) clock_->setSpan(span_->currentData().toLongLong());
  });
}

void TopBar::makeAxis() {
  auto* group = new QButtonGroup(this);
  timeAxis_->setText(tr("time"));
  tickAxis_->setText(tr("tick"));
  timeAxis_->setToolTip(tr("Plots over time"));
  tickAxis_->setToolTip(tr("Plots over the ticks of the selected server"));
  for (QToolButton* button : {timeAxis_, tickAxis_}) {
    button->setCheckable(true);
    button->setProperty("boxed", true);
    button->setFocusPolicy(Qt::TabFocus);
    group->addButton(button);
  }
  connect(timeAxis_, &QToolButton::clicked, this, [this] {
    if (clock_ != nullptr) clock_->setAxis(series::Axis::Time);
  });
  connect(tickAxis_, &QToolButton::clicked, this, [this] {
    if (clock_ != nullptr) clock_->setAxis(series::Axis::Tick);
  });
}

void TopBar::setBand(const QString& text, widgets::Environment environment, const QString& colour, const QString& tip) {
  widgets::Band band = widgets::bandOf(environment);
  if (const QColor own(colour); own.isValid()) {
    band.background = own;
    band.text = qGray(own.rgb()) > 140 ? Qt::black : Qt::white;
  }
  colour_ = band.background;
  band_->setText(text + QStringLiteral(" ▾"));
  band_->setToolTip(tip);
  band_->setStyleSheet(QStringLiteral("QToolButton { background: %1; color: %2; border: none; border-radius: 0;"
                                      " font-weight: 700; padding: 0 16px; min-width: 96px; }"
                                      "QToolButton::menu-indicator { image: none; }")
                           .arg(band.background.name(), band.text.name()));
  update();
}

void TopBar::setClock(ViewClock* clock) {
  if (clock_ != nullptr) clock_->disconnect(this);
  clock_ = clock;
  clockGroup_->setVisible(clock != nullptr);
  if (clock == nullptr) return;
  connect(clock, &ViewClock::axisChanged, this, &TopBar::showAxis);
  connect(clock, &ViewClock::spanChanged, this, &TopBar::showSpan);
  showAxis();
  showSpan();
  refresh();
}

void TopBar::showAxis() {
  if (clock_ == nullptr) return;
  const bool ticks = clock_->axis() == series::Axis::Tick;
  timeAxis_->setChecked(!ticks);
  tickAxis_->setChecked(ticks);
}

void TopBar::showSpan() {
  if (clock_ == nullptr) return;
  const QSignalBlocker quiet(span_);
  const qlonglong span = clock_->span();
  int at = span_->findData(span);
  const int usual = static_cast<int>(std::size(kSpans));
  if (at < 0) {  // zoomed to something of its own: one extra entry, always the last
    if (span_->count() > usual) span_->removeItem(usual);
    span_->addItem(widgets::formatSpan(span), span);
    at = usual;
  }
  span_->setCurrentIndex(at);
}

void TopBar::refresh() {
  if (clock_ == nullptr) return;
  const auto mode = modeOf(*clock_, reachable_, widgets::colorsOf(this));
  if (mode_->text() != mode.text || mode_->palette().color(QPalette::WindowText) != mode.colour) {
    QPalette palette = mode_->palette();
    palette.setColor(QPalette::WindowText, mode.colour);
    mode_->setPalette(palette);
    mode_->setText(mode.text);
  }
  const bool live = clock_->mode() == ViewClock::Mode::Live;
  const QString text =
      widgets::formatUtc(clock_->now(), live ? widgets::Precision::Seconds : widgets::Precision::Milliseconds);
  if (text == time_->text()) return;
  time_->setText(text);
  time_->setToolTip(widgets::formatLocal(clock_->now()));
}

void TopBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), widgets::colorsOf(this).panel);
  // The band's colour runs along the whole window: one must not have to look for it.
  if (colour_.isValid()) painter.fillRect(0, height() - kLine, width(), kLine, colour_);
}

}  // namespace qd::session
