// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/session.h"

#include <algorithm>

#include "widgets/base/frame_tick.h"

namespace qd::console {
namespace {

QString userName() {
  const QString name = qEnvironmentVariable("USER");
  return name.isEmpty() ? QStringLiteral("operator") : name;
}

}  // namespace

Session::Session(session::SessionRequest request, std::unique_ptr<SessionCore> core, widgets::FrameTick& ticker,
                 QObject* parent)
    : QObject(parent), request_(std::move(request)), core_(std::move(core)), ticker_(ticker) {
  clock_.setRecording(core_->isReplay());
  if (core_->isReplay()) bookmarks_ = std::make_unique<widgets::Bookmarks>(request_.recording);
  advance(0);
  connect(&ticker, &widgets::FrameTick::tick, this, [this](TimeNs elapsed, bool second) {
    advance(elapsed);
    if (second && core_ != nullptr) core_->adjustInterest(interest_);
  });
  connect(&selection_, &widgets::Selection::processChanged, this, [this] {
    declareSelection();
    if (core_ != nullptr) core_->adjustInterest(interest_);
  });
}

widgets::SessionContext Session::context() {
  return {.store = core_->store,
          .directory = core_->directory,
          .log = core_->log,
          .world = core_->world,
          .params = core_->params,
          .breakpoints = core_->breakpoints,
          .commands = isReadOnly() ? nullptr : core_->commands(),
          .clock = clock_,
          .selection = selection_,
          .ticker = ticker_,
          .who = userName(),
          .replay = isReplay(),
          .rollups = &core_->rollups,  // of a recording it knows the players alone
          .interest = isReplay() ? nullptr : &interest_};
}

// Selection drives every panel: all of the chosen process, of its editors or of its server is shown somewhere.
void Session::declareSelection() {
  if (core_ == nullptr) return;
  const ProcessId chosen = selection_.process();
  ingest::InterestSet::Shown shown;
  const auto info = core_->directory.process(chosen);
  const ProcessId server = info && info->kind == ingest::ProcessKind::Editor ? ProcessId(info->domain) : chosen;
  std::vector<ProcessId> together = core_->directory.editorsOf(server);
  together.push_back(server);
  ingest::Selector all;
  for (const ProcessId& one : together) {
    if (!one.value.empty()) all.processGlobs.push_back(one.value);
  }
  if (!all.processGlobs.empty()) shown.series = {all};
  // Poses are for who shows a world (the World panel says so itself); without an editor nothing else needs them: the
  // interpolation error is joined out of both sides' poses.
  if (together.size() > 1) shown.poses = together;
  interest_.declare(this, std::move(shown));
}

void Session::advance(TimeNs elapsed) {
  if (core_ == nullptr) return;
  const auto totals = core_->store.totals();
  // The live edge is this computer's clock, so that a plot goes on when the stream does not; a host whose clock is
  // ahead of ours moves it on.
  const TimeNs last = isReplay() ? totals.lastTime : std::max(utcNowNs(), totals.lastTime);
  const TimeNs first = totals.firstTime > 0 ? totals.firstTime : last;
  clock_.setExtent(first, last);
  clock_.advance(elapsed);
  if (isReplay()) {
    core_->look(clock_.now(), clock_.mode() == widgets::ViewClock::Mode::Playing ? clock_.speed() : 0);
  }
}

session::StatusNumbers Session::status() {
  session::StatusNumbers out;
  out.replay = isReplay();
  for (const auto& agent : core_->directory.agents()) {
    ++out.agents;
    out.agentsConnected += agent.state == ingest::AgentState::Connected ? 1 : 0;
    if (agent.clock) out.clockUncertaintyNs = std::max(out.clockUncertaintyNs.value_or(0), agent.clock->uncertaintyNs);
  }
  for (const auto& process : core_->directory.processes()) {
    out.processes += process->state == ingest::ProcessState::Gone ? 0 : 1;
  }
  const auto totals = core_->store.totals();
  const TimeNs now = monotonicNs();
  const TimeNs sincePoints = now - lastPointsAt_;
  if (lastPointsAt_ > 0 && now > lastPointsAt_ && totals.points >= lastPoints_) {
    out.pointsPerSecond =
        static_cast<double>(totals.points - lastPoints_) * 1e9 / static_cast<double>(now - lastPointsAt_);
  }
  lastPoints_ = totals.points;
  lastPointsAt_ = now;
  const auto cost = core_->cost();
  if (lastPointsAt_ > 0 && cost.tiers && lastBytes_ > 0 && cost.bytes >= lastBytes_ && sincePoints > 0) {
    out.bytesPerSecond = static_cast<double>(cost.bytes - lastBytes_) * 1e9 / static_cast<double>(sincePoints);
  }
  lastBytes_ = cost.bytes;
  out.fullPointsPerSecond = cost.wanted;
  out.pointsCap = cost.cap;
  using Level = ingest::InterestPlanner::Level;
  out.tier = !cost.tiers                       ? session::Tier::Untiered
             : cost.level == Level::Everything ? session::Tier::Full
             : cost.level == Level::ShownOnly  ? session::Tier::ShownOnly
                                               : session::Tier::RollupsOnly;
  if (!isReplay() && totals.lastTime > 0) out.behind = utcNowNs() - totals.lastTime;
  const auto recording = core_->recording();
  if (!recording.path.empty() && recording.problem.empty()) out.recordedBytes = recording.bytes;
  out.recordingPath = QString::fromStdString(recording.path);
  out.recordingProblem = QString::fromStdString(recording.problem);
  const auto loading = core_->loading();
  if (loading.share < 1) out.loadingShare = loading.share;
  out.loadingProblem = QString::fromStdString(loading.problem);
  out.recordingWarning = QString::fromStdString(recording.warning);
  out.notRecorded = recording.dropped;
  out.dropped = totals.dropped;
  return out;
}

ingest::Mark Session::shownMoment() const {
  ingest::Mark mark;
  mark.time = clock_.now();
  mark.domain = selection_.process().value;
  if (const auto process = core_->directory.process(selection_.process())) mark.domain = process->domain;
  mark.tick = core_->store.tickAt(selection_.process(), mark.time).value_or(0);
  mark.text = "mark";
  mark.who = userName().toStdString();
  return mark;
}

void Session::bookmark(const ingest::Mark& moment, const QString& note) {
  if (bookmarks_ == nullptr) return;
  bookmarks_->add({moment.time, moment.tick, moment.domain, note.trimmed().toStdString(), moment.who, utcNowNs()});
}

void Session::mark() {
  ingest::Mark mark = shownMoment();
  ingest::Envelope envelope;
  envelope.agent = AgentId("console");
  envelope.event = std::move(mark);
  envelope.received = utcNowNs();
  core_->put(std::make_shared<const ingest::Envelope>(std::move(envelope)));
}

std::unique_ptr<SessionCore> Session::release() {
  return std::move(core_);
}

}  // namespace qd::console
