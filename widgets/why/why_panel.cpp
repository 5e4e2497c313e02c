// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/why/why_panel.h"

#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "core/analysis/player_moment.h"
#include "core/netcode/divergence.h"
#include "core/netcode/world_history.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/format.h"
#include "widgets/base/player_name.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/why/layer_strips.h"

namespace qd::widgets {
namespace {

constexpr TimeNs kFollows = 2 * kNsPerSecond;  // so long after a moment its last witness has come
constexpr TimeNs kAround = 500 * kNsPerMs;     // mispredictions this near are told
constexpr TimeNs kWidest = 5 * kNsPerSecond;
constexpr std::size_t kMostMispredictions = 3;

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

QLabel* sentence(int weight) {
  auto* label = new QLabel;
  label->setFont(uiFont(kTextPx, weight));
  label->setWordWrap(true);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  label->setContentsMargins(kPad, 0, kPad, 0);
  return label;
}

}  // namespace

WhyPanel::WhyPanel(const SessionContext& context, QWidget* parent)
    : Panel(tr("Why"), context, parent),
      headline_(sentence(QFont::DemiBold)),
      notes_(sentence(QFont::Normal)),
      strips_(new why::LayerStrips),
      empty_(
          new EmptyState(tr("Why did it stutter?"),
                         tr("Go to a moment in the plots, the timeline or the log, then press W: the first layer that "
                            "went wrong is named, with its evidence."),
                         tr("Look at the shown moment"), this)) {
  auto* again = new QToolButton;
  again->setText(tr("Look at the shown moment (W)"));
  again->setProperty("boxed", true);
  again->setFocusPolicy(Qt::TabFocus);
  addToTitle(again);
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(0, 0, 0, kGap);
  column->setSpacing(kGap);
  column->addWidget(headline_);
  column->addWidget(strips_, 1);
  column->addWidget(notes_);
  notes_->setForegroundRole(QPalette::PlaceholderText);
  setContent(content);
  showEmpty(empty_);
  connect(again, &QToolButton::clicked, this, &WhyPanel::askHere);
  connect(empty_, &EmptyState::activated, this, &WhyPanel::askHere);
  connect(strips_, &why::LayerStrips::chosen, &this->context().clock, &ViewClock::goTo);
  const auto askAgain = [this] {
    if (question_) ask(*question_->time, question_->reach);
  };
  connect(this, &Panel::processChanged, this, askAgain);
  connect(&this->context().selection, &Selection::playerChanged, this, askAgain);
}

QString WhyPanel::headline() const {
  return headline_->text();
}

void WhyPanel::askAt() {
  ask(context().clock.now());
}

void WhyPanel::ask(TimeNs time, TimeNs reach) {
  question_.emplace();
  question_->reach = std::clamp<TimeNs>(reach, question_->reach, kWidest);
  question_->client = client();
  question_->time = time;
  look();
}

// The client of the followed player where it is instrumented (it bears the player's name), else that of the process.
ProcessId WhyPanel::client() const {
  const auto& player = context().selection.player();
  if (!player || isPinned()) return process();
  const ProcessId named(playerName(context().log, *player));
  const auto info = named.value.empty() ? nullptr : context().directory.process(named);
  const bool plays = info && info->kind == ingest::ProcessKind::Editor && info->domain == player->server.value;
  return plays ? named : player->server;
}

void WhyPanel::look() {
  const auto gathered = analysis::gatherStutter(context().store, context().directory, context().log, *question_);
  const TimeNs newest = context().store.totals().lastTime;
  open_ = newest < *question_->time + kFollows && !context().replay;
  if (!gathered) {
    showProblem(gathered.error().message);
    return;
  }
  open_ = open_ || gathered->refining;
  const analysis::StutterReport report = analysis::whyStuttered(gathered->input);
  headline_->setText(qt(report.headline));
  QStringList notes;
  if (const auto player = context().selection.playerOn(report.server))
    notes.append(qt(analysis::playerAt(context().store, report.server, *player, report.time).says));
  for (const std::string& note : report.notes) notes.append(qt(note));
  if (const QString wrong = mispredictions(report); !wrong.isEmpty()) notes.append(wrong);
  if (open_) notes.append(tr("What followed this moment is still coming in."));
  notes_->setText(notes.join(QLatin1Char('\n')));
  notes_->setVisible(!notes.isEmpty());
  setSubtitle(
      tr("%1 of %2 · %3")
          .arg(qt(report.client.value), qt(report.server.value), formatUtc(report.time, Precision::Milliseconds)));
  strips_->setReport(report);
  showEmpty(nullptr);
}

void WhyPanel::showProblem(const std::string& sentence) {
  headline_->clear();
  setSubtitle(QString());
  empty_->setText(tr("This moment cannot be explained"), qt(sentence), tr("Look at the shown moment"));
  showEmpty(empty_);
}

QString WhyPanel::mispredictions(const analysis::StutterReport& report) const {
  ingest::MomentFilter filter;
  filter.kinds = {ingest::MomentKind::Game};
  filter.processes = {report.client};
  filter.gamePrefix = "predict.diverged";
  const auto frames = [&](Tick tick) { return context().world.frameAtTick(report.server, tick); };
  QStringList lines;
  for (const auto& moment :
       context().log.query(report.time - kAround, report.time + kAround, filter, kMostMispredictions)) {
    const auto* event = moment.envelope ? std::get_if<ingest::GameEvent>(&moment.envelope->event) : nullptr;
    const auto divergence = event == nullptr ? std::nullopt : netcode::divergenceOf(*event, frames);
    if (divergence) lines.append(qt(describe(*divergence)));
  }
  return lines.join(QLatin1Char('\n'));
}

void WhyPanel::refresh(bool second) {
  if (second && open_ && question_) look();
}

}  // namespace qd::widgets
