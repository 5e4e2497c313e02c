// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_panel.h"

#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QToolButton>
#include <algorithm>
#include <optional>

#include "core/ingest/directory.h"
#include "core/series/store.h"
#include "widgets/base/format.h"
#include "widgets/base/frame_tick.h"
#include "widgets/base/icons.h"
#include "widgets/base/marker.h"
#include "widgets/base/moment_to_show.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/tick_of.h"
#include "widgets/base/unreachable.h"
#include "widgets/base/view_clock.h"
#include "widgets/timeline/bookmarks.h"
#include "widgets/timeline/bookmarks_dialog.h"
#include "widgets/timeline/timeline_strip.h"

namespace qd::widgets {
namespace {

constexpr int kControlsWidth = 372;
constexpr std::size_t kEventsBack = 64;  // of the newest before a moment; those that show later are among them
constexpr double kSpeeds[] = {0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100};

// Whose ticks are counted: those of the selected process's server, else of the first server.
ProcessId tickSource(const SessionContext& context) {
  if (const auto shown = context.directory.process(context.selection.process()))
    return shown->domain.empty() ? shown->id : ProcessId(shown->domain);
  for (const auto& info : context.directory.processes())
    if (info->kind == ingest::ProcessKind::Server) return info->id;
  return {};
}

}  // namespace

TimelinePanel::TimelinePanel(const SessionContext& context, QWidget* parent)
    : QWidget(parent),
      context_(context),
      mode_(new QLabel(this)),
      utc_(new QLabel(this)),
      tick_(new QLabel(this)),
      secondBack_(addButton(tr("One second back (Shift+←)"))),
      tickBack_(addButton(tr("One tick back (←)"))),
      play_(addButton(tr("Play or pause (Space)"))),
      tickForward_(addButton(tr("One tick on (→)"))),
      secondForward_(addButton(tr("One second on (Shift+→)"))),
      eventBack_(addButton(tr("To the event before: push, hit, stop, mark, alert (Ctrl+←)"))),
      eventForward_(addButton(tr("To the next event: push, hit, stop, mark, alert (Ctrl+→)"))),
      loop_(addButton(tr("Repeat what the plots show (L); drag with Shift on the timeline for another stretch"))),
      marks_(addButton(tr("Bookmarks of this recording"))),
      live_(addButton(tr("Back to the newest moment (Esc)"))),
      speed_(new QComboBox(this)),
      strip_(new timeline::TimelineStrip(context, this)) {
  setFixedHeight(96);
  setFocusPolicy(Qt::StrongFocus);
  mode_->setTextFormat(Qt::RichText);
  mode_->setFont(uiFont(kTextPx, QFont::Bold));
  utc_->setFont(numberFont(kTextPx));
  tick_->setFont(numberFont(kSmallPx));
  tick_->setForegroundRole(QPalette::PlaceholderText);
  live_->setFont(uiFont(kSmallPx, QFont::DemiBold));
  for (const double speed : kSpeeds) speed_->addItem(formatSpeed(speed), speed);
  speed_->setToolTip(tr("Speed of playing"));
  speed_->setFocusPolicy(Qt::TabFocus);

  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(0);
  loop_->setCheckable(true);
  for (QToolButton* button :
       {eventBack_, secondBack_, tickBack_, play_, tickForward_, secondForward_, eventForward_, loop_, marks_}) {
    buttons->addWidget(button);
  }
  marks_->hide();
  buttons->addSpacing(kGap);
  buttons->addWidget(speed_);
  buttons->addWidget(live_);
  auto* head = new QHBoxLayout;
  head->setSpacing(kPad);
  head->addWidget(mode_);
  head->addStretch(1);
  head->addWidget(utc_);
  auto* left = new QVBoxLayout;
  left->setContentsMargins(kPad, kGap, kPad, kGap);
  left->setSpacing(0);
  left->addLayout(head);
  left->addWidget(tick_, 0, Qt::AlignRight);
  left->addStretch(1);
  left->addLayout(buttons);
  auto* controls = new QWidget(this);
  controls->setFixedWidth(kControlsWidth);
  controls->setLayout(left);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(controls);
  layout->addWidget(strip_, 1);

  ViewClock& clock = context_.clock;
  connect(secondBack_, &QToolButton::clicked, this, [this] { stepSeconds(-1); });
  connect(tickBack_, &QToolButton::clicked, this, [this] { stepTicks(-1); });
  connect(tickForward_, &QToolButton::clicked, this, [this] { stepTicks(1); });
  connect(secondForward_, &QToolButton::clicked, this, [this] { stepSeconds(1); });
  connect(play_, &QToolButton::clicked, this, [this] {
    if (context_.clock.mode() == ViewClock::Mode::Frozen)
      context_.clock.play();
    else
      context_.clock.toggleFreeze();
  });
  connect(strip_, &timeline::TimelineStrip::whyAsked, this, &TimelinePanel::whyAsked);
  connect(strip_, &timeline::TimelineStrip::keepAsked, this, &TimelinePanel::keepAsked);
  connect(eventBack_, &QToolButton::clicked, this, [this] { stepEvents(-1); });
  connect(eventForward_, &QToolButton::clicked, this, [this] { stepEvents(1); });
  connect(loop_, &QToolButton::clicked, this, &TimelinePanel::toggleLoop);
  connect(marks_, &QToolButton::clicked, this, &TimelinePanel::openBookmarks);
  connect(&clock, &ViewClock::loopChanged, this, &TimelinePanel::showLoop);
  connect(live_, &QToolButton::clicked, &clock, &ViewClock::goLive);
  connect(speed_, &QComboBox::activated, this,
          [this](int i) { context_.clock.setSpeed(speed_->itemData(i).toDouble()); });
  connect(&clock, &ViewClock::modeChanged, this, &TimelinePanel::showMode);
  connect(&context_.ticker, &FrameTick::tick, this, [this](TimeNs, bool second) {
    if (isVisible()) refresh(second);
  });
  showMode();
}

QToolButton* TimelinePanel::addButton(const QString& tip) {
  auto* button = new QToolButton(this);
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  button->setFocusPolicy(Qt::TabFocus);
  return button;
}

void TimelinePanel::stepTicks(int ticks) {
  ViewClock& clock = context_.clock;
  const ProcessId source = tickSource(context_);
  // From the tick that the moment belongs to; where ticks are unknown, by sixtieths of a second.
  if (const auto tick = tickOf(context_.store, source, clock.now()))
    if (const auto time = context_.store.timeAt(source, *tick + ticks)) {
      clock.goTo(*time);
      return;
    }
  clock.goTo(clock.now() + ticks * (kNsPerSecond / 60));
}

void TimelinePanel::stepSeconds(int seconds) {
  context_.clock.goTo(context_.clock.now() + seconds * kNsPerSecond);
}

void TimelinePanel::stepEvents(int direction) {
  ViewClock& clock = context_.clock;
  const TimeNs now = clock.now();
  std::optional<TimeNs> best;
  const auto offer = [&](TimeNs at) {
    if (direction < 0 ? at >= now : at <= now) return;
    if (!best || (direction < 0 ? at > *best : at < *best)) best = at;
  };
  ingest::MomentFilter filter = markerFilter();
  filter.kinds.push_back(ingest::MomentKind::Stop);
  // A hit is gone to where its group stood, so what lies a little before the moment counts as well.
  const TimeNs from = direction < 0 ? clock.first() : now - kNsPerSecond, to = direction < 0 ? now : clock.last();
  const std::size_t most = direction < 0 ? kEventsBack : SIZE_MAX;
  for (const auto& moment : context_.log.query(from, to, filter, most)) {
    if (moment.kind == ingest::MomentKind::Stop || markerOf(moment)) offer(momentToShow(context_.breakpoints, moment));
  }
  if (bookmarks_ != nullptr) {
    for (const auto& b : bookmarks_->all()) offer(b.time);
  }
  if (best) clock.goTo(*best);
}

void TimelinePanel::toggleLoop() {
  ViewClock& clock = context_.clock;
  if (clock.loop()) {
    clock.clearLoop();
  } else {
    clock.setLoop(clock.viewFrom(), clock.viewTo());
  }
  showLoop();
}

void TimelinePanel::changeSpeed(int steps) {
  const int at = std::clamp(speed_->currentIndex() + steps, 0, speed_->count() - 1);
  context_.clock.setSpeed(speed_->itemData(at).toDouble());
}

void TimelinePanel::showLoop() {
  loop_->setChecked(context_.clock.loop().has_value());
  strip_->refresh(true);
}

void TimelinePanel::setBookmarks(Bookmarks* bookmarks) {
  bookmarks_ = bookmarks;
  marks_->setVisible(bookmarks != nullptr);
  strip_->setBookmarks(bookmarks);
}

void TimelinePanel::openBookmarks() {
  if (bookmarks_ == nullptr) return;
  auto* dialog = new BookmarksDialog(*bookmarks_, context_, window());
  connect(dialog, &BookmarksDialog::addRequested, this, &TimelinePanel::bookmarkRequested);
  dialog->show();
}

void TimelinePanel::keyPressEvent(QKeyEvent* event) {
  const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
  const int direction = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
  if (direction == 0) {
    QWidget::keyPressEvent(event);
  } else if (event->modifiers().testFlag(Qt::ControlModifier)) {
    stepEvents(direction);
  } else if (shift) {
    stepSeconds(direction);
  } else {
    stepTicks(direction);
  }
}

void TimelinePanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && strip_ != nullptr) showMode();
}

