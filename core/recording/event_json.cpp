// SPDX-License-Identifier: Apache-2.0
#include "core/recording/event_json.h"

#include <array>

#include "core/recording/json_archive.h"

namespace qd::ingest {

// The field lists. They live beside the structs' namespace so that the archives find them.
template <class A>
void fields(A& a, ProcessRef& e) {
  a("id", e.id)("instance", e.instance);
}
template <class A>
void fields(A& a, SeriesInfo& e) {
  a("index", e.index)("name", e.name)("unit", e.unit)("integer", e.integer)("scale", e.scale);
  a("description", e.description)("budget", e.budget)("dimensions", e.dimensions)("derived", e.derived);
}
template <class A>
void fields(A& a, ParameterSpec& e) {
  a("name", e.name)("type", e.type)("unit", e.unit)("min", e.min)("max", e.max)("step", e.step)("choices", e.choices);
  a("default", e.defaultValue)("group", e.group)("description", e.description)("risk", e.risk)("effect", e.effect);
}
template <class A>
void fields(A& a, ParameterValue& e) {
  a("name", e.name)("value", e.value)("version", e.version)("tick", e.tick)("time", e.time)("push", e.pushId);
  a("who", e.who)("desired", e.desired)("desired_push", e.desiredPush)("desired_who", e.desiredWho);
}
template <class A>
void fields(A& a, SiteInfo& e) {
  a("name", e.name)("file", e.file)("line", e.line);
}
template <class A>
void fields(A& a, ActionSpec& e) {
  a("name", e.name)("description", e.description)("risk", e.risk)("arguments", e.arguments);
}
template <class A>
void fields(A& a, BuildInfo& e) {
  a("version", e.version)("commit", e.commit)("id", e.id);
}
template <class A>
void fields(A& a, ProcessInfo& e) {
  a("id", e.id)("instance", e.instance)("kind", e.kind)("name", e.name)("pid", e.pid)("domain", e.domain);
  a("started", e.started)("labels", e.labels)("build", e.build)("series", e.series)("parameters", e.parameters);
  a("sites", e.sites)("actions", e.actions);
}
template <class A>
void fields(A& a, LogLine& e) {
  a("process", e.process)("tick", e.tick)("time", e.time)("level", e.level)("category", e.category)("text", e.text);
  a("suppressed", e.suppressed);
}
template <class A>
void fields(A& a, GameEvent& e) {
  a("process", e.process)("tick", e.tick)("time", e.time)("name", e.name)("fields", e.fields);
}
template <class A>
void fields(A& a, ParameterChange& e) {
  a("process", e.process)("values", e.values);
}
template <class A>
void fields(A& a, ParameterResult& e) {
  a("name", e.name)("old", e.oldValue)("new", e.newValue)("version", e.version)("reason", e.reason);
}
template <class A>
void fields(A& a, PushResult& e) {
  a("push", e.pushId)("process", e.process)("status", e.status)("tick", e.tick)("time", e.time);
  a("parameters", e.parameters)("who", e.who)("comment", e.comment)("reason", e.reason);
}
template <class A>
void fields(A& a, ActionResult& e) {
  a("action", e.actionId)("process", e.process)("name", e.name)("ok", e.ok)("tick", e.tick)("time", e.time);
  a("text", e.text)("who", e.who);
}
template <class A>
void fields(A& a, BreakpointMember& e) {
  a("process", e.process)("ack", e.ack)("reason", e.reason)("hits", e.hits);
}
template <class A>
void fields(A& a, Breakpoint& e) {
  a("id", e.id)("revision", e.revision)("group", e.group)("kind", e.kind)("site", e.site)("line", e.line);
  a("tick", e.tick)("condition", e.condition)("after", e.after)("log_text", e.logText)("capture", e.capture);
  a("enabled", e.enabled)("expires", e.expires)("members", e.members)("armed", e.armed)("removed", e.removed);
  a("arm_when", e.armWhen)("after_hit_of", e.afterHitOf)("waiting", e.waiting);
}
template <class A>
void fields(A& a, GroupMember& e) {
  a("process", e.process)("state", e.state)("tick", e.tick)("skew_ticks", e.skewTicks)("skew_ns", e.skewNs)(
      "ack", e.ack)("stopped_skew_ns", e.stoppedSkewNs);
}
template <class A>
void fields(A& a, LinkGroup& e) {
  a("id", e.id)("domain", e.domain)("state", e.state)("epoch", e.epoch)("members", e.members)("hit", e.hitId);
  a("breakpoint", e.breakpoint)("leader", e.leader)("tick", e.tick)("stopped_at", e.stoppedAt);
  a("lease_until", e.leaseUntil)("reason", e.reason)("removed", e.removed)("home", e.home);
}
template <class A>
void fields(A& a, StackFrame& e) {
  a("function", e.function)("file", e.file)("line", e.line);
}
template <class A>
void fields(A& a, SourceText& e) {
  a("file", e.file)("first_line", e.firstLine)("text", e.text);
}
template <class A>
void fields(A& a, HitMember& e) {
  a("state", e.state)("frames", e.frames)("locals", e.locals)("parameters", e.parameters);
  a("thread", e.thread)("sources", e.sources);
}
template <class A>
void fields(A& a, Hit& e) {
  a("id", e.id)("group", e.group)("breakpoint", e.breakpoint)("leader", e.leader)("tick", e.tick)("time", e.time);
  a("cause", e.cause)("members", e.members);
}
template <class A>
void fields(A& a, Gap& e) {
  a("process", e.process)("from", e.from)("to", e.to)("dropped", e.dropped)("cause", e.cause);
}
template <class A>
void fields(A& a, ClockSample& e) {
  a("time", e.time)("offset_ns", e.offsetNs)("uncertainty_ns", e.uncertaintyNs);
}
template <class A>
void fields(A& a, AgentChange& e) {
  a("state", e.state)("endpoint", e.endpoint)("version", e.version)("reason", e.reason);
}
template <class A>
void fields(A& a, Mark& e) {
  a("time", e.time)("tick", e.tick)("domain", e.domain)("text", e.text)("who", e.who);
}
template <class A>
void fields(A& a, DerivedSeries& e) {
  a("process", e.process)("series", e.info);
}

template <class A>
void fields(A& a, ChangeValue& e) {
  a("name", e.name)("value", e.value)("expected_version", e.expectedVersion);
}
template <class A>
void fields(A& a, Guard& e) {
  a("series", e.series)("statistic", e.statistic)("above", e.above)("basis", e.basis)("threshold", e.threshold);
  a("ticks", e.ticks)("group", e.group)("observe", e.observe);
}
template <class A>
void fields(A& a, Wave& e) {
  a("count", e.count)("percent", e.percent)("soak_ns", e.soak.ns);
}
template <class A>
void fields(A& a, ChangePeer& e) {
  a("endpoint", e.endpoint)("targets", e.targets);
}
template <class A>
void fields(A& a, ChangePlan& e) {
  a("id", e.id)("who", e.who)("from", e.from)("comment", e.comment)("targets", e.targets)("peers", e.peers);
  a("selector", e.selector)("values", e.values)("at_tick", e.atTick)("at_time", e.atTime)("ramp", e.ramp);
  a("ramp_ns", e.rampTime.ns)("ramp_steps", e.rampSteps)("lease_ns", e.lease.ns)("hold_ttl_ns", e.holdTtl.ns);
  a("on_vanish", e.onVanish)("waves", e.waves)("canary_players", e.canaryPlayers)("guards", e.guards);
  a("confirmed", e.confirmed)("on_word", e.onWord);
}
template <class A>
void fields(A& a, ChangeTarget& e) {
  a("process", e.process)("agent", e.agent)("wave", e.wave)("state", e.state)("tick", e.tick)("push", e.pushId);
  a("reason", e.reason)("base", e.base)("players", e.players);
}
template <class A>
void fields(A& a, GuardReading& e) {
  a("guard", e.guard)("process", e.process)("state", e.state)("value", e.value)("reference", e.reference);
  a("samples", e.samples)("reason", e.reason);
}
template <class A>
void fields(A& a, ChangeState& e) {
  a("plan", e.plan)("revision", e.revision)("phase", e.phase)("wave", e.wave)("since", e.since)("until", e.until);
  a("reason", e.reason)("verdict", e.verdict)("targets", e.targets)("readings", e.readings);
  a("breach_tick", e.breachTick)("revert_tick", e.revertTick);
}
template <class A>
void fields(A& a, SharedItem& e) {
  a("key", e.key)("value", e.value)("revision", e.revision)("who", e.who)("time", e.time)("expires", e.expires);
  a("removed", e.removed);
}

}  // namespace qd::ingest

