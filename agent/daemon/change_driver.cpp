// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/change_driver.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/ingest/describe.h"

namespace qd::daemon {
namespace {

constexpr std::int64_t kSpeakEvery = 250 * kNsPerMs;
constexpr std::int64_t kReportEvery = 50 * kNsPerMs;
constexpr std::int64_t kPublishSoonest = 100 * kNsPerMs;
constexpr std::int64_t kRefreshEvery = 200 * kNsPerMs;
constexpr std::int64_t kForgetMemberAfter = 60 * kNsPerSecond;
constexpr std::size_t kMostRunning = 256;
constexpr const char* kMemberSuffix = "/member";

std::string targetsText(const ingest::ChangePlan& plan) {
  std::string out;
  std::size_t count = plan.targets.size();
  for (const auto& target : plan.targets) out += (out.empty() ? "" : ", ") + target.value;
  for (const auto& peer : plan.peers) {
    for (const auto& target : peer.targets) out += (out.empty() ? "" : ", ") + target.value + "@" + peer.endpoint;
    count += peer.targets.size();
  }
  return count <= 12 ? out : fmt::format("{} processes", count);
}

std::string planText(const ingest::ChangePlan& plan) {
  std::string out = fmt::format("change {}:", plan.id);
  for (const auto& value : plan.values) out += fmt::format(" {}={}", value.name, toText(value.value));
  out += " to " + targetsText(plan);
  if (plan.waves.size() > 1) out += fmt::format(", {} waves", plan.waves.size());
  for (const auto& guard : plan.guards) out += ", guard " + ingest::describe(guard);
  if (plan.ramp != ingest::RampShape::None) out += ", ramp " + toText(plan.rampTime);
  if (plan.lease.ns > 0) out += ", for " + toText(plan.lease);
  return out;
}

std::string outcomeText(const ingest::ChangeState& state) {
  std::string out = state.verdict.empty() ? ingest::name(state.phase) : state.verdict;
  if (!state.reason.empty()) out += ": " + state.reason;
  for (const auto& target : state.targets) {
    out += fmt::format("; {} {}", target.process.value, ingest::name(target.state));
    if (target.tick != 0) out += fmt::format(" at tick {}", target.tick);
  }
  return out;
}

}  // namespace

std::vector<control::Candidate> ChangeDriver::candidates() const {
  std::vector<control::Candidate> out;
  for (const ProbeSession* session : live_) {
    const auto& info = session->info();
    out.push_back({info.id, info.kind == ingest::ProcessKind::Server, info.labels, session->players()});
  }
  return out;
}

ChangeDriver::Running& ChangeDriver::make(const ingest::ChangePlan& plan) {
  Running& running = running_[plan.id];
  running.member = std::make_unique<control::ChangeMember>(
      plan, [this](const ProcessId& process, const std::string& name) { return table_.parameter(process, name); });
  return running;
}

void ChangeDriver::restore(const std::map<std::string, ingest::ChangeState>& changes) {
  const TimeNs now = utcNowNs();
  for (const auto& [key, before] : changes) {
    table_.setChange(before);
    const bool member = key.ends_with(kMemberSuffix);
    if (ingest::isOver(before.phase) && before.plan.selector.empty()) continue;
    ingest::ChangeState state = before;
    if (member) state.plan.id = key.substr(0, key.size() - std::string(kMemberSuffix).size());
    if (member && running_.contains(state.plan.id)) continue;
    Running& running = make(state.plan);
    takeUp(running, state, Duration{member ? 3 * kNsPerSecond : 0}, now);
    if (!member) running.coordinator.emplace(state, static_cast<std::uint64_t>(now), now);
    running.lastSync = now;
    spdlog::info("taking up the {}", ingest::describe(state));
  }
}

// What the log says of the pushes may be newer than what was told of the targets.
void ChangeDriver::takeUp(Running& running, ingest::ChangeState& state, Duration grace, TimeNs now) {
  std::vector<ingest::ChangeTarget> own;
  for (const auto& target : state.targets) {
    if (target.agent.empty()) own.push_back(target);
  }
  auto pushes = pushes_.recalled(state.plan.id + ".");
  std::erase_if(pushes, [this](const auto& push) {
    const auto newest = table_.find(push.process.id);
    return !newest || newest->instance != push.process.instance;
  });
  running.member->restore(own, pushes, grace, now);
  for (const auto& target : own) {
    auto info = table_.find(target.process);
    if (!info) continue;
    info->state = ingest::ProcessState::Gone;  // until it has come back
    running.member->up(*info);
  }
  refreshedAt_ = 0;
  const auto report = running.member->report();
  for (const auto& now : report.targets) {
    for (auto& target : state.targets) {
      if (!target.agent.empty() || target.process != now.process) continue;
      const std::uint32_t wave = target.wave;
      target = now;
      target.wave = wave;
    }
  }
}

void ChangeDriver::start(ingest::ChangePlan plan, const control::ChangeDone& done) {
  if (const auto known = running_.find(plan.id); known != running_.end() && known->second.coordinator) {
    return done(known->second.coordinator->state());
  }
  if (const auto before = table_.change(plan.id)) return done(*before);
  if (auto checked = control::ChangeCoordinator::check(plan); !checked) return done(std::unexpected(checked.error()));
  if (running_.size() >= kMostRunning) {
    return done(fail(ErrorCode::Exhausted, "256 changes are under way at this agent; end some first."));
  }
  if (auto allowed = check(plan, plan.targets); !allowed) return done(std::unexpected(allowed.error()));
  if (!fence_) return begin(plan, static_cast<std::uint64_t>(utcNowNs()), done);
  fence_(plan.id, plan.who, [this, plan, done](const Result<std::uint64_t>& fence) {
    fence ? begin(plan, *fence, done) : done(std::unexpected(fence.error()));
  });
}

Result<> ChangeDriver::check(const ingest::ChangePlan& plan, const std::vector<ProcessId>& targets) const {
  for (const ProcessId& target : targets) {
    const auto info = table_.find(target);
    if (!info || info->state == ingest::ProcessState::Gone) {
      return fail(ErrorCode::NotFound, fmt::format("{} is no live process of this agent.", target.value));
    }
  }
  return meant(plan, targets);
}

// What is dangerous among its values is meant for these processes.
Result<> ChangeDriver::meant(const ingest::ChangePlan& plan, const std::vector<ProcessId>& targets) const {
  PushDriver::ToCheck what{targets, {}, plan.comment, plan.confirmed};
  for (const auto& value : plan.values) what.assignments.push_back({value.name, value.value, value.expectedVersion});
  return pushes_.check(what);
}

std::optional<ingest::ChangeState> ChangeDriver::state(const std::string& id) const {
  const auto running = running_.find(id);
  if (running != running_.end() && running->second.coordinator) return running->second.coordinator->state();
  return table_.change(id);
}

void ChangeDriver::begin(const ingest::ChangePlan& plan, std::uint64_t fence, const control::ChangeDone& done) {
  const TimeNs now = utcNowNs();
  audit_.append(plan.who, plan.from, planText(plan), plan.comment, "ordered");
  Running& running = make(plan);
  running.coordinator.emplace(plan, fence, candidates(), now);
  running.lastSync = now;
  stepOne(plan.id, running, now);
  done(running.coordinator->state());
}

void ChangeDriver::order(const control::ChangeVerb& verb, const control::ChangesDone& done) {
  std::vector<ingest::ChangeState> out;
  const TimeNs now = utcNowNs();
  if (!verb.id.empty() && !running_.contains(verb.id)) {
    const auto before = table_.change(verb.id);
    if (before && verb.word == control::ChangeWord::Revert && before->phase == ingest::ChangePhase::Done) {
      Running& running = make(before->plan);
      auto state = *before;
      takeUp(running, state, Duration{}, now);
      running.coordinator.emplace(state, static_cast<std::uint64_t>(now), now);
    } else if (before) {
      return done(std::vector{*before});  // over: nothing is left to order
    }
  }
  // Here as a member only: it can be asked how it stands, and is ordered at its coordinator.
  if (const auto member = running_.find(verb.id);
      verb.word == control::ChangeWord::Hold && member != running_.end() && !member->second.coordinator) {
    return done(std::vector{member->second.member->report()});
  }
  std::vector<std::string> ids;
  for (auto& [id, running] : running_) {
    const bool meant = verb.id.empty() ? running.coordinator && !running.coordinator->over() : id == verb.id;
    if (meant && running.coordinator) ids.push_back(id);
  }
  if (ids.empty() && !verb.id.empty()) {
    return done(fail(ErrorCode::NotFound, fmt::format("This agent coordinates no change \"{}\".", verb.id)));
  }
  constexpr const char* kWords[] = {"hold", "pause", "go on with", "revert", "keep"};
  for (const std::string& id : ids) {
    Running& running = running_.at(id);
    if (verb.word != control::ChangeWord::Hold) {
      audit_.append(verb.who, verb.from, fmt::format("{} change {}", kWords[static_cast<int>(verb.word)], id),
                    verb.comment, "ordered");
    }
    running.coordinator->order(verb, now);
    stepOne(id, running, now);
    out.push_back(running.coordinator->state());
  }
  done(std::move(out));
}

void ChangeDriver::sync(const control::ChangeSync& word, const control::ChangeDone& done) {
  const auto known = running_.find(word.plan.id);
  if (known != running_.end() && known->second.coordinator) {
    return done(fail(ErrorCode::Conflict, fmt::format("This agent coordinates {} itself.", word.plan.id)));
  }
  if (known == running_.end() && running_.size() >= kMostRunning) {
    return done(fail(ErrorCode::Exhausted, "256 changes are under way at this agent; end some first."));
  }
  // It is its coordinator's word, and yet its values reach processes of this agent, which looks at them itself.
  if (known == running_.end()) {
    std::vector<ProcessId> targets;
    for (const auto& [process, goal] : word.goals) {
      if (goal == control::Goal::Apply || goal == control::Goal::Untouched) targets.push_back(process);
    }
    if (auto allowed = meant(word.plan, targets); !allowed) return done(std::unexpected(allowed.error()));
  }
  Running& running = known != running_.end() ? known->second : make(word.plan);
  const TimeNs now = utcNowNs();
  if (auto taken = running.member->sync(word, now); !taken) return done(std::unexpected(taken.error()));
  running.lastSync = now;
  refreshedAt_ = 0;
  const bool stays = std::any_of(word.goals.begin(), word.goals.end(),
                                 [](const auto& goal) { return goal.second == control::Goal::Settle; });
  if (stays && !running.stays && settled_) settled_(running.member->report());
  running.stays = running.stays || stays;
  stepOne(word.plan.id, running, now);
  done(running.member->report());
}

bool ChangeDriver::isPassing(const std::string& pushId) const {
  const std::string id = pushId.substr(0, pushId.find('.'));
  const auto found = running_.find(id);
  if (found == running_.end()) return false;
  return !found->second.coordinator || !found->second.coordinator->over();
}

void ChangeDriver::down(const ProcessId& process) {
  std::erase_if(live_, [&](const ProbeSession* session) { return session->info().id == process; });
  for (auto& [id, running] : running_) running.member->down(process, utcNowNs());
}

void ChangeDriver::sampled(const ingest::SampleBlock& block) {
  for (auto& [id, running] : running_) running.member->samples(block);
}

void ChangeDriver::refreshSessions(const std::vector<ProbeSession*>& live, TimeNs now) {
  live_ = live;
  for (auto& [id, running] : running_) {
    for (const ProbeSession* session : live) running.member->tick(session->info().id, session->info().tick);
  }
  if (now - refreshedAt_ < kRefreshEvery) return;
  refreshedAt_ = now;
  const auto here = candidates();
  for (auto& [id, running] : running_) {
    for (const ProbeSession* session : live) running.member->up(session->info(), session->players());
    if (!running.coordinator) continue;
    for (const auto& candidate : here) running.coordinator->onBorn(candidate, now);
  }
}

void ChangeDriver::onTime(TimeNs now, const std::vector<ProbeSession*>& live) {
  live_ = live;
  if (running_.empty()) return;
  refreshSessions(live, now);
  std::vector<std::string> over;
  for (auto& [id, running] : running_) {
    stepOne(id, running, now);
    if (finished(running, now)) over.push_back(id);
  }
  for (const auto& id : over) running_.erase(id);
  log_.notify();
}

bool ChangeDriver::finished(const Running& running, TimeNs now) const {
  if (!running.member->settled()) return false;
  if (!running.coordinator) return now - running.lastSync > kForgetMemberAfter;
  const auto& state = running.coordinator->state();
  // Every other agent must have heard the last word, or it would take the values back when the word runs out.
  const bool told = std::all_of(running.peers.begin(), running.peers.end(),
                                [&](const auto& peer) { return peer.second.confirmed == running.told; });
  const bool heard = told || now - state.since > kForgetMemberAfter;
  return running.coordinator->forgettable() && running.published == state.revision && heard;
}

void ChangeDriver::stepOne(const std::string& id, Running& running, TimeNs now) {
  if (running.coordinator) {
    auto& coordinator = *running.coordinator;
    if (running.member->revision() != running.reported || now >= running.reportAt) {
      running.reported = running.member->revision();
      running.reportAt = now + kReportEvery;
      coordinator.onReport(0, running.member->report(), now);
    }
    coordinator.step(now);
    if (coordinator.state().revision != running.told) {
      running.told = coordinator.state().revision;
      (void)running.member->sync(coordinator.sync(0), now);
      for (const ProbeSession* session : live_) {
        running.member->up(session->info(), session->players());
        running.member->tick(session->info().id, session->info().tick);
      }
      for (auto& [agent, peer] : running.peers) peer.askAt = now;
    }
    for (std::size_t agent = 1; agent < coordinator.agents(); ++agent) speakTo(id, running, agent, now);
  }
  auto actions = running.member->step(now);
  // Before the first push leaves, the log knows the change that it belongs to.
  if (running.published == 0) publish(running, now);
  perform(id, std::move(actions));
  publish(running, now);
}

void ChangeDriver::perform(const std::string& id, control::MemberActions actions) {
  for (auto& action : actions) {
    if (auto* order = std::get_if<control::PushOrder>(&action)) {
      const std::string pushId = order->pushId;
      const ProcessId process = order->targets.front();
      pushes_.push(std::move(*order),
                   [this, id, pushId, process](const auto& results) { answered(id, results, pushId, process); });
    } else {
      const auto ask = std::get<control::AskAgain>(action);
      pushes_.query(ask.pushId, false,
                    [this, id, ask](const auto& results) { answered(id, results, ask.pushId, ask.process); });
    }
  }
}

void ChangeDriver::answered(const std::string& id, const Result<std::vector<ingest::PushResult>>& results,
                            const std::string& pushId, const ProcessId& process) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  if (results) {
    for (const auto& result : *results) {
      if (pushes_.neverArrived(result.pushId, result.process.id)) {
        found->second.member->neverArrived(result.process.id, result.pushId);
      } else {
        found->second.member->result(result);
      }
    }
  } else {
    ingest::PushResult unknown;
    unknown.pushId = pushId;
    unknown.process.id = process;
    unknown.reason = results.error().message;
    found->second.member->result(unknown);
  }
}

