// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/link/wire/detail.h"

namespace qd::link {
namespace {

using detail::enumOr;
using detail::enumTo;
using link::fromProto;
using link::toProto;

constexpr int kMaxTargets = 1024;
constexpr int kMaxValues = 1024;
constexpr int kMaxGuards = 64;
constexpr int kMaxWaves = 64;
constexpr int kMaxReadings = 4096;
constexpr std::size_t kMaxShared = std::size_t{256} << 10;

std::int64_t positive(std::int64_t value) {
  return std::max<std::int64_t>(value, 0);
}

Result<std::vector<ProcessId>> processIds(const google::protobuf::RepeatedPtrField<std::string>& from) {
  if (from.size() > kMaxTargets) return fail(ErrorCode::Exhausted, "A change may name at most 1024 processes.");
  std::vector<ProcessId> out;
  for (const std::string& raw : from) {
    auto id = detail::processId(raw);
    if (!id) return std::unexpected(id.error());
    out.push_back(std::move(*id));
  }
  return out;
}

void toProto(const ingest::Guard& from, pb::Guard& to) {
  to.set_series(from.series);
  to.set_statistic(enumTo<pb::Guard::Statistic>(from.statistic));
  to.set_above(from.above);
  to.set_basis(enumTo<pb::Guard::Basis>(from.basis));
  to.set_threshold(from.threshold);
  to.set_ticks(from.ticks);
  to.set_group(from.group);
  to.set_observe(from.observe);
}

ingest::Guard fromProto(const pb::Guard& from) {
  ingest::Guard out;
  out.series = sanitise(from.series());
  out.statistic = enumOr(from.statistic(), ingest::GuardStatistic::Last, ingest::GuardStatistic::P99);
  out.above = from.above();
  out.basis = enumOr(from.basis(), ingest::GuardBasis::Untouched, ingest::GuardBasis::Absolute);
  out.threshold = from.threshold();
  out.ticks = from.ticks();
  out.group = from.group();
  out.observe = from.observe();
  return out;
}

void toProto(const ingest::Wave& from, pb::Wave& to) {
  to.set_count(from.count);
  to.set_percent(from.percent);
  to.set_soak_ns(from.soak.ns);
}

ingest::Wave fromProto(const pb::Wave& from) {
  return {from.count(), from.percent(), Duration{positive(from.soak_ns())}};
}

void toProto(const ingest::ChangeValue& from, pb::Assignment& to) {
  to.set_name(from.name);
  toProto(from.value, *to.mutable_value());
  if (from.expectedVersion) to.set_expected_version(*from.expectedVersion);
}

ingest::ChangeValue valueFrom(const pb::Assignment& from) {
  ingest::ChangeValue out{sanitise(from.name()), fromProto(from.value()), std::nullopt};
  if (from.has_expected_version()) out.expectedVersion = from.expected_version();
  return out;
}

void toProto(const ingest::ChangeTarget& from, pb::ChangeTarget& to) {
  to.set_process_id(from.process.value);
  to.set_agent(from.agent);
  to.set_wave(from.wave);
  to.set_state(enumTo<pb::ChangeTarget::State>(from.state));
  to.set_tick(from.tick);
  to.set_push_id(from.pushId);
  to.set_reason(from.reason);
  for (const auto& item : from.base) toProto(item, *to.add_base());
  if (from.players) to.set_players(*from.players);
}

Result<ingest::ChangeTarget> fromProto(const pb::ChangeTarget& from) {
  auto process = detail::processId(from.process_id());
  if (!process) return std::unexpected(process.error());
  ingest::ChangeTarget out;
  out.process = std::move(*process);
  out.agent = detail::token(from.agent());
  out.wave = from.wave();
  out.state = enumOr(from.state(), ingest::TargetState::Foreign, ingest::TargetState::Unknown);
  out.tick = from.tick();
  out.pushId = detail::token(from.push_id());
  out.reason = sanitise(from.reason(), kProseCap, TextKind::Prose);
  for (int i = 0; i < from.base_size() && i < kMaxValues; ++i) out.base.push_back(valueFrom(from.base(i)));
  if (from.has_players() && std::isfinite(from.players())) out.players = from.players();
  return out;
}

void toProto(const ingest::GuardReading& from, pb::GuardReading& to) {
  to.set_guard(from.guard);
  to.set_process_id(from.process.value);
  to.set_state(enumTo<pb::GuardReading::State>(from.state));
  to.set_value(from.value);
  to.set_reference(from.reference);
  to.set_samples(from.samples);
  to.set_reason(from.reason);
}

Result<ingest::GuardReading> fromProto(const pb::GuardReading& from) {
  auto process = detail::processIdOrNone(from.process_id());
  if (!process) return std::unexpected(process.error());
  ingest::GuardReading out;
  out.guard = from.guard();
  out.process = std::move(*process);
  out.state = enumOr(from.state(), ingest::GuardState::Breached, ingest::GuardState::Paused);
  out.value = from.value();
  out.reference = from.reference();
  out.samples = from.samples();
  out.reason = sanitise(from.reason(), kProseCap, TextKind::Prose);
  return out;
}

}  // namespace

void toProto(const ingest::ChangePlan& from, pb::ChangePlan& to) {
  to.set_id(from.id);
  to.set_who(from.who);
  to.set_from(from.from);
  to.set_comment(from.comment);
  for (const ProcessId& target : from.targets) to.add_process_ids(target.value);
  for (const ingest::ChangePeer& peer : from.peers) {
    pb::ChangePeer* out = to.add_peers();
    out->set_endpoint(peer.endpoint);
    for (const ProcessId& target : peer.targets) out->add_process_ids(target.value);
  }
  for (const auto& [key, value] : from.selector) {
    pb::Label* label = to.add_selector();
    label->set_key(key);
    label->set_value(value);
  }
  for (const auto& item : from.values) toProto(item, *to.add_values());
  to.set_at_tick(from.atTick);
  to.set_at_ns(from.atTime);
  to.set_ramp(enumTo<pb::ChangePlan::Ramp>(from.ramp));
  to.set_ramp_ns(from.rampTime.ns);
  to.set_ramp_steps(from.rampSteps);
  to.set_lease_ns(from.lease.ns);
  to.set_hold_ttl_ns(from.holdTtl.ns);
  to.set_revert_when_unheld(from.onVanish == ingest::OnVanish::Revert);
  for (const auto& item : from.waves) toProto(item, *to.add_waves());
  to.set_canary_players(from.canaryPlayers);
  for (const auto& item : from.guards) toProto(item, *to.add_guards());
  to.set_confirmed(from.confirmed);
  to.set_on_word(from.onWord);
}

Result<ingest::ChangePlan> fromProto(const pb::ChangePlan& from) {
  if (from.values_size() > kMaxValues || from.waves_size() > kMaxWaves || from.guards_size() > kMaxGuards ||
      from.peers_size() > kMaxTargets) {
    return fail(ErrorCode::Exhausted, "A change has at most 1024 values, 64 waves, 64 guards and 1024 other agents.");
  }
  ingest::ChangePlan out;
  out.id = detail::token(from.id());
  out.who = sanitise(from.who());
  out.from = detail::token(from.from());
  out.comment = sanitise(from.comment(), kProseCap, TextKind::Prose);
  auto targets = processIds(from.process_ids());
  if (!targets) return std::unexpected(targets.error());
  out.targets = std::move(*targets);
  for (const pb::ChangePeer& peer : from.peers()) {
    auto others = processIds(peer.process_ids());
    if (!others) return std::unexpected(others.error());
    out.peers.push_back({detail::token(peer.endpoint()), std::move(*others)});
  }
  for (int i = 0; i < from.selector_size() && i < kMaxGuards; ++i) {
    out.selector.emplace_back(sanitise(from.selector(i).key()), sanitise(from.selector(i).value()));
  }
  for (const pb::Assignment& value : from.values()) out.values.push_back(valueFrom(value));
  out.atTick = from.at_tick();
  out.atTime = from.at_ns();
  out.ramp = enumOr(from.ramp(), ingest::RampShape::Steps, ingest::RampShape::None);
  out.rampTime.ns = positive(from.ramp_ns());
  out.rampSteps = from.ramp_steps();
  out.lease.ns = positive(from.lease_ns());
  out.holdTtl.ns = positive(from.hold_ttl_ns());
  out.onVanish = from.revert_when_unheld() ? ingest::OnVanish::Revert : ingest::OnVanish::GoOn;
  for (const pb::Wave& wave : from.waves()) out.waves.push_back(fromProto(wave));
  out.canaryPlayers = from.canary_players();
  for (const pb::Guard& guard : from.guards()) out.guards.push_back(fromProto(guard));
  out.confirmed = sanitise(from.confirmed());
  out.onWord = from.on_word();
  return out;
}

void toProto(const ingest::ChangeState& from, pb::ChangeState& to) {
  toProto(from.plan, *to.mutable_plan());
  to.set_revision(from.revision);
  to.set_phase(enumTo<pb::ChangeState::Phase>(from.phase));
  to.set_wave(from.wave);
  to.set_since_ns(from.since);
  to.set_until_ns(from.until);
  to.set_reason(from.reason);
  to.set_verdict(from.verdict);
  for (const auto& item : from.targets) toProto(item, *to.add_targets());
  for (const auto& item : from.readings) toProto(item, *to.add_readings());
  to.set_breach_tick(from.breachTick);
  to.set_revert_tick(from.revertTick);
}

Result<ingest::ChangeState> fromProto(const pb::ChangeState& from) {
  auto plan = fromProto(from.plan());
  if (!plan) return std::unexpected(plan.error());
  ingest::ChangeState out;
  out.plan = std::move(*plan);
  out.revision = from.revision();
  out.phase = enumOr(from.phase(), ingest::ChangePhase::Failed, ingest::ChangePhase::Holding);
  out.wave = from.wave();
  out.since = from.since_ns();
  out.until = from.until_ns();
  out.reason = sanitise(from.reason(), kProseCap, TextKind::Prose);
  out.verdict = sanitise(from.verdict());
  for (int i = 0; i < from.targets_size() && i < kMaxReadings; ++i) {
    auto target = fromProto(from.targets(i));
    if (!target) return std::unexpected(target.error());
    out.targets.push_back(std::move(*target));
  }
  for (int i = 0; i < from.readings_size() && i < kMaxReadings; ++i) {
    auto reading = fromProto(from.readings(i));
    if (!reading) return std::unexpected(reading.error());
    out.readings.push_back(std::move(*reading));
  }
  out.breachTick = from.breach_tick();
  out.revertTick = from.revert_tick();
  return out;
}

void toProto(const control::ChangeSync& from, pb::SyncChangeRequest& to) {
  toProto(from.plan, *to.mutable_plan());
  to.set_fence(from.fence);
  to.set_ttl_ns(from.ttl.ns);
  for (const auto& [process, goal] : from.goals) {
    auto* out = to.add_goals();
    out->set_process_id(process.value);
    out->set_goal(enumTo<pb::SyncChangeRequest::Goal>(goal));
  }
}

Result<control::ChangeSync> fromProto(const pb::SyncChangeRequest& from) {
  auto plan = fromProto(from.plan());
  if (!plan) return std::unexpected(plan.error());
  control::ChangeSync out;
  out.plan = std::move(*plan);
  out.fence = from.fence();
  out.ttl.ns = positive(from.ttl_ns());
  if (from.goals_size() > kMaxTargets) return fail(ErrorCode::Exhausted, "A change has at most 1024 targets.");
  for (const auto& goal : from.goals()) {
    auto id = detail::processId(goal.process_id());
    if (!id) return std::unexpected(id.error());
    out.goals.emplace_back(std::move(*id), enumOr(goal.goal(), control::Goal::Settle, control::Goal::Untouched));
  }
  return out;
}

void toProto(const control::ChangeVerb& from, pb::OrderChangeRequest& to) {
  to.set_id(from.id);
  to.set_verb(enumTo<pb::OrderChangeRequest::Verb>(from.word));
  to.set_who(from.who);
  to.set_comment(from.comment);
}

control::ChangeVerb fromProto(const pb::OrderChangeRequest& from) {
  control::ChangeVerb out;
  out.id = detail::token(from.id());
  out.word = enumOr(from.verb(), control::ChangeWord::Keep, control::ChangeWord::Hold);
  out.who = sanitise(from.who());
  out.comment = sanitise(from.comment(), kProseCap, TextKind::Prose);
  return out;
}

void toProto(const control::AuditRecord& from, pb::AuditRecord& to) {
  to.set_number(from.number);
  to.set_time_ns(from.time);
  to.set_who(from.who);
  to.set_from(from.from);
  to.set_what(from.what);
  to.set_why(from.why);
  to.set_outcome(from.outcome);
  to.set_previous(from.previous);
  to.set_hash(from.hash);
}

// Not sanitised: the hash covers every byte as it is.
control::AuditRecord fromProto(const pb::AuditRecord& from) {
  return {from.number(), from.time_ns(), from.who(),      from.from(), from.what(),
          from.why(),    from.outcome(), from.previous(), from.hash()};
}

void toProto(const ingest::SharedItem& from, pb::SharedItem& to) {
  to.set_key(from.key);
  to.set_value(from.value);
  to.set_revision(from.revision);
  to.set_who(from.who);
  to.set_time_ns(from.time);
  to.set_expires_ns(from.expires);
  to.set_removed(from.removed);
}

Result<ingest::SharedItem> fromProto(const pb::SharedItem& from) {
  if (from.value().size() > kMaxShared) return fail(ErrorCode::Exhausted, "A shared item has at most 256 KiB.");
  ingest::SharedItem out;
  out.key = detail::token(from.key());
  out.value = sanitise(from.value(), kMaxShared, TextKind::Prose);
  out.revision = from.revision();
  out.who = sanitise(from.who());
  out.time = from.time_ns();
  out.expires = from.expires_ns();
  out.removed = from.removed();
  return out;
}

}  // namespace qd::link
