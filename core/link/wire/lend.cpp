// SPDX-License-Identifier: Apache-2.0
// What agents say to each other about processes that one lends to the other's link groups.
#include "core/link/wire/detail.h"

namespace qd::link {
namespace {

using detail::enumOr;
using detail::enumTo;
using detail::token;
using link::fromProto;
using link::toProto;

constexpr int kMaxLent = 256;
constexpr int kMaxFrames = 256;
constexpr int kMaxLocals = 512;
constexpr int kMaxSources = 16;
constexpr int kMaxSites = 4096;

// --- orders ----------------------------------------------------------------------------------------------------------

struct OrderWriter {
  pb::LendOrder& to;

  pb::MemberOrder& member(pb::MemberOrder::What what, const ProcessId& process) const {
    pb::MemberOrder& out = *to.mutable_member();
    out.set_what(what);
    out.set_process_id(process.value);
    return out;
  }
  void operator()(const control::Borrow& order) const {
    to.mutable_borrow()->set_home(order.home);
    for (const ProcessId& id : order.processes) to.mutable_borrow()->add_process_ids(id.value);
  }
  void operator()(const control::Hold& order) const {
    to.mutable_hold();
    for (const ProcessId& id : order.processes) to.mutable_hold()->add_process_ids(id.value);
  }
  void operator()(const control::Follow& order) const {
    member(order.on ? pb::MemberOrder::FOLLOW : pb::MemberOrder::UNFOLLOW, order.process);
  }
  void operator()(const control::OrderStop& order) const {
    pb::MemberOrder& out = member(pb::MemberOrder::STOP, order.process);
    out.set_stop_id(order.stopId);
    if (order.atTick) out.set_tick(*order.atTick);
    out.set_by_debugger(order.byDebugger);
  }
  void operator()(const control::OrderResume& order) const {
    pb::MemberOrder& out = member(pb::MemberOrder::RESUME, order.process);
    out.set_stop_id(order.stopId);
    out.set_epoch(order.epoch);
  }
  void operator()(const control::OrderStep& order) const {
    pb::MemberOrder& out = member(pb::MemberOrder::STEP_TICK, order.process);
    out.set_stop_id(order.stopId);
    out.set_tick(order.atTick);
  }
  void operator()(const control::OrderSourceStep& order) const {
    pb::MemberOrder& out = member(pb::MemberOrder::STEP_SOURCE, order.process);
    out.set_stop_id(order.stopId);
    out.set_how(enumTo<pb::StepCommand::How>(order.how));
    out.set_thread(order.thread);
  }
  // The process that it is for is the only member that is sent along.
  void operator()(const control::ArmSite& order) const {
    toProto(order.breakpoint, *to.mutable_arm());
    to.mutable_arm()->clear_members();
    to.mutable_arm()->add_members()->set_process_id(order.process.value);
  }
  void operator()(const control::DisarmSite& order) const {
    member(pb::MemberOrder::DISARM, order.process).set_breakpoint_id(order.breakpoint);
  }
  void operator()(const ingest::Breakpoint& copy) const { toProto(copy, *to.mutable_breakpoint()); }
  void operator()(const ingest::LinkGroup& copy) const { toProto(copy, *to.mutable_group()); }
  void operator()(const ingest::Hit& copy) const { toProto(copy, *to.mutable_hit()); }
  void operator()(const control::ForwardAnswer& answer) const {
    pb::DebugReply& out = *to.mutable_forwarded();
    out.set_request_id(answer.request);
    out.set_ok(answer.ok);
    out.set_error(answer.error);
    out.set_id(answer.id);
  }
};

Result<std::vector<ProcessId>> readIds(const google::protobuf::RepeatedPtrField<std::string>& from) {
  if (from.size() > kMaxLent) return fail(ErrorCode::Exhausted, "At most 256 processes can be lent at once.");
  std::vector<ProcessId> out;
  for (const std::string& raw : from) {
    auto id = detail::processId(raw);
    if (!id) return std::unexpected(id.error());
    out.push_back(std::move(*id));
  }
  return out;
}

Result<control::LendOrder> readMember(const pb::MemberOrder& from) {
  auto id = detail::processId(from.process_id());
  if (!id) return std::unexpected(id.error());
  switch (from.what()) {
    case pb::MemberOrder::STOP: {
      const auto tick = from.has_tick() ? std::optional<Tick>(from.tick()) : std::nullopt;
      return control::OrderStop{*id, from.stop_id(), tick, from.by_debugger()};
    }
    case pb::MemberOrder::RESUME:
      return control::OrderResume{*id, from.epoch(), from.stop_id()};
    case pb::MemberOrder::STEP_TICK:
      return control::OrderStep{*id, from.stop_id(), from.tick()};
    case pb::MemberOrder::STEP_SOURCE:
      return control::OrderSourceStep{*id, from.stop_id(),
                                      enumOr(from.how(), control::StepHow::Out, control::StepHow::Over), from.thread()};
    case pb::MemberOrder::DISARM:
      return control::DisarmSite{*id, token(from.breakpoint_id())};
    case pb::MemberOrder::FOLLOW:
      return control::Follow{*id, true};
    case pb::MemberOrder::UNFOLLOW:
      return control::Follow{*id, false};
    default:
      return fail(ErrorCode::Unsupported, "This agent does not know the order for a lent process; update it.");
  }
}

Result<control::LendOrder> readArm(const pb::Breakpoint& from) {
  auto breakpoint = fromProto(from);
  if (!breakpoint) return std::unexpected(breakpoint.error());
  if (breakpoint->members.size() != 1) return detail::corrupt("A breakpoint to arm names one process.");
  const ProcessId process = breakpoint->members.front().process;
  return control::ArmSite{process, std::move(*breakpoint)};
}

// --- events ----------------------------------------------------------------------------------------------------------

struct EventWriter {
  pb::LendEvent& to;

