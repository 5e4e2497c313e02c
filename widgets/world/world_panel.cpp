// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/world/world_panel.h"

#include <QToolButton>
#include <algorithm>
#include <cstdlib>

#include "core/ingest/directory.h"
#include "core/ingest/event_log.h"
#include "core/ingest/interest_set.h"
#include "core/params/param_book.h"
#include "core/series/store.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/format.h"
#include "widgets/base/frame_tick.h"
#include "widgets/base/player_name.h"
#include "widgets/base/selection.h"
#include "widgets/base/unreachable.h"
#include "widgets/base/view_clock.h"
#include "widgets/world/world_view.h"

namespace qd::widgets {
namespace {

constexpr TimeNs kStale = 1500 * kNsPerMs;   // frames come thirty times a second and more
constexpr TimeNs kGone = 10 * kNsPerSecond;  // older than that is no picture of this moment
constexpr TimeNs kTrail = 2 * kNsPerSecond;
constexpr std::size_t kTrailFrames = 60;
constexpr TimeNs kShotShown = 1500 * kNsPerMs;
constexpr std::size_t kMostShots = 24;
constexpr TimeNs kDisorder = 30 * kNsPerSecond;

std::optional<double> numberOf(const std::optional<ingest::ParameterValue>& value) {
  if (!value) return std::nullopt;
  if (const auto* d = std::get_if<double>(&value->value)) return *d;
  if (const auto* i = std::get_if<std::int64_t>(&value->value)) return static_cast<double>(*i);
  return std::nullopt;
}

}  // namespace

WorldPanel::WorldPanel(const SessionContext& context, QWidget* parent)
    : Panel(tr("World"), context, parent),
      view_(new world::WorldView(this)),
      empty_(new EmptyState(QString(), QString(), QString(), this)),
      follow_(addToggle(tr("Follow"), tr("Keep the selected entity in the middle (F)"))),
      trails_(addToggle(tr("Trails"), tr("Where every player went in the last 2 s; of the selected one always (T)"))),
      shots_(
          addToggle(tr("Shots"), tr("Rays, hit boxes and verdicts of the last 1.5 s, and a lens on the newest (S)"))) {
  setContent(view_);
  Selection& selection = this->context().selection;
  shots_->setChecked(true);
  follow_->setEnabled(false);
  connect(view_, &world::WorldView::picked, this, &WorldPanel::pick);
  connect(view_, &world::WorldView::followChanged, follow_, &QToolButton::setChecked);
  connect(view_, &world::WorldView::trailsWanted, trails_, &QToolButton::toggle);
  connect(view_, &world::WorldView::shotsWanted, shots_, &QToolButton::toggle);
  connect(follow_, &QToolButton::toggled, view_, &world::WorldView::setFollow);
  connect(trails_, &QToolButton::toggled, this, [this] { dirty_ = true; });
  connect(shots_, &QToolButton::toggled, view_, &world::WorldView::setShotsShown);
  connect(&selection, &Selection::entityChanged, this, &WorldPanel::showChosen);
  connect(&selection, &Selection::playerChanged, this, [this] {
    showChosen();
    const bool here = this->context().selection.playerOn(server()).has_value();
    view_->setFollow(here);
    if (!here) view_->fit();
  });
  connect(this, &Panel::processChanged, this, &WorldPanel::showChosen);
  connect(&this->context().clock, &ViewClock::jumped, this, [this] { dirty_ = true; });
  connect(empty_, &EmptyState::activated, this, &WorldPanel::act);
  connect(&this->context().ticker, &FrameTick::tick, this, [this](TimeNs, bool second) {
    if (second) declareInterest();
  });
}

WorldPanel::~WorldPanel() {
  if (context().interest != nullptr) context().interest->withdraw(this);
}

void WorldPanel::declareInterest() {
  ingest::InterestSet* interest = context().interest;
  if (interest == nullptr) return;
  const ProcessId shown = server();
  if (!isVisible() || shown.value.empty()) return interest->withdraw(this);
  std::vector<ProcessId> poses = context().directory.editorsOf(shown);
  poses.push_back(shown);
  interest->declare(this, {{}, std::move(poses)});
}

QToolButton* WorldPanel::addToggle(const QString& text, const QString& tip) {
  auto* button = new QToolButton;
  button->setText(text);
  button->setToolTip(tip);
  button->setCheckable(true);
  button->setProperty("boxed", true);
  button->setFocusPolicy(Qt::TabFocus);
  addToTitle(button);
  return button;
}

ProcessId WorldPanel::server() const {
  const auto& directory = context().directory;
  if (const auto shown = directory.process(process()))
    return shown->domain.empty() ? shown->id : ProcessId(shown->domain);
  for (const auto& info : directory.processes())
    if (info->kind == ingest::ProcessKind::Server) return info->id;
  return {};
}

std::optional<std::uint32_t> WorldPanel::chosen(const ProcessId& server) const {
  if (const auto entity = context().selection.entity()) return entity;
  return context().selection.playerOn(server);
}

void WorldPanel::showChosen() {
  const auto id = chosen(server());
  view_->setSelected(id);
  follow_->setEnabled(id.has_value());
  dirty_ = true;
}

// A player is followed in every panel; anything else is selected here.
void WorldPanel::pick(std::optional<std::uint32_t> entity) {
  Selection& selection = context().selection;
  const auto& all = view_->scene().entities;
  const auto found = entity ? std::ranges::find(all, *entity, &world::Entity::id) : all.end();
  if (found != all.end() && (found->flags & ingest::kEntityPlayer) != 0) {
    selection.setPlayer(FollowedPlayer{server(), *entity});
    selection.setEntity(entity);
  } else {
    selection.setEntity(entity);
  }
}

world::Surroundings WorldPanel::surroundings(const ProcessId& server) const {
  const TimeNs now = context().clock.now();
  const auto& params = context().params;
  world::Surroundings result;
  if (const auto kind = params.value(server, "weather.kind", now))
    result.weather = QString::fromStdString(toText(kind->value));
  if (const auto intensity = numberOf(params.value(server, "weather.intensity", now)))
    result.weather += QStringLiteral(" %1").arg(*intensity, 0, 'f', 2);
  result.visibility = numberOf(params.value(server, "weather.visibility", now));
  if (const auto id = context().store.find(server, "weather.visibility"); id && !result.visibility)
    if (const auto sample = context().store.at(*id, now)) result.visibility = sample->value;
  return result;
}

void WorldPanel::learnNames(const ProcessId& server) {
  if (namesOf_ != server) {
    names_.clear();
    namesUpTo_ = 0;
  }
  for (auto& [id, name] : playerNames(context().log, server, namesUpTo_)) names_[id] = std::move(name);
  namesOf_ = server;
  namesUpTo_ = std::max<TimeNs>(0, context().store.totals().lastTime - kDisorder);
}

bool WorldPanel::takeFrames(const ProcessId& server, TimeNs now) {
  const auto at = [&](const ProcessId& process) -> netcode::EntityFramePtr {
    auto frame = context().world.frameAt(process, now);
    if (frame == nullptr || now - frame->time <= kGone) return frame;
    // A stopped process stands where it stopped, however long ago.
    const auto info = context().directory.process(process, now);
    return info != nullptr && info->state == ingest::ProcessState::Parked ? frame : nullptr;
  };
  auto authoritative = at(server);
  std::vector<netcode::EntityFramePtr> rendered;
  std::vector<ProcessId> editors;
  for (const auto& editor : context().directory.editorsOf(server)) {
    auto frame = at(editor);
    if (frame == nullptr) continue;
    rendered.push_back(std::move(frame));
    editors.push_back(editor);
  }
  dirty_ = dirty_ || authoritative != shown_ || rendered != drawn_;
  shown_ = std::move(authoritative);
  drawn_ = std::move(rendered);
  editors_ = std::move(editors);
  return shown_ != nullptr || !drawn_.empty();
}

void WorldPanel::addTrails(world::Picture& picture, TimeNs now) const {
  std::vector<std::uint32_t> ids;
  if (const auto id = chosen(picture.server)) ids.push_back(*id);
  if (trails_->isChecked())
    for (const world::Entity& e : picture.scene.entities)
      if (e.flags & ingest::kEntityPlayer) ids.push_back(e.id);
  if (ids.empty()) return;
  const auto frames = [&](const ProcessId& process) {
    return context().world.framesBetween(process, now - kTrail, now, kTrailFrames);
  };
  std::vector<world::Frames> rendered;
  for (const ProcessId& editor : editors_) rendered.push_back(frames(editor));
  picture.trails = world::trailsOf(ids, frames(picture.server), rendered);
}

void WorldPanel::addShots(world::Picture& picture, TimeNs now) const {
  ingest::MomentFilter filter;
  filter.kinds = {ingest::MomentKind::Game};
  filter.processes = {picture.server};
  filter.gamePrefix = "combat.hit";
  const auto player = context().selection.playerOn(picture.server);
  for (const auto& moment : context().log.query(now - kShotShown, now, filter, kMostShots)) {
    const auto* event = moment.envelope ? std::get_if<ingest::GameEvent>(&moment.envelope->event) : nullptr;
    auto shot = event == nullptr ? std::nullopt : netcode::shotOf(*event);
    if (!shot || (player && shot->shooter != *player && shot->target != *player)) continue;
    picture.shots.push_back(std::move(*shot));
  }
}

void WorldPanel::explainEmptiness(const ProcessId& server, TimeNs now) {
  const QString attach = context().replay ? QString() : tr("Attach…");
  const auto nearest = server.value.empty() ? std::nullopt : context().world.nearestTime(server, now);
  action_ = Action::Attach;
  if (nearest && std::abs(*nearest - now) > kStale) {
    action_ = Action::Nearest;
    nearest_ = *nearest;
    empty_->setText(tr("No entities at this moment"),
                    tr("The nearest ones that are kept are of %1.").arg(formatUtc(*nearest)),
                    tr("Go to %1").arg(formatUtc(*nearest)));
  } else if (const QString lost = whyUnreachable(context().directory);
             !lost.isEmpty() && context().directory.processes().empty()) {
    empty_->setText(tr("No agent answers"), lost, attach);
  } else if (!server.value.empty()) {
    action_ = Action::None;
    empty_->setText(context().replay ? tr("No entities around this moment")
                                     : tr("Waiting for the entities of %1").arg(QString::fromStdString(server.value)),
                    context().replay
                        ? tr("The recording has none of %1 here: it stood at a breakpoint, was gone, or sent none.")
                              .arg(QString::fromStdString(server.value))
                        : tr("They come while this panel is in sight; a server that sends none has no world "
                             "to show."));
  } else {
    empty_->setText(
        tr("No world to show"),
        tr("A game server that sends its entities fills this; an editor beside it adds what it drew of them."), attach);
  }
}

void WorldPanel::act() {
  if (action_ == Action::Attach) Q_EMIT attachRequested();
  if (action_ == Action::Nearest) context().clock.goTo(nearest_);
}

void WorldPanel::refresh(bool second) {
  // Thirty pictures a second are enough to see people walk.
  const TimeNs wall = monotonicNs();
  if (!second && !dirty_ && wall - drawnAt_ < kNsPerSecond / 35) return;
  drawnAt_ = wall;
  const TimeNs now = context().clock.now();
  const ProcessId from = server();
  const bool any = takeFrames(from, now);
  if (!any) explainEmptiness(from, now);
  showEmpty(any ? nullptr : empty_);
  setSubtitle(QString::fromStdString(from.value));
  if (second) learnNames(from);
  if (!second && !dirty_) return;
  dirty_ = false;
  std::vector<const ingest::EntityFrame*> frames;
  for (const auto& frame : drawn_) frames.push_back(frame.get());
  const auto authority = [&](std::uint32_t entity, std::uint64_t tick) {
    return context().world.authoritativeAt(from, entity, tick);
  };
  world::Picture picture;
  picture.server = from;
  picture.editors = editors_;
  picture.scene = world::makeScene(shown_.get(), frames, authority);
  picture.surroundings = surroundings(from);
  picture.names = names_;
  TimeNs newest = shown_ != nullptr ? shown_->time : 0;
  for (const auto& frame : drawn_) newest = std::max(newest, frame->time);
  const auto info = context().directory.process(from, now);
  const bool parked = info != nullptr && info->state == ingest::ProcessState::Parked;
  if (any && !parked && now - newest > kStale) picture.age = now - newest;
  addTrails(picture, now);
  addShots(picture, now);
  view_->setPicture(std::move(picture));
}

}  // namespace qd::widgets
