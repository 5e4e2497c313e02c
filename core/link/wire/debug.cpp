// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/detail.h"

namespace qd::link {
namespace {

using detail::enumOr;
using detail::enumTo;
using detail::token;
using link::fromProto;
using link::toProto;

constexpr int kMaxMembers = 256;
constexpr int kMaxFrames = 256;
constexpr int kMaxLocals = 512;

void toProto(const ingest::GroupMember& from, pb::GroupMember& to) {
  to.set_process_id(from.process.value);
  to.set_state(enumTo<pb::GroupMember::State>(from.state));
  to.set_tick(from.tick);
  to.set_skew_ticks(from.skewTicks);
  to.set_skew_ns(from.skewNs);
}

Result<ingest::GroupMember> fromProto(const pb::GroupMember& from) {
  auto process = detail::processId(from.process_id());
  if (!process) return std::unexpected(process.error());
  ingest::GroupMember out;
  out.process = std::move(*process);
  out.state = enumOr(from.state(), ingest::MemberState::Exited, ingest::MemberState::Running);
  out.tick = from.tick();
  out.skewTicks = from.skew_ticks();
  out.skewNs = from.skew_ns();
  return out;
}

void toProto(const ingest::HitMember& from, pb::HitMember& to) {
  toProto(from.state, *to.mutable_state());
  for (const ingest::StackFrame& frame : from.frames) {
    pb::StackFrame* out = to.add_frames();
    out->set_function(frame.function);
    out->set_file(frame.file);
    out->set_line(frame.line);
  }
  detail::fillAll(from.locals, to.mutable_locals());
  detail::fillAll(from.parameters, to.mutable_parameters());
}

Result<ingest::HitMember> fromProto(const pb::HitMember& from) {
  auto state = fromProto(from.state());
  if (!state) return std::unexpected(state.error());
  ingest::HitMember out;
  out.state = std::move(*state);
  for (int i = 0; i < from.frames_size() && i < kMaxFrames; ++i) {
    const pb::StackFrame& frame = from.frames(i);
    out.frames.push_back({sanitise(frame.function(), 1024), sanitise(frame.file(), 1024), std::max(frame.line(), 0)});
  }
  out.locals = detail::takeAll<Field>(from.locals(), kMaxLocals);
  out.parameters = detail::takeAll<ingest::ParameterValue>(from.parameters(), 1024);
  return out;
}

Result<std::vector<ingest::BreakpointMember>> readMembers(const pb::Breakpoint& from) {
  std::vector<ingest::BreakpointMember> out;
  for (int i = 0; i < from.members_size() && i < kMaxMembers; ++i) {
    const pb::BreakpointMember& member = from.members(i);
    auto process = detail::processId(member.process_id());
    if (!process) return std::unexpected(process.error());
    out.push_back({std::move(*process), enumOr(member.ack(), ingest::MemberAck::Rejected, ingest::MemberAck::Draft),
                   sanitise(member.reason(), kProseCap), member.hits()});
  }
  return out;
}

Result<std::vector<ProcessId>> readIds(const google::protobuf::RepeatedPtrField<std::string>& from) {
  if (from.size() > kMaxMembers) return fail(ErrorCode::Exhausted, "At most 256 processes can be named at once.");
  std::vector<ProcessId> out;
  for (const std::string& raw : from) {
    auto id = detail::processId(raw);
    if (!id) return std::unexpected(id.error());
    out.push_back(std::move(*id));
  }
  return out;
}

struct OrderWriter {
  pb::DebugCommand& to;
  void operator()(const control::BreakpointOrder& order) const {
    toProto(order.wanted, *to.mutable_set_breakpoint()->mutable_breakpoint());
    for (const ProcessId& id : order.members) to.mutable_set_breakpoint()->add_process_ids(id.value);
  }
  void operator()(const control::RemoveOrder& order) const { to.mutable_remove_breakpoint()->set_id(order.id); }
  void operator()(const control::LinkOrder& order) const {
    to.mutable_link();
    for (const ProcessId& id : order.members) to.mutable_link()->add_process_ids(id.value);
  }
  void operator()(const control::UnlinkOrder& order) const { to.mutable_unlink()->set_group(order.group); }
  void operator()(const control::PauseOrder& order) const { to.mutable_pause()->set_group(order.group); }
  void operator()(const control::ResumeOrder& order) const { to.mutable_resume()->set_group(order.group); }
  void operator()(const control::StepOrder& order) const {
    to.mutable_step()->set_group(order.group);
    to.mutable_step()->set_ticks(order.ticks);
  }
  void operator()(const control::RenewLeaseOrder& order) const { to.mutable_renew_lease()->set_ttl_ns(order.ttl.ns); }
};

Result<control::DebugOrder> readSet(const pb::SetBreakpoint& from) {
  auto wanted = fromProto(from.breakpoint());
  if (!wanted) return std::unexpected(wanted.error());
  auto members = readIds(from.process_ids());
  if (!members) return std::unexpected(members.error());
  return control::BreakpointOrder{std::move(*wanted), std::move(*members)};
}

Result<control::DebugOrder> readOrder(const pb::DebugCommand& from) {
  switch (from.command_case()) {
    case pb::DebugCommand::kSetBreakpoint:
      return readSet(from.set_breakpoint());
    case pb::DebugCommand::kRemoveBreakpoint:
      return control::RemoveOrder{token(from.remove_breakpoint().id())};
    case pb::DebugCommand::kLink: {
      auto ids = readIds(from.link().process_ids());
      if (!ids) return std::unexpected(ids.error());
      return control::LinkOrder{std::move(*ids)};
    }
    case pb::DebugCommand::kPause:
      return control::PauseOrder{token(from.pause().group())};
    case pb::DebugCommand::kResume:
      return control::ResumeOrder{token(from.resume().group())};
    case pb::DebugCommand::kStep:
      return control::StepOrder{token(from.step().group()), std::clamp(from.step().ticks(), 1U, 100'000U)};
    case pb::DebugCommand::kRenewLease:
      return control::RenewLeaseOrder{Duration{std::max<std::int64_t>(from.renew_lease().ttl_ns(), 0)}};
    case pb::DebugCommand::kUnlink:
      return control::UnlinkOrder{token(from.unlink().group())};
    case pb::DebugCommand::COMMAND_NOT_SET:
      break;
  }
  return fail(ErrorCode::Unsupported, "This agent does not know the debug command; update it.");
}

}  // namespace

void toProto(const ingest::Breakpoint& from, pb::Breakpoint& to) {
  to.set_id(from.id);
  to.set_revision(from.revision);
  to.set_group(from.group);
  to.set_kind(enumTo<pb::Breakpoint::Kind>(from.kind));
  to.set_site(from.site);
  to.set_line(from.line);
  to.set_tick(from.tick);
  to.set_condition(from.condition);
  to.set_after(from.after);
  to.set_log_text(from.logText);
  to.set_capture(from.capture);
  to.set_enabled(from.enabled);
  to.set_expires_ns(from.expires);
  for (const ingest::BreakpointMember& member : from.members) {
    pb::BreakpointMember* out = to.add_members();
    out->set_process_id(member.process.value);
    out->set_ack(enumTo<pb::BreakpointMember::Ack>(member.ack));
    out->set_reason(member.reason);
    out->set_hits(member.hits);
  }
  to.set_armed(from.armed);
  to.set_removed(from.removed);
}

Result<ingest::Breakpoint> fromProto(const pb::Breakpoint& from) {
  auto members = readMembers(from);
  if (!members) return std::unexpected(members.error());
  ingest::Breakpoint out;
  out.id = token(from.id());
  out.revision = from.revision();
  out.group = token(from.group());
  out.kind = enumOr(from.kind(), ingest::BreakpointKind::Function, ingest::BreakpointKind::Site);
  out.site = sanitise(from.site(), 1024);
  out.line = std::max(from.line(), 0);
  out.tick = from.tick();
  out.condition = sanitise(from.condition(), kProseCap);
  out.after = from.after();
  out.logText = sanitise(from.log_text(), kProseCap);
  out.capture = from.capture();
  out.enabled = from.enabled();
  out.expires = from.expires_ns();
  out.members = std::move(*members);
  out.armed = from.armed();
  out.removed = from.removed();
  return out;
}

void toProto(const ingest::LinkGroup& from, pb::LinkGroup& to) {
  to.set_id(from.id);
  to.set_domain(from.domain);
  to.set_state(enumTo<pb::LinkGroup::State>(from.state));
  to.set_epoch(from.epoch);
  for (const ingest::GroupMember& member : from.members) toProto(member, *to.add_members());
  to.set_hit_id(from.hitId);
  to.set_breakpoint(from.breakpoint);
  to.set_leader(from.leader.value);
  to.set_tick(from.tick);
  to.set_stopped_ns(from.stoppedAt);
  to.set_lease_until_ns(from.leaseUntil);
  to.set_reason(from.reason);
  to.set_removed(from.removed);
}

Result<ingest::LinkGroup> fromProto(const pb::LinkGroup& from) {
  ingest::LinkGroup out;
  auto leader = detail::processIdOrNone(from.leader());
  if (!leader) return std::unexpected(leader.error());
  for (int i = 0; i < from.members_size() && i < kMaxMembers; ++i) {
    auto member = fromProto(from.members(i));
    if (!member) return std::unexpected(member.error());
    out.members.push_back(std::move(*member));
  }
  out.id = token(from.id());
  out.domain = isProcessId(from.domain()) ? from.domain() : std::string();
  out.state = enumOr(from.state(), ingest::GroupState::Partial, ingest::GroupState::Running);
  out.epoch = from.epoch();
  out.hitId = token(from.hit_id());
  out.breakpoint = token(from.breakpoint());
  out.leader = std::move(*leader);
  out.tick = from.tick();
  out.stoppedAt = from.stopped_ns();
  out.leaseUntil = from.lease_until_ns();
  out.reason = sanitise(from.reason(), kProseCap);
  out.removed = from.removed();
  return out;
}

void toProto(const ingest::Hit& from, pb::Hit& to) {
  to.set_id(from.id);
  to.set_group(from.group);
  to.set_breakpoint(from.breakpoint);
  to.set_leader(from.leader.value);
  to.set_tick(from.tick);
  to.set_time_ns(from.time);
  to.set_cause(from.cause);
  for (const ingest::HitMember& member : from.members) toProto(member, *to.add_members());
}

Result<ingest::Hit> fromProto(const pb::Hit& from) {
  ingest::Hit out;
  auto leader = detail::processIdOrNone(from.leader());
  if (!leader) return std::unexpected(leader.error());
  for (int i = 0; i < from.members_size() && i < kMaxMembers; ++i) {
    auto member = fromProto(from.members(i));
    if (!member) return std::unexpected(member.error());
    out.members.push_back(std::move(*member));
  }
  out.id = token(from.id());
  out.group = token(from.group());
  out.breakpoint = token(from.breakpoint());
  out.leader = std::move(*leader);
  out.tick = from.tick();
  out.time = from.time_ns();
  out.cause = sanitise(from.cause());
  return out;
}

void toProto(const control::DebugRequest& from, pb::DebugCommand& to) {
  to.set_request_id(from.requestId);
  std::visit(OrderWriter{to}, from.order);
}

Result<control::DebugRequest> fromProto(const pb::DebugCommand& from) {
  auto order = readOrder(from);
  if (!order) return std::unexpected(order.error());
  return control::DebugRequest{from.request_id(), std::move(*order)};
}

void toProto(const control::DebugUpdate& from, pb::DebugEvent& to) {
  if (const auto* reply = std::get_if<control::DebugReply>(&from)) {
    pb::DebugReply* out = to.mutable_reply();
    out->set_request_id(reply->requestId);
    out->set_ok(reply->ok);
    out->set_error(reply->error);
    out->set_id(reply->id);
  } else if (const auto* breakpoint = std::get_if<ingest::Breakpoint>(&from)) {
    toProto(*breakpoint, *to.mutable_breakpoint());
  } else if (const auto* group = std::get_if<ingest::LinkGroup>(&from)) {
    toProto(*group, *to.mutable_group());
  } else if (const auto* hit = std::get_if<ingest::Hit>(&from)) {
    toProto(*hit, *to.mutable_hit());
  } else {
    to.mutable_registry_sent();
  }
}

Result<control::DebugUpdate> fromProto(const pb::DebugEvent& from) {
  const auto lift = [](auto result) -> Result<control::DebugUpdate> {
    if (!result) return std::unexpected(result.error());
    return std::move(*result);
  };
  switch (from.event_case()) {
    case pb::DebugEvent::kReply:
      return control::DebugReply{from.reply().request_id(), from.reply().ok(),
                                 sanitise(from.reply().error(), kProseCap), token(from.reply().id())};
    case pb::DebugEvent::kBreakpoint:
      return lift(fromProto(from.breakpoint()));
    case pb::DebugEvent::kGroup:
      return lift(fromProto(from.group()));
    case pb::DebugEvent::kHit:
      return lift(fromProto(from.hit()));
    case pb::DebugEvent::kRegistrySent:
      return control::RegistrySent{};
    case pb::DebugEvent::EVENT_NOT_SET:
      break;
  }
  return fail(ErrorCode::Unsupported, "The agent sent a debug event of a newer version.");
}

}  // namespace qd::link