  pb::LentNote& note(pb::LentNote::What what, const ProcessId& process) const {
    pb::LentNote& out = *to.mutable_note();
    out.set_what(what);
    out.set_process_id(process.value);
    return out;
  }
  void operator()(const control::LentProcess& event) const {
    pb::LentProcess& out = *to.mutable_up();
    out.set_process_id(event.up.process.value);
    out.set_instance(event.up.instance.value);
    out.set_agent_run(event.agentRun);
    out.set_kind(event.up.kind == ingest::ProcessKind::Server   ? pb::Process::SERVER
                 : event.up.kind == ingest::ProcessKind::Editor ? pb::Process::EDITOR
                                                                : pb::Process::OTHER);
    out.set_domain(event.up.domain);
    out.set_domain_here(event.domainHere);
    out.set_tick_hz(event.up.tickHz);
    for (const std::string& site : event.up.sites) out.add_sites(site);
    out.set_health_ns(event.up.healthNs);
    out.set_may_debug(event.mayDebug);
    if (!event.live) return;
    out.set_live(event.live->label);
    for (const std::string& timeout : event.live->timeouts) out.add_timeouts(timeout);
    if (event.live->players) out.set_players(*event.live->players);
  }
  void operator()(const control::LendRefused& event) const {
    pb::LentNote& out = note(pb::LentNote::REFUSED, event.process);
    out.set_reason(event.why);
    out.set_ok(event.later);
  }
  void operator()(const control::ProcessDown& event) const {
    note(pb::LentNote::DOWN, event.process).set_reason(event.reason);
  }
  void operator()(const control::ArmAnswer& event) const {
    pb::LentNote& out = note(pb::LentNote::ARMED, event.process);
    out.set_breakpoint_id(event.breakpoint);
    out.set_revision(event.revision);
    out.set_ok(event.ok);
    out.set_reason(event.reason);
    out.set_moved_line(event.movedLine);
  }
  void operator()(const control::Disarmed& event) const {
    pb::LentNote& out = note(pb::LentNote::DISARMED, event.process);
    out.set_breakpoint_id(event.breakpoint);
    out.set_reason(event.reason);
  }
  void operator()(const control::Resumed& event) const {
    pb::LentNote& out = note(pb::LentNote::RESUMED, event.process);
    out.set_epoch(event.epoch);
    out.set_time_ns(event.time);
    out.set_ok(event.asked);
    out.set_reason(event.reason);
  }
  template <class Stop>
  static void context(const Stop& event, pb::LentStop& out) {
    out.set_process_id(event.process.value);
    out.set_epoch(event.epoch);
    out.set_time_ns(event.time);
    out.set_thread(event.thread);
    detail::fillAll(event.frames, out.mutable_frames());
    detail::fillAll(event.locals, out.mutable_locals());
    detail::fillAll(event.sources, out.mutable_sources());
  }
  void operator()(const control::SiteHit& event) const {
    pb::LentStop& out = *to.mutable_hit();
    context(event, out);
    out.set_breakpoint_id(event.breakpoint);
    out.set_hits(event.hits);
    out.set_stops(event.stops);
    out.set_tick(event.tick);
    out.set_by_debugger(event.byDebugger);
  }
  void operator()(const control::StopContext& event) const { context(event, *to.mutable_context()); }
  void operator()(const control::Parked& event) const {
    pb::LentStop& out = *to.mutable_parked();
    out.set_process_id(event.process.value);
    out.set_epoch(event.epoch);
    out.set_stop_id(event.stopId);
    out.set_breakpoint_id(event.breakpoint);
    out.set_tick(event.tick);
    out.set_time_ns(event.time);
    out.set_by_debugger(event.byDebugger);
  }
  void operator()(const control::LentParameters& event) const {
    to.mutable_parameters()->mutable_process()->set_id(event.process.value);
    detail::fillAll(event.values, to.mutable_parameters()->mutable_values());
  }
  void operator()(const control::Forward& event) const {
    pb::ForwardedCommand& out = *to.mutable_forward();
    out.set_session(event.session);
    out.set_who(event.who);
    toProto(control::DebugRequest{event.request, event.order}, *out.mutable_command());
  }
  void operator()(const control::LendHere&) const { to.mutable_here(); }
};

Result<control::LendEvent> readUp(const pb::LentProcess& from) {
  auto id = detail::processId(from.process_id());
  if (!id) return std::unexpected(id.error());
  control::LentProcess out;
  out.up.process = *id;
  out.up.instance = InstanceId(from.instance());
  out.up.kind = from.kind() == pb::Process::SERVER   ? ingest::ProcessKind::Server
                : from.kind() == pb::Process::EDITOR ? ingest::ProcessKind::Editor
                                                     : ingest::ProcessKind::Other;
  out.up.domain = isProcessId(from.domain()) ? from.domain() : std::string();
  const double hz = from.tick_hz();
  out.up.tickHz = hz > 0 && hz <= 10'000 ? hz : 60;
  for (int i = 0; i < from.sites_size() && i < kMaxSites; ++i) out.up.sites.push_back(sanitise(from.sites(i)));
  out.up.healthNs = std::max<std::int64_t>(from.health_ns(), 0);
  out.agentRun = from.agent_run();
  out.domainHere = from.domain_here();
  out.mayDebug = from.may_debug();
  if (from.live().empty()) return out;
  control::LiveProcess& live = out.live.emplace();
  live.process = *id;
  live.label = sanitise(from.live());
  for (int i = 0; i < from.timeouts_size() && i < 16; ++i) live.timeouts.push_back(sanitise(from.timeouts(i)));
  if (from.has_players()) live.players = from.players();
  return out;
}

template <class Stop>
void readContext(const pb::LentStop& from, Stop& out) {
  out.epoch = from.epoch();
  out.time = from.time_ns();
  out.thread = sanitise(from.thread());
  out.frames = detail::takeAll<ingest::StackFrame>(from.frames(), kMaxFrames);
  out.locals = detail::takeAll<Field>(from.locals(), kMaxLocals);
  out.sources = detail::takeAll<ingest::SourceText>(from.sources(), kMaxSources);
}

Result<control::LendEvent> readStop(const pb::LentStop& from, pb::LendEvent::EventCase what) {
  auto id = detail::processId(from.process_id());
  if (!id) return std::unexpected(id.error());
  if (what == pb::LendEvent::kParked) {
    return control::Parked{*id,         from.epoch(),   from.stop_id(),    token(from.breakpoint_id()),
                           from.tick(), from.time_ns(), from.by_debugger()};
  }
  if (what == pb::LendEvent::kContext) {
    control::StopContext out;
    out.process = *id;
    readContext(from, out);
    return out;
  }
  control::SiteHit out;
  out.process = *id;
  readContext(from, out);
  out.breakpoint = token(from.breakpoint_id());
  out.hits = from.hits();
  out.stops = from.stops();
  out.tick = from.tick();
  out.byDebugger = from.by_debugger();
  return out;
}

Result<control::LendEvent> readNote(const pb::LentNote& from) {
  auto id = detail::processId(from.process_id());
  if (!id) return std::unexpected(id.error());
  const std::string reason = sanitise(from.reason(), kProseCap);
  switch (from.what()) {
    case pb::LentNote::DOWN:
      return control::ProcessDown{*id, reason};
    case pb::LentNote::REFUSED:
      return control::LendRefused{*id, reason, from.ok()};
    case pb::LentNote::ARMED:
      return control::ArmAnswer{*id,    token(from.breakpoint_id()),   from.revision(), from.ok(),
                                reason, std::max(from.moved_line(), 0)};
    case pb::LentNote::DISARMED:
      return control::Disarmed{*id, token(from.breakpoint_id()), reason};
    case pb::LentNote::RESUMED:
      return control::Resumed{*id, from.epoch(), from.time_ns(), from.ok(), reason};
    default:
      return fail(ErrorCode::Unsupported, "The agent that lends told something of a newer version.");
  }
}

Result<control::LendEvent> readForward(const pb::ForwardedCommand& from) {
  auto request = fromProto(from.command());
  if (!request) return std::unexpected(request.error());
  return control::Forward{request->requestId, from.session(), sanitise(from.who()), std::move(request->order)};
}

template <class To>
auto lift() {
  return [](auto result) -> Result<To> {
    if (!result) return std::unexpected(result.error());
    return std::move(*result);
  };
}

}  // namespace

void toProto(const control::LendOrder& from, pb::LendOrder& to) {
  std::visit(OrderWriter{to}, from);
}

Result<control::LendOrder> fromProto(const pb::LendOrder& from) {
  const auto order = lift<control::LendOrder>();
  switch (from.order_case()) {
    case pb::LendOrder::kBorrow: {
      auto ids = readIds(from.borrow().process_ids());
      if (!ids) return std::unexpected(ids.error());
      if (!control::isAddress(from.borrow().home()))
        return detail::corrupt("The home agent names no address of its own.");
      return control::Borrow{from.borrow().home(), std::move(*ids)};
    }
    case pb::LendOrder::kHold: {
      auto ids = readIds(from.hold().process_ids());
      if (!ids) return std::unexpected(ids.error());
      return control::Hold{std::move(*ids)};
    }
    case pb::LendOrder::kMember:
      return readMember(from.member());
    case pb::LendOrder::kArm:
      return readArm(from.arm());
    case pb::LendOrder::kBreakpoint:
      return order(fromProto(from.breakpoint()));
    case pb::LendOrder::kGroup:
      return order(fromProto(from.group()));
    case pb::LendOrder::kHit:
      return order(fromProto(from.hit()));
    case pb::LendOrder::kForwarded:
      return control::ForwardAnswer{from.forwarded().request_id(), from.forwarded().ok(),
                                    sanitise(from.forwarded().error(), kProseCap), token(from.forwarded().id())};
    case pb::LendOrder::ORDER_NOT_SET:
      break;
  }
  return fail(ErrorCode::Unsupported, "The home agent sent an order of a newer version.");
}

void toProto(const control::LendEvent& from, pb::LendEvent& to) {
  std::visit(EventWriter{to}, from);
}

Result<control::LendEvent> fromProto(const pb::LendEvent& from) {
  switch (from.event_case()) {
    case pb::LendEvent::kUp:
      return readUp(from.up());
    case pb::LendEvent::kHit:
      return readStop(from.hit(), from.event_case());
    case pb::LendEvent::kContext:
      return readStop(from.context(), from.event_case());
    case pb::LendEvent::kParked:
      return readStop(from.parked(), from.event_case());
    case pb::LendEvent::kNote:
      return readNote(from.note());
    case pb::LendEvent::kParameters: {
      auto id = detail::processId(from.parameters().process().id());
      if (!id) return std::unexpected(id.error());
      return control::LentParameters{*id, detail::takeAll<ingest::ParameterValue>(from.parameters().values(), 1024)};
    }
    case pb::LendEvent::kForward:
      return readForward(from.forward());
    case pb::LendEvent::kHere:
      return control::LendHere{};
    case pb::LendEvent::EVENT_NOT_SET:
      break;
  }
  return fail(ErrorCode::Unsupported, "The agent that lends sent an event of a newer version.");
}

}  // namespace qd::link