void ChangeDriver::speakTo(const std::string& id, Running& running, std::size_t agent, TimeNs now) {
  Peer& peer = running.peers[agent];
  if (peer.heardAt == 0) peer.heardAt = now;
  const auto& endpoint = running.coordinator->state().plan.peers[agent - 1].endpoint;
  if (now - peer.heardAt > control::ChangeCoordinator::kTtl) {
    running.coordinator->onSilence(agent, "it has not answered for too long", now);
  }
  if (peer.asked || now < peer.askAt || !speak_) return;
  if (running.coordinator->over() && peer.confirmed == running.told) return;
  peer.asked = true;
  peer.askAt = now + kSpeakEvery;
  peer.sent = running.told;
  speak_(endpoint, running.coordinator->sync(agent), [this, id, agent](const Result<ingest::ChangeState>& answer) {
    loop_.post([this, id, agent, answer] {
      const auto found = running_.find(id);
      if (found == running_.end() || !found->second.coordinator) return;
      Peer& peer = found->second.peers[agent];
      peer.asked = false;
      if (!answer) {
        // It has heard the word and will not follow it: there is nothing to wait for.
        const bool refused = answer.error().code != ErrorCode::Unavailable;
        if (refused) found->second.coordinator->onSilence(agent, answer.error().message, utcNowNs());
        return;
      }
      peer.heardAt = utcNowNs();
      peer.confirmed = peer.sent;
      found->second.coordinator->onReport(agent, *answer, peer.heardAt);
    });
  });
}

