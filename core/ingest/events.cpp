// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/events.h"

#include <type_traits>

namespace qd::ingest {
namespace {

// Memory on the heap below a value; the value itself is counted by whoever holds it.
std::size_t heap(const std::string& text) {
  return text.capacity() > 15 ? text.capacity() + 1 : 0;
}

template <class Tag>
std::size_t heap(const StrongId<Tag, std::string>& id) {
  return heap(id.value);
}

template <class T>
requires std::is_trivially_copyable_v<T> std::size_t heap(const T&) {
  return 0;
}

std::size_t heap(const Value& value);

template <class T>
std::size_t heap(const std::vector<T>& items);

template <class A, class B>
std::size_t heap(const std::pair<A, B>& pair) {
  return heap(pair.first) + heap(pair.second);
}

std::size_t heap(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return heap(*text);
  if (const auto* vector = std::get_if<Vector>(&value)) return vector->capacity() * sizeof(double);
  return 0;
}

std::size_t heap(const SeriesInfo& s) {
  return heap(s.name) + heap(s.unit) + heap(s.description) + heap(s.dimensions);
}
std::size_t heap(const ParameterSpec& s) {
  return heap(s.name) + heap(s.unit) + heap(s.choices) + heap(s.defaultValue) + heap(s.group) + heap(s.description);
}
std::size_t heap(const ParameterValue& v);
std::size_t heap(const ChangeValue& v) {
  return heap(v.name) + heap(v.value);
}
std::size_t heap(const Guard& g) {
  return heap(g.series);
}
std::size_t heap(const ChangePeer& p) {
  return heap(p.endpoint) + heap(p.targets);
}
std::size_t heap(const ChangePlan& p) {
  return heap(p.id) + heap(p.who) + heap(p.from) + heap(p.comment) + heap(p.confirmed) + heap(p.targets) +
         heap(p.peers) + heap(p.selector) + heap(p.values) + heap(p.waves) + heap(p.guards);
}
std::size_t heap(const ChangeTarget& t) {
  return heap(t.process) + heap(t.agent) + heap(t.pushId) + heap(t.reason) + heap(t.base);
}
std::size_t heap(const GuardReading& r) {
  return heap(r.process) + heap(r.reason);
}
std::size_t heap(const ParameterValue& v) {
  return heap(v.name) + heap(v.value) + heap(v.pushId) + heap(v.who) + (v.desired ? heap(*v.desired) : 0) +
         heap(v.desiredPush) + heap(v.desiredWho);
}
std::size_t heap(const SiteInfo& s) {
  return heap(s.name) + heap(s.file);
}
std::size_t heap(const ActionSpec& s) {
  return heap(s.name) + heap(s.description) + heap(s.arguments);
}
std::size_t heap(const BuildInfo& b) {
  return heap(b.version) + heap(b.commit) + heap(b.id);
}
std::size_t heap(const ProcessInfo& p) {
  return heap(p.id) + heap(p.name) + heap(p.domain) + heap(p.labels) + heap(p.build) + heap(p.series) +
         heap(p.parameters) + heap(p.sites) + heap(p.actions);
}
std::size_t heap(const ProcessRef& r) {
  return heap(r.id);
}
std::size_t heap(const Column& c) {
  return heap(c.rows) + std::visit([](const auto& values) { return heap(values); }, c.values);
}
std::size_t heap(const ParameterResult& r) {
  return heap(r.name) + heap(r.oldValue) + heap(r.newValue) + heap(r.reason);
}
std::size_t heap(const BreakpointMember& m) {
  return heap(m.process) + heap(m.reason);
}
std::size_t heap(const GroupMember& m) {
  return heap(m.process);
}
std::size_t heap(const StackFrame& f) {
  return heap(f.function) + heap(f.file);
}
std::size_t heap(const SourceText& s) {
  return heap(s.file) + heap(s.text);
}
std::size_t heap(const HitMember& m) {
  return heap(m.state) + heap(m.thread) + heap(m.frames) + heap(m.locals) + heap(m.parameters) + heap(m.sources);
}

std::size_t heap(const ProcessChange& e) {
  return heap(e.info) + heap(e.reason);
}
std::size_t heap(const SampleBlock& e) {
  return heap(e.process) + heap(e.ticks) + heap(e.times) + heap(e.columns);
}
std::size_t heap(const RollupRow& r) {
  return heap(r.sketch);
}
std::size_t heap(const Rollup& e) {
  return heap(e.process) + heap(e.rows);
}
std::size_t heap(const EntityFrame& e) {
  return heap(e.process) + heap(e.domain) + heap(e.ids) + heap(e.x) + heap(e.y) + heap(e.z) + heap(e.vx) + heap(e.vy) +
         heap(e.vz) + heap(e.rotation) + heap(e.flags);
}
std::size_t heap(const FrameBlock& e) {
  return heap(e.process) + heap(e.domain) + heap(e.frames) + heap(e.times) + heap(e.renderTicks48_16) +
         heap(e.predictedTicks);
}
std::size_t heap(const LogLine& e) {
  return heap(e.process) + heap(e.category) + heap(e.text);
}
std::size_t heap(const GameEvent& e) {
  return heap(e.process) + heap(e.name) + heap(e.fields);
}
std::size_t heap(const ParameterChange& e) {
  return heap(e.process) + heap(e.values);
}
std::size_t heap(const PushResult& e) {
  return heap(e.pushId) + heap(e.process) + heap(e.parameters) + heap(e.who) + heap(e.comment) + heap(e.reason);
}
std::size_t heap(const ActionResult& e) {
  return heap(e.actionId) + heap(e.process) + heap(e.name) + heap(e.text) + heap(e.who);
}
std::size_t heap(const Breakpoint& e) {
  return heap(e.id) + heap(e.group) + heap(e.site) + heap(e.condition) + heap(e.logText) + heap(e.members);
}
std::size_t heap(const LinkGroup& e) {
  return heap(e.id) + heap(e.domain) + heap(e.members) + heap(e.hitId) + heap(e.breakpoint) + heap(e.leader) +
         heap(e.reason);
}
std::size_t heap(const Hit& e) {
  return heap(e.id) + heap(e.group) + heap(e.breakpoint) + heap(e.leader) + heap(e.cause) + heap(e.members);
}
std::size_t heap(const Gap& e) {
  return heap(e.process) + heap(e.cause);
}
std::size_t heap(const AgentChange& e) {
  return heap(e.endpoint) + heap(e.version) + heap(e.reason);
}
std::size_t heap(const Mark& e) {
  return heap(e.domain) + heap(e.text) + heap(e.who);
}
std::size_t heap(const DerivedSeries& e) {
  return heap(e.process) + heap(e.info);
}
std::size_t heap(const ChangeState& e) {
  return heap(e.plan) + heap(e.reason) + heap(e.verdict) + heap(e.targets) + heap(e.readings);
}
std::size_t heap(const SharedItem& e) {
  return heap(e.key) + heap(e.value) + heap(e.who);
}

template <class T>
std::size_t heap(const std::vector<T>& items) {
  std::size_t bytes = items.capacity() * sizeof(T);
  if constexpr (!std::is_trivially_copyable_v<T>) {
    for (const T& item : items) bytes += heap(item);
  }
  return bytes;
}

struct TimeOf {
  TimeNs operator()(const ProcessChange& e) const { return e.info.started; }
  TimeNs operator()(const SampleBlock& e) const { return e.times.empty() ? 0 : e.times.front(); }
  TimeNs operator()(const Rollup& e) const { return e.from; }
  TimeNs operator()(const FrameBlock& e) const { return e.times.empty() ? 0 : e.times.front(); }
  TimeNs operator()(const ParameterChange& e) const { return e.values.empty() ? 0 : e.values.front().time; }
  TimeNs operator()(const Breakpoint&) const { return 0; }
  TimeNs operator()(const LinkGroup& e) const { return e.stoppedAt; }
  TimeNs operator()(const Gap& e) const { return e.from; }
  TimeNs operator()(const AgentChange&) const { return 0; }
  TimeNs operator()(const DerivedSeries&) const { return 0; }
  TimeNs operator()(const ChangeState& e) const { return e.since; }
  template <class T>
  TimeNs operator()(const T& e) const {
    return e.time;
  }
};

struct ProcessOf {
  ProcessId operator()(const ProcessChange& e) const { return e.info.id; }
  ProcessId operator()(const Gap& e) const { return e.process; }
  ProcessId operator()(const LinkGroup& e) const { return e.leader; }
  ProcessId operator()(const Hit& e) const { return e.leader; }
  template <class T>
  ProcessId operator()(const T& e) const {
    if constexpr (requires { e.process.id; }) return e.process.id;
    return {};
  }
};

}  // namespace

std::size_t Column::size() const {
  return std::visit([](const auto& column) { return column.size(); }, values);
}

std::size_t sizeInBytes(const Envelope& envelope) {
  return sizeof(Envelope) + heap(envelope.agent) +
         std::visit([](const auto& event) { return heap(event); }, envelope.event);
}

TimeNs timeOf(const Event& event) {
  return std::visit(TimeOf{}, event);
}

ProcessId processOf(const Event& event) {
  return std::visit(ProcessOf{}, event);
}

TimeNs momentOf(const Envelope& envelope) {
  const bool timeless =
      std::holds_alternative<ProcessChange>(envelope.event) || std::holds_alternative<LinkGroup>(envelope.event);
  if (timeless && envelope.received != 0) return envelope.received;
  const TimeNs own = timeOf(envelope.event);
  return own != 0 ? own : envelope.received;
}

}  // namespace qd::ingest
