// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/detail.h"

namespace qd::link {
namespace {

constexpr std::size_t kSourceCap = std::size_t{512} << 10;

}  // namespace

void toProto(const ingest::StackFrame& from, pb::StackFrame& to) {
  to.set_function(from.function);
  to.set_file(from.file);
  to.set_line(from.line);
}

ingest::StackFrame fromProto(const pb::StackFrame& from) {
  return {sanitise(from.function(), 1024), sanitise(from.file(), 1024), std::max(from.line(), 0)};
}

void toProto(const ingest::SourceText& from, pb::SourceText& to) {
  to.set_file(from.file);
  to.set_first_line(from.firstLine);
  to.set_text(from.text);
}

ingest::SourceText fromProto(const pb::SourceText& from) {
  return {sanitise(from.file(), 1024), std::max(from.first_line(), 1),
          sanitise(from.text(), kSourceCap, TextKind::Prose)};
}

namespace {

using detail::enumOr;
using detail::enumTo;
using detail::token;
using link::fromProto;
using link::toProto;

constexpr int kMaxMembers = 256;
constexpr int kMaxFrames = 256;
constexpr int kMaxLocals = 512;
constexpr int kMaxSources = 16;
constexpr int kMaxInspected = 1024;

void toProto(const ingest::GroupMember& from, pb::GroupMember& to) {
  to.set_process_id(from.process.value);
  to.set_state(enumTo<pb::GroupMember::State>(from.state));
  to.set_tick(from.tick);
  to.set_skew_ticks(from.skewTicks);
  to.set_skew_ns(from.skewNs);
  to.set_ack(enumTo<pb::GroupMember::Ack>(from.ack));
  to.set_stopped_skew_ns(from.stoppedSkewNs);
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
  out.ack = enumOr(from.ack(), ingest::StopAck::Stopped, ingest::StopAck::None);
  out.stoppedSkewNs = from.stopped_skew_ns();
  return out;
}

void toProto(const ingest::HitMember& from, pb::HitMember& to) {
  toProto(from.state, *to.mutable_state());
  for (const ingest::StackFrame& frame : from.frames) toProto(frame, *to.add_frames());
  to.set_thread(from.thread);
  for (const ingest::SourceText& source : from.sources) toProto(source, *to.add_sources());
  detail::fillAll(from.locals, to.mutable_locals());
  detail::fillAll(from.parameters, to.mutable_parameters());
}

Result<ingest::HitMember> fromProto(const pb::HitMember& from) {
  auto state = fromProto(from.state());
  if (!state) return std::unexpected(state.error());
  ingest::HitMember out;
  out.state = std::move(*state);
  for (int i = 0; i < from.frames_size() && i < kMaxFrames; ++i) out.frames.push_back(fromProto(from.frames(i)));
  for (int i = 0; i < from.sources_size() && i < kMaxSources; ++i) out.sources.push_back(fromProto(from.sources(i)));
  out.thread = sanitise(from.thread(), 256);
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

std::string address(const std::string& raw) {
  return control::isAddress(raw) ? raw : std::string();
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
    to.mutable_set_breakpoint()->set_confirmed(order.confirmed);
  }
  void operator()(const control::RemoveOrder& order) const { to.mutable_remove_breakpoint()->set_id(order.id); }
  void operator()(const control::LinkOrder& order) const {
    to.mutable_link();
    for (const ProcessId& id : order.members) to.mutable_link()->add_process_ids(id.value);
    to.mutable_link()->set_home(order.home);
  }
  void operator()(const control::UnlinkOrder& order) const { to.mutable_unlink()->set_group(order.group); }
  void operator()(const control::PauseOrder& order) const { to.mutable_pause()->set_group(order.group); }
  void operator()(const control::ResumeOrder& order) const {
    to.mutable_resume()->set_group(order.group);
    to.mutable_resume()->set_process_id(order.process.value);
  }
  void operator()(const control::StepOrder& order) const {
    to.mutable_step()->set_group(order.group);
    to.mutable_step()->set_ticks(order.ticks);
    to.mutable_step()->set_how(enumTo<pb::StepCommand::How>(order.how));
    to.mutable_step()->set_process_id(order.process.value);
    to.mutable_step()->set_thread(order.thread);
  }
  void operator()(const control::RenewLeaseOrder& order) const { to.mutable_renew_lease()->set_ttl_ns(order.ttl.ns); }
  void operator()(const control::InspectOrder& order) const {
    pb::Inspect& out = *to.mutable_inspect();
    out.set_process_id(order.process.value);
    out.set_what(enumTo<pb::Inspect::What>(order.what));
    out.set_epoch(order.epoch);
    out.set_thread(order.thread);
    out.set_frame(order.frame);
    out.set_reference(order.reference);
    out.set_text(order.text);
    out.set_first_line(order.firstLine);
    out.set_count(order.count);
  }
};

void toProto(const control::Inspected& from, pb::Inspected& to) {
  to.set_epoch(from.epoch);
  for (const control::DebugThread& thread : from.threads) {
    pb::Inspected::Thread* out = to.add_threads();
    out->set_id(thread.id);
    out->set_name(thread.name);
    out->set_current(thread.current);
  }
  for (const control::DebugFrame& frame : from.frames) {
    pb::Inspected::Frame* out = to.add_frames();
    out->set_id(frame.id);
    toProto(frame.at, *out->mutable_at());
  }
  for (const control::DebugVariable& variable : from.variables) {
    pb::Inspected::Variable* out = to.add_variables();
    out->set_name(variable.name);
    out->set_value(variable.value);
    out->set_type(variable.type);
    out->set_reference(variable.reference);
  }
  if (from.source) toProto(*from.source, *to.mutable_source());
}

control::Inspected fromProto(const pb::Inspected& from) {
  control::Inspected out;
  out.epoch = from.epoch();
  for (int i = 0; i < from.threads_size() && i < kMaxInspected; ++i) {
    const auto& thread = from.threads(i);
    out.threads.push_back({thread.id(), sanitise(thread.name(), 256), thread.current()});
  }
  for (int i = 0; i < from.frames_size() && i < kMaxInspected; ++i) {
    out.frames.push_back({from.frames(i).id(), fromProto(from.frames(i).at())});
  }
  for (int i = 0; i < from.variables_size() && i < kMaxInspected; ++i) {
    const auto& variable = from.variables(i);
    out.variables.push_back({sanitise(variable.name(), 256), sanitise(variable.value(), kProseCap),
                             sanitise(variable.type(), 256), variable.reference()});
  }
  if (from.has_source()) out.source = fromProto(from.source());
  return out;
}

Result<control::DebugOrder> readStep(const pb::StepCommand& from) {
  auto process = detail::processIdOrNone(from.process_id());
  if (!process) return std::unexpected(process.error());
  const auto how = enumOr(from.how(), control::StepHow::Out, control::StepHow::Tick);
  return control::StepOrder{token(from.group()), std::clamp(from.ticks(), 1U, 100'000U), how, std::move(*process),
                            from.thread()};
}

Result<control::DebugOrder> readInspect(const pb::Inspect& from) {
  auto process = detail::processId(from.process_id());
  if (!process) return std::unexpected(process.error());
  control::InspectOrder out;
  out.process = std::move(*process);
  out.what = enumOr(from.what(), control::InspectWhat::Evaluate, control::InspectWhat::Threads);
  out.epoch = from.epoch();
  out.thread = from.thread();
  out.frame = from.frame();
  out.reference = from.reference();
  out.text = sanitise(from.text(), 4096);
  out.firstLine = std::max(from.first_line(), 1);
  out.count = std::max(from.count(), 0);
  return out;
}

Result<control::DebugOrder> readSet(const pb::SetBreakpoint& from) {
  auto wanted = fromProto(from.breakpoint());
  if (!wanted) return std::unexpected(wanted.error());
  auto members = readIds(from.process_ids());
  if (!members) return std::unexpected(members.error());
  return control::BreakpointOrder{std::move(*wanted), std::move(*members), sanitise(from.confirmed(), 256)};
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
      return control::LinkOrder{std::move(*ids), address(from.link().home())};
    }
    case pb::DebugCommand::kPause:
      return control::PauseOrder{token(from.pause().group())};
    case pb::DebugCommand::kResume: {
      auto process = detail::processIdOrNone(from.resume().process_id());
      if (!process) return std::unexpected(process.error());
      return control::ResumeOrder{token(from.resume().group()), std::move(*process)};
    }
    case pb::DebugCommand::kStep:
      return readStep(from.step());
    case pb::DebugCommand::kInspect:
      return readInspect(from.inspect());
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
  to.set_arm_when(from.armWhen);
  to.set_after_hit_of(from.afterHitOf);
  to.set_waiting(from.waiting);
}

Result<ingest::Breakpoint> fromProto(const pb::Breakpoint& from) {
  auto members = readMembers(from);
  if (!members) return std::unexpected(members.error());
  ingest::Breakpoint out;
  out.id = token(from.id());
  out.revision = from.revision();
  out.group = token(from.group());
  out.kind = enumOr(from.kind(), ingest::BreakpointKind::Metric, ingest::BreakpointKind::Site);
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
  out.armWhen = sanitise(from.arm_when(), kProseCap);
  out.afterHitOf = token(from.after_hit_of());
  out.waiting = from.waiting();
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
  to.set_home(from.home);
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
  out.home = address(from.home());
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
    if (reply->inspected) toProto(*reply->inspected, *out->mutable_inspected());
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
    case pb::DebugEvent::kReply: {
      control::DebugReply out{from.reply().request_id(), from.reply().ok(), sanitise(from.reply().error(), kProseCap),
                              token(from.reply().id())};
      if (from.reply().has_inspected()) {
        out.inspected = std::make_shared<const control::Inspected>(fromProto(from.reply().inspected()));
      }
      return out;
    }
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