void TimelinePanel::refresh(bool second) {
  showPosition();
  // Agents come and go while the clock stays as it is.
  if (second && isLost_ != !whyUnreachable(context_.directory).isEmpty()) showMode();
  strip_->refresh(second);
}

void TimelinePanel::showMode() {
  const ViewClock& clock = context_.clock;
  const Colors& c = colorsOf(this);
  const bool isFrozen = clock.mode() == ViewClock::Mode::Frozen;
  QString dot(QChar(0x25cf));
  isLost_ = !whyUnreachable(context_.directory).isEmpty();
  QString text = clock.isRecording() ? tr("REPLAY") : tr("LIVE");
  QColor color = clock.isRecording()
                     ? (c.scheme == Scheme::Dark ? QColor(0xb794f6) : bandOf(Environment::Replay).background)
                     : c.ok;
  if (!clock.isRecording() && clock.mode() != ViewClock::Mode::Live) {
    text = isFrozen ? tr("FROZEN") : tr("PLAYING");
    color = c.caution;
  } else if (clock.isRecording()) {
    text = isFrozen ? tr("REPLAY · paused") : tr("REPLAY");
  } else if (isLost_) {
    dot = QChar(0x25cb);
    text = tr("NO AGENT");
    color = c.caution;
  }
  // Rich text: a style sheet of the window may set the colour of labels, and this one has a meaning.
  mode_->setText(QStringLiteral("<span style=\"color:%1\">%2 %3</span>").arg(color.name(), dot, text));
  const QColor ink = c.text;
  secondBack_->setIcon(icon(Symbol::SecondBack, ink));
  tickBack_->setIcon(icon(Symbol::StepBack, ink));
  play_->setIcon(icon(isFrozen ? Symbol::Play : Symbol::Pause, ink));
  tickForward_->setIcon(icon(Symbol::StepForward, ink));
  secondForward_->setIcon(icon(Symbol::SecondForward, ink));
  eventBack_->setIcon(icon(Symbol::EventBack, ink));
  eventForward_->setIcon(icon(Symbol::EventForward, ink));
  loop_->setIcon(icon(Symbol::Loop, ink));
  marks_->setIcon(icon(Symbol::Mark, ink));
  live_->setText(clock.isRecording() ? tr("End") : tr("Live"));
  live_->setEnabled(clock.mode() != ViewClock::Mode::Live);
  for (int i = 0; i < speed_->count(); ++i)
    if (speed_->itemData(i).toDouble() == clock.speed()) speed_->setCurrentIndex(i);
}

void TimelinePanel::showPosition() {
  // While time runs nobody can read sixty positions a second; a step must show at once.
  const TimeNs wall = monotonicNs();
  if (context_.clock.mode() != ViewClock::Mode::Frozen && wall - shownAt_ < kNsPerSecond / 10) return;
  shownAt_ = wall;
  const TimeNs now = context_.clock.now();
  const ProcessId source = tickSource(context_);
  utc_->setText(formatUtc(now, Precision::Milliseconds));
  utc_->setToolTip(formatLocal(now));
  const auto info = context_.directory.process(source, now);
  const bool stopped = info && info->state == ingest::ProcessState::Parked;
  tick_->setText(
      tr("tick %1 · %2")
          .arg(formatTick(tickOf(context_.store, source, now, stopped ? kPatienceStopped : kPatienceRunning)),
               source.value.empty() ? noData() : QString::fromStdString(source.value)));
}

}  // namespace qd::widgets