namespace qd::recording {

using namespace ingest;

template <>
struct EnumNames<ProcessKind> {
  static constexpr std::array value{"server", "editor", "other"};
};
template <>
struct EnumNames<ProcessState> {
  static constexpr std::array value{"running", "parked", "gone"};
};
template <>
struct EnumNames<Risk> {
  static constexpr std::array value{"safe", "guarded", "dangerous"};
};
template <>
struct EnumNames<Effect> {
  static constexpr std::array value{"next_tick", "next_match", "restart"};
};
template <>
struct EnumNames<ValueType> {
  static constexpr std::array value{"none", "bool", "int", "float", "enum", "string", "duration", "vector"};
};
template <>
struct EnumNames<LogLevel> {
  static constexpr std::array value{"trace", "debug", "info", "warning", "error", "fatal"};
};
template <>
struct EnumNames<PushStatus> {
  static constexpr std::array value{"pending", "applied", "rejected", "unknown"};
};
template <>
struct EnumNames<MemberAck> {
  static constexpr std::array value{"draft", "sent", "verified", "moved", "rejected"};
};
template <>
struct EnumNames<BreakpointKind> {
  static constexpr std::array value{"site", "tick", "source", "function", "exception", "metric"};
};
template <>
struct EnumNames<GroupState> {
  static constexpr std::array value{"running", "gathering", "stopped", "resuming", "partial"};
};
template <>
struct EnumNames<StopAck> {
  static constexpr std::array<const char*, 3> value{"none", "frozen", "stopped"};
};
template <>
struct EnumNames<MemberState> {
  static constexpr std::array value{"running", "stopping", "stopped", "resuming", "wedged", "exited"};
};
template <>
struct EnumNames<RampShape> {
  static constexpr std::array value{"none", "linear", "smooth", "steps"};
};
template <>
struct EnumNames<OnVanish> {
  static constexpr std::array value{"go_on", "revert"};
};
template <>
struct EnumNames<GuardStatistic> {
  static constexpr std::array value{"mean", "p50", "p99", "min", "max", "last"};
};
template <>
struct EnumNames<GuardBasis> {
  static constexpr std::array value{"absolute", "before", "untouched"};
};
template <>
struct EnumNames<ChangePhase> {
  static constexpr std::array value{"planned", "pushing", "soaking",   "holding",  "paused",
                                    "leased",  "done",    "reverting", "reverted", "failed"};
};
template <>
struct EnumNames<TargetState> {
  static constexpr std::array value{"waiting",  "pushing",  "applied", "reverting",
                                    "reverted", "rejected", "unknown", "foreign"};
};
template <>
struct EnumNames<GuardState> {
  static constexpr std::array value{"gathering", "passing", "paused", "breached"};
};
template <>
struct EnumNames<AgentState> {
  static constexpr std::array value{"connecting", "connected", "lost", "refused"};
};

namespace {

// Of the alternatives of Event, in their order.
constexpr std::array<std::string_view, std::variant_size_v<Event>> kKinds{
    "process",    "samples", "rollups", "entities", "frames", "log",   "game", "parameters", "push",   "action",
    "breakpoint", "group",   "hit",     "gap",      "clock",  "agent", "mark", "derived",    "change", "shared"};

template <class T>
constexpr bool kInJson =
    !std::is_same_v<T, ProcessChange> && !std::is_same_v<T, SampleBlock> && !std::is_same_v<T, Rollup> &&
    !std::is_same_v<T, EntityFrame> && !std::is_same_v<T, FrameBlock>;

// What changes while a process runs.
struct Changing {
  std::int64_t declaration = 0;
  ProcessChange change;
};
template <class A>
void fields(A& a, Changing& e) {
  ProcessInfo& info = e.change.info;
  a("declaration", e.declaration)("state", info.state)("tick", info.tick)("tick_hz", info.tickHz);
  a("reason", e.change.reason);
}

template <class T>
Result<T> read(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return fail(ErrorCode::Corrupt, "its body is not a JSON object");
  std::string problem;
  T out;
  JsonIn in(json, problem);
  fields(in, out);
  if (!problem.empty()) return fail(ErrorCode::Corrupt, problem);
  return out;
}

template <std::size_t I>
Result<Event> readKind(std::string_view kind, std::string_view text) {
  if constexpr (I == std::variant_size_v<Event>) {
    return fail(ErrorCode::Corrupt, fmt::format("its kind \"{}\" is not known", kind));
  } else {
    using T = std::variant_alternative_t<I, Event>;
    if constexpr (kInJson<T>) {
      if (kind == kKinds[I]) {
        Result<T> event = read<T>(text);
        if (!event) return std::unexpected(event.error());
        return Event(std::move(*event));
      }
    }
    return readKind<I + 1>(kind, text);
  }
}

}  // namespace

std::string_view kindOf(const Event& event) {
  return kKinds[event.index()];
}

std::string toJson(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::string {
        if constexpr (kInJson<std::decay_t<decltype(e)>>) return JsonOut::encode(e).dump();
        return {};
      },
      event);
}

