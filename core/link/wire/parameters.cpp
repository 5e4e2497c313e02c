// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/detail.h"

namespace qd::link {
namespace {

using detail::enumOr;
using detail::enumTo;
using link::fromProto;
using link::toProto;

constexpr int kMaxValues = 1024;
constexpr int kMaxTargets = 1024;

void toProto(const ingest::ParameterResult& from, pb::ParameterResult& to) {
  to.set_name(from.name);
  toProto(from.oldValue, *to.mutable_old_value());
  toProto(from.newValue, *to.mutable_new_value());
  to.set_version(from.version);
  to.set_reason(from.reason);
}

ingest::ParameterResult fromProto(const pb::ParameterResult& from) {
  ingest::ParameterResult out;
  out.name = sanitise(from.name());
  out.oldValue = fromProto(from.old_value());
  out.newValue = fromProto(from.new_value());
  out.version = from.version();
  out.reason = sanitise(from.reason(), kProseCap, TextKind::Prose);
  return out;
}

control::Assignment fromProto(const pb::Assignment& from) {
  control::Assignment out{sanitise(from.name()), fromProto(from.value()), std::nullopt};
  if (from.has_expected_version()) out.expectedVersion = from.expected_version();
  return out;
}

}  // namespace

void toProto(const ingest::ParameterChange& from, pb::ParameterChange& to) {
  toProto(from.process, *to.mutable_process());
  detail::fillAll(from.values, to.mutable_values());
}

Result<ingest::ParameterChange> fromProto(const pb::ParameterChange& from) {
  auto process = fromProto(from.process());
  if (!process) return std::unexpected(process.error());
  return ingest::ParameterChange{std::move(*process),
                                 detail::takeAll<ingest::ParameterValue>(from.values(), kMaxValues)};
}

void toProto(const ingest::PushResult& from, pb::PushResult& to) {
  to.set_push_id(from.pushId);
  toProto(from.process, *to.mutable_process());
  to.set_status(enumTo<pb::PushStatus>(from.status));
  to.set_tick(from.tick);
  to.set_time_ns(from.time);
  for (const auto& parameter : from.parameters) toProto(parameter, *to.add_parameters());
  to.set_who(from.who);
  to.set_comment(from.comment);
  to.set_reason(from.reason);
}

Result<ingest::PushResult> fromProto(const pb::PushResult& from) {
  auto process = fromProto(from.process());
  if (!process) return std::unexpected(process.error());
  ingest::PushResult out;
  out.pushId = detail::token(from.push_id());
  out.process = std::move(*process);
  out.status = enumOr(from.status(), ingest::PushStatus::Unknown, ingest::PushStatus::Unknown);
  out.tick = from.tick();
  out.time = from.time_ns();
  for (int i = 0; i < from.parameters_size() && i < kMaxValues; ++i) {
    out.parameters.push_back(fromProto(from.parameters(i)));
  }
  out.who = sanitise(from.who());
  out.comment = sanitise(from.comment(), kProseCap, TextKind::Prose);
  out.reason = sanitise(from.reason(), kProseCap, TextKind::Prose);
  return out;
}

void toProto(const ingest::ActionResult& from, pb::ActionResult& to) {
  to.set_action_id(from.actionId);
  toProto(from.process, *to.mutable_process());
  to.set_name(from.name);
  to.set_ok(from.ok);
  to.set_tick(from.tick);
  to.set_time_ns(from.time);
  to.set_text(from.text);
  to.set_who(from.who);
}

Result<ingest::ActionResult> fromProto(const pb::ActionResult& from) {
  auto process = fromProto(from.process());
  if (!process) return std::unexpected(process.error());
  ingest::ActionResult out;
  out.actionId = detail::token(from.action_id());
  out.process = std::move(*process);
  out.name = sanitise(from.name());
  out.ok = from.ok();
  out.tick = from.tick();
  out.time = from.time_ns();
  out.text = sanitise(from.text(), kLogCap, TextKind::Prose);
  out.who = sanitise(from.who());
  return out;
}

void toProto(const control::PushOrder& from, pb::PushRequest& to) {
  to.set_push_id(from.pushId);
  for (const ProcessId& target : from.targets) to.add_process_ids(target.value);
  for (const control::Assignment& assignment : from.assignments) {
    pb::Assignment* out = to.add_assignments();
    out->set_name(assignment.name);
    toProto(assignment.value, *out->mutable_value());
    if (assignment.expectedVersion) out->set_expected_version(*assignment.expectedVersion);
  }
  to.set_comment(from.comment);
  to.set_who(from.who);
  to.set_timeout_ns(from.timeout.ns);
  to.set_confirmed(from.confirmed);
}

Result<control::PushOrder> fromProto(const pb::PushRequest& from) {
  if (from.push_id().empty()) return fail(ErrorCode::InvalidArgument, "A push needs a push_id that is its own.");
  if (from.process_ids_size() > kMaxTargets || from.assignments_size() > kMaxValues) {
    return fail(ErrorCode::Exhausted, "A push may name at most 1024 processes and 1024 parameters.");
  }
  control::PushOrder out;
  out.pushId = detail::token(from.push_id());
  for (const std::string& raw : from.process_ids()) {
    auto id = detail::processId(raw);
    if (!id) return fail(ErrorCode::InvalidArgument, id.error().message);
    out.targets.push_back(std::move(*id));
  }
  for (const pb::Assignment& assignment : from.assignments()) out.assignments.push_back(fromProto(assignment));
  out.comment = sanitise(from.comment(), kProseCap, TextKind::Prose);
  out.who = sanitise(from.who());
  out.confirmed = sanitise(from.confirmed());
  if (from.timeout_ns() > 0) out.timeout.ns = std::min<std::int64_t>(from.timeout_ns(), 60 * kNsPerSecond);
  return out;
}

void toProto(const control::ActionOrder& from, pb::RunActionRequest& to) {
  to.set_action_id(from.actionId);
  to.set_process_id(from.target.value);
  to.set_name(from.name);
  detail::fillAll(from.arguments, to.mutable_arguments());
  to.set_who(from.who);
  to.set_timeout_ns(from.timeout.ns);
  to.set_why(from.why);
  to.set_confirmed(from.confirmed);
}

Result<control::ActionOrder> fromProto(const pb::RunActionRequest& from) {
  if (from.action_id().empty())
    return fail(ErrorCode::InvalidArgument, "An action needs an action_id that is its own.");
  auto target = detail::processId(from.process_id());
  if (!target) return fail(ErrorCode::InvalidArgument, target.error().message);
  control::ActionOrder out;
  out.actionId = detail::token(from.action_id());
  out.target = std::move(*target);
  out.name = sanitise(from.name());
  out.arguments = detail::takeAll<Field>(from.arguments(), 64);
  out.who = sanitise(from.who());
  out.why = sanitise(from.why(), kProseCap, TextKind::Prose);
  out.confirmed = sanitise(from.confirmed());
  if (from.timeout_ns() > 0) out.timeout.ns = std::min<std::int64_t>(from.timeout_ns(), 60 * kNsPerSecond);
  return out;
}

}  // namespace qd::link