// Every turn at once; several within a tenth of a second together; readings once a second.
void ChangeDriver::publish(Running& running, TimeNs now) {
  const bool coordinates = running.coordinator.has_value();
  const std::uint64_t revision = coordinates ? running.coordinator->state().revision : running.member->revision();
  ingest::ChangeState state;
  const ingest::ChangePhase phase = coordinates ? running.coordinator->state().phase : running.member->report().phase;
  const bool turned = phase != running.phase || running.published == 0;
  const bool readings = coordinates && !running.coordinator->over() && !running.coordinator->state().readings.empty() &&
                        now >= running.publishAt - kPublishSoonest + kNsPerSecond;
  if (!turned && !readings && (revision == running.published || now < running.publishAt)) return;
  state = coordinates ? running.coordinator->state() : running.member->report();
  if (!coordinates) state.plan.id += kMemberSuffix;
  if (turned && coordinates) {
    spdlog::info("{}", ingest::describe(state));
    if (running.published != 0)
      audit_.append(state.plan.who, "agent", "change " + state.plan.id, state.reason, outcomeText(state));
    if (phase == ingest::ChangePhase::Done && settled_) settled_(state);
  }
  running.phase = phase;
  running.published = revision;
  running.publishAt = now + kPublishSoonest;
  table_.setChange(state);
  log_.append(std::move(state));
}

}  // namespace qd::daemon
