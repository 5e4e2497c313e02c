// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/panel.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QStackedLayout>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/empty_state.h"
#include "widgets/base/frame_tick.h"
#include "widgets/base/icons.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"

namespace qd::widgets {
namespace {

// Gives way first where a panel is narrow: an ellipsis, and nothing at all rather than half a letter.
class Subtitle final : public QLabel {
 public:
  explicit Subtitle(QWidget* parent) : QLabel(parent) { setMinimumWidth(1); }

 protected:
  void paintEvent(QPaintEvent*) override {
    const QString shown = fontMetrics().elidedText(text(), Qt::ElideRight, width());
    if (shown.size() < std::min<qsizetype>(text().size(), 4)) return;
    QPainter painter(this);
    painter.setPen(palette().color(foregroundRole()));
    painter.drawText(rect(), Qt::AlignLeft | Qt::AlignVCenter, shown);
  }
};

}  // namespace

Panel::Panel(const QString& title, const SessionContext& context, QWidget* parent)
    : QWidget(parent),
      context_(context),
      process_(context.selection.process()),
      titleBar_(new QWidget(this)),
      title_(new QLabel(title.toUpper(), titleBar_)),
      subtitle_(new Subtitle(titleBar_)),
      extras_(new QHBoxLayout),
      pin_(new QToolButton(titleBar_)),
      stack_(new QStackedLayout) {
  title_->setFont(uiFont(kSmallPx, QFont::DemiBold));
  subtitle_->setForegroundRole(QPalette::PlaceholderText);
  subtitle_->setFont(uiFont(kSmallPx));
  pin_->setCheckable(true);
  pin_->setFocusPolicy(Qt::TabFocus);
  titleBar_->setFixedHeight(kTitleHeight);
  auto* bar = new QHBoxLayout(titleBar_);
  bar->setContentsMargins(kPad, 0, kGap, 0);
  bar->setSpacing(kPad);
  bar->addWidget(title_);
  bar->addWidget(subtitle_);
  bar->addStretch(1);
  bar->addLayout(extras_);
  bar->addWidget(pin_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(titleBar_);
  layout->addLayout(stack_, 1);
  updatePin();
  connect(pin_, &QToolButton::toggled, this, &Panel::setPinned);
  connect(&context_.selection, &Selection::processChanged, this, &Panel::follow);
  connect(&context_.ticker, &FrameTick::tick, this, [this](TimeNs, bool second) {
    if (isVisible()) refresh(second);
  });
}

void Panel::setPinned(bool pinned) {
  if (pinned == pinned_) return;
  pinned_ = pinned;
  pin_->setChecked(pinned);
  updatePin();
  follow();
}

void Panel::setContent(QWidget* content) {
  content_ = content;
  stack_->addWidget(content);
  for (EmptyState* empty : findChildren<EmptyState*>(Qt::FindDirectChildrenOnly)) stack_->addWidget(empty);
}

void Panel::addToTitle(QWidget* widget) {
  extras_->addWidget(widget);
}

void Panel::setSubtitle(const QString& text) {
  subtitle_->setText(text);
}

void Panel::showEmpty(EmptyState* empty) {
  if (empty != nullptr && stack_->indexOf(empty) < 0) stack_->addWidget(empty);
  QWidget* wanted = empty != nullptr ? static_cast<QWidget*>(empty) : content_;
  if (wanted != nullptr && stack_->currentWidget() != wanted) stack_->setCurrentWidget(wanted);
}

void Panel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) updatePin();
}

void Panel::follow() {
  if (pinned_ || context_.selection.process() == process_) return;
  process_ = context_.selection.process();
  Q_EMIT processChanged();
}

void Panel::updatePin() {
  const Colors& c = colorsOf(this);
  pin_->setIcon(icon(Symbol::Pin, pinned_ ? c.text : c.muted));
  pin_->setToolTip(pinned_
                       ? tr("Pinned to %1: unpin to follow the selection").arg(QString::fromStdString(process_.value))
                       : tr("Follows the selection: pin to keep what is shown"));
}

}  // namespace qd::widgets