Result<Event> fromJson(std::string_view kind, std::string_view text) {
  return readKind<0>(kind, text);
}

std::string declarationJson(const ProcessInfo& info) {
  return JsonOut::encode(info).dump();
}

Result<ProcessInfo> declarationFromJson(std::string_view text) {
  return read<ProcessInfo>(text);
}

std::string processJson(const ProcessChange& change, std::int64_t declaration) {
  Changing changing{declaration, {}};
  changing.change.reason = change.reason;
  changing.change.info.state = change.info.state;
  changing.change.info.tick = change.info.tick;
  changing.change.info.tickHz = change.info.tickHz;
  return JsonOut::encode(changing).dump();
}

Result<ProcessRow> processFromJson(std::string_view text) {
  Result<Changing> changing = read<Changing>(text);
  if (!changing) return std::unexpected(changing.error());
  return ProcessRow{changing->declaration, std::move(changing->change)};
}

std::string dimensionsJson(const SeriesInfo& info) {
  return JsonOut::encode(info.dimensions).dump();
}

std::vector<std::pair<std::string, std::string>> dimensionsFromJson(std::string_view text) {
  const Json json = Json::object({{"dimensions", Json::parse(text, nullptr, false)}});
  std::string problem;
  std::vector<std::pair<std::string, std::string>> out;
  JsonIn(json, problem)("dimensions", out);
  if (!problem.empty()) out.clear();
  return out;
}

}  // namespace qd::recording
