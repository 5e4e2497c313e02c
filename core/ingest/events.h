// SPDX-License-Identifier: Apache-2.0
// What flows through the product, as plain structs: decoded by core/link or read by core/recording, given to every
// EventSink, kept in the agent's log. Immutable once published (shared_ptr<const Envelope>), so any thread may read.
// Times are UTC ns; ticks count the domain of the process (for an editor: its own frame counter).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/value.h"
#include "core/ingest/changes.h"

namespace qd::ingest {

// --- what a process declares -----------------------------------------------------------------------------------------

enum class ProcessKind { Server, Editor, Other };
enum class ProcessState { Running, Parked, Gone };
enum class Risk { Safe, Guarded, Dangerous };
enum class Effect { NextTick, NextMatch, Restart };

struct SeriesInfo {
  SeriesIndex index;
  std::string name;
  std::string unit;  // of the displayed value
  bool integer = true;
  std::int32_t scale = 0;  // displayed = raw * 10^-scale; 0 for doubles
  std::string description;
  std::optional<double> budget;                                 // a line in plots, in `unit`
  std::vector<std::pair<std::string, std::string>> dimensions;  // e.g. client=12
  bool derived = false;
};

struct ParameterSpec {
  std::string name;
  ValueType type = ValueType::Float;
  std::string unit;
  std::optional<double> min, max, step;  // of durations in ns, of vectors for each element
  std::vector<std::string> choices;
  Value defaultValue;
  std::string group;
  std::string description;
  Risk risk = Risk::Safe;
  Effect effect = Effect::NextTick;
};

struct ParameterValue {
  std::string name;
  Value value;
  std::uint64_t version = 0;  // +1 at each change in the process
  Tick tick = 0;
  TimeNs time = 0;
  std::string pushId;  // empty: changed by the process itself
  std::string who;
  // What the last acknowledged push wanted here; none: nobody has pushed it. Differs from `value`: drift.
  std::optional<Value> desired{};
  std::string desiredPush{}, desiredWho{};
};

struct SiteInfo {
  std::string name, file;
  std::int32_t line = 0;
};

struct ActionSpec {
  std::string name, description;
  Risk risk = Risk::Safe;
  std::vector<ParameterSpec> arguments;
};

struct BuildInfo {
  std::string version, commit, id;
};

struct ProcessInfo {
  ProcessId id;
  InstanceId instance;
  ProcessKind kind = ProcessKind::Other;
  std::string name;
  std::int64_t pid = 0;  // shown only; nothing depends on it
  ProcessState state = ProcessState::Running;
  std::string domain;  // process id of the server whose ticks count; a server names itself
  double tickHz = 0;
  Tick tick = 0;  // the newest known when this was sent
  TimeNs started = 0;
  std::vector<std::pair<std::string, std::string>> labels;
  BuildInfo build;
  std::vector<SeriesInfo> series;
  std::vector<ParameterSpec> parameters;
  std::vector<SiteInfo> sites;
  std::vector<ActionSpec> actions;
};

// --- the events ------------------------------------------------------------------------------------------------------

struct ProcessRef {
  ProcessId id;
  InstanceId instance;
  bool operator==(const ProcessRef&) const = default;
};

// A process appeared, re-declared something, changed state, or is gone. Carries the whole declaration.
struct ProcessChange {
  ProcessInfo info;
  std::string reason;  // one sentence where there is one ("killed by signal 9")
};

// One series of a block. `rows` are indices into the block's ticks/times, ascending; empty: value i belongs to row i.
struct Column {
  SeriesIndex series;
  std::vector<std::uint32_t> rows;
  std::variant<std::vector<std::int64_t>, std::vector<double>> values;
  std::size_t size() const;
};

// The samples of one ring of one process, columnar; the tick-time column is shared by all its series.
// Identity of a sample: (instance, ring, firstSequence + position in ring order). Duplicates are dropped by
// (instance, ring, firstSequence), never by time.
struct SampleBlock {
  ProcessRef process;
  std::uint32_t ring = 0;
  std::uint64_t firstSequence = 0;
  std::uint64_t count = 0;    // ring records covered, so the next block starts at firstSequence + count
  std::uint64_t dropped = 0;  // samples lost in the full ring just before this block
  std::vector<Tick> ticks;
  std::vector<TimeNs> times;
  std::vector<Column> columns;
  // Sent after the fact, because its series were not subscribed before: the same records may have come with others.
  bool late = false;
};

// One second of one process: for each series what the samples in [from, from + 1 s) were, in displayed units.
struct RollupRow {
  SeriesIndex series;
  std::uint64_t count = 0;
  double min = 0, max = 0, mean = 0, last = 0, p99 = 0;
  std::string sketch;  // qd::Sketch::encode() of its values; empty where the agent makes none
};
struct Rollup {
  ProcessRef process;
  TimeNs from = 0;
  Tick tick = 0;
  std::vector<RollupRow> rows;
};

// Entities of one tick (authoritative) or one frame (rendered), columnar. Positions µm, velocities µm/s,
// rotation: unit quaternion × 32767. All columns have the same length.
struct EntityFrame {
  ProcessRef process;
  bool rendered = false;
  Tick tick = 0;  // server tick, or the editor's frame
  TimeNs time = 0;
  std::string domain;
  std::uint64_t renderTick48_16 = 0;  // rendered only: the domain's tick shown, fixed point 48.16
  std::vector<std::uint32_t> ids;
  std::vector<std::int64_t> x, y, z;
  std::vector<std::int64_t> vx, vy, vz;
  std::vector<std::int16_t> rotation;  // 4 an entity: x y z w
  std::vector<std::uint32_t> flags;    // EntityFlag bits
};
enum EntityFlag : std::uint32_t {
  kEntityPlayer = 1,
  kEntityNpc = 2,
  kEntityProjectile = 4,
  kEntityAlive = 8,
  kEntityInterpolated = 16,
  kEntityExtrapolated = 32,
  kEntityHeld = 64,
  kEntityPredicted = 128,   // the editor's own player
  kEntityTeleported = 256,  // since the frame before: no path is drawn or interpolated between
};

// Per editor frame: which domain tick it showed and which it predicted.
struct FrameBlock {
  ProcessRef process;
  std::string domain;
  std::vector<Tick> frames;
  std::vector<TimeNs> times;
  std::vector<std::uint64_t> renderTicks48_16;
  std::vector<Tick> predictedTicks;
};

enum class LogLevel { Trace, Debug, Info, Warning, Error, Fatal };
struct LogLine {
  ProcessRef process;
  Tick tick = 0;
  TimeNs time = 0;
  LogLevel level = LogLevel::Info;
  std::string category, text;
  std::uint64_t suppressed = 0;  // lines dropped by the rate limit just before this one
};

// Something the game says happened, e.g. combat.hit, player.joined.
struct GameEvent {
  ProcessRef process;
  Tick tick = 0;
  TimeNs time = 0;
  std::string name;
  Fields fields;
};

struct ParameterChange {
  ProcessRef process;
  std::vector<ParameterValue> values;
};

enum class PushStatus { Pending, Applied, Rejected, Unknown };
struct ParameterResult {
  std::string name;
  Value oldValue, newValue;
  std::uint64_t version = 0;
  std::string reason;  // why it was rejected
};
struct PushResult {
  std::string pushId;
  ProcessRef process;
  PushStatus status = PushStatus::Unknown;
  Tick tick = 0;
  TimeNs time = 0;
  std::vector<ParameterResult> parameters;
  std::string who, comment, reason;
};

struct ActionResult {
  std::string actionId;
  ProcessRef process;
  std::string name;
  bool ok = false;
  Tick tick = 0;
  TimeNs time = 0;
  std::string text, who;
};

// --- linked breakpoints ----------------------------------------------------------------------------------------------

enum class MemberAck { Draft, Sent, Verified, Moved, Rejected };
enum class BreakpointKind { Site, Tick, Source, Function, Exception, Metric };
struct BreakpointMember {
  ProcessId process;
  MemberAck ack = MemberAck::Draft;
  std::string reason;
  std::uint64_t hits = 0;
};
struct Breakpoint {
  std::string id;
  std::uint64_t revision = 0;
  std::string group;  // id of its link group
  BreakpointKind kind = BreakpointKind::Site;
  std::string site;  // the site's name, or FILE for Source, or the function, or what is thrown
  std::int32_t line = 0;
  Tick tick = 0;
  std::string condition;
  std::uint64_t after = 0;  // stop from the Nth hit on; 0 and 1: the first
  std::string logText;      // not empty: log, do not stop
  bool capture = false;     // capture once, do not stop
  bool enabled = true;
  TimeNs expires = 0;  // 0: never
  std::vector<BreakpointMember> members;
  bool armed = false;
  bool removed = false;
  // Armed only when this guard ("p99 tick.duration > 16 ms") breaches; a Metric breakpoint stops then. Empty: at once.
  std::string armWhen;
  std::string afterHitOf;  // armed only when that breakpoint was hit; empty: at once
  bool waiting = false;    // for one of those: it is at no process yet
};

enum class GroupState { Running, Gathering, Stopped, Resuming, Partial };
enum class MemberState { Running, Stopping, Stopped, Resuming, Wedged, Exited };
// A stop is acknowledged twice: all its threads stand; and whoever holds it (its probe, a debugger) can be asked.
enum class StopAck { None, Frozen, Stopped };
struct GroupMember {
  ProcessId process;
  MemberState state = MemberState::Running;
  Tick tick = 0;  // of the domain (for an editor: the tick it shows)
  std::int64_t skewTicks = 0;
  std::int64_t skewNs = 0;  // when it stood (frozen), against the leader
  StopAck ack = StopAck::None;
  std::int64_t stoppedSkewNs = 0;  // of the second acknowledgement, against the leader's first
};
struct LinkGroup {
  std::string id;
  std::string domain;
  GroupState state = GroupState::Running;
  std::uint64_t epoch = 0;
  std::vector<GroupMember> members;
  std::string hitId;  // while stopped
  std::string breakpoint;
  ProcessId leader;
  Tick tick = 0;
  TimeNs stoppedAt = 0;
  TimeNs leaseUntil = 0;  // resumes by itself then
  std::string reason;     // of the last change, one sentence
  bool removed = false;
  std::string home;  // HOST:PORT of its home agent where members are at others (their ids: ID@HOST:PORT); else empty
};

struct StackFrame {
  std::string function, file;
  std::int32_t line = 0;
};
struct SourceText {
  std::string file;
  std::int32_t firstLine = 1;
  std::string text;  // lines of it, with their newlines
};
struct HitMember {
  GroupMember state;
  std::vector<StackFrame> frames;
  Fields locals;  // of the top frame, or the site's context
  std::vector<ParameterValue> parameters;
  std::string thread;               // that stands there, as the debugger names it
  std::vector<SourceText> sources;  // around the top frames
};
// One stop (or one capture): both sides' context. Sent when the group has gathered, again with more when it arrives.
struct Hit {
  std::string id;
  std::string group, breakpoint;
  ProcessId leader;
  Tick tick = 0;
  TimeNs time = 0;
  std::string cause;  // breakpoint | step | user | capture | log
  std::vector<HitMember> members;
};

// --- about the stream itself -----------------------------------------------------------------------------------------

// Something is missing between two events, and how much.
struct Gap {
  ProcessId process;  // empty: of the whole agent
  TimeNs from = 0, to = 0;
  std::uint64_t dropped = 0;  // points or rows, 0 if not known
  std::string cause;
};

// Offset of an agent's clock to ours (agent = ours + offset), NTP-style.
struct ClockSample {
  TimeNs time = 0;
  std::int64_t offsetNs = 0;
  std::int64_t uncertaintyNs = 0;
};

enum class AgentState { Connecting, Connected, Lost, Refused };
struct AgentChange {
  AgentState state = AgentState::Connecting;
  std::string endpoint, version, reason;
};

// A person's bookmark; tick of the domain in focus.
struct Mark {
  TimeNs time = 0;
  Tick tick = 0;
  std::string domain, text, who;
};

// A series that the console joins or computes. From here on it counts as declared by that process; its samples come in
// SampleBlocks of ring kDerivedRing. Its index is kFirstDerivedSeries or above, so that it never meets a declared one.
struct DerivedSeries {
  ProcessRef process;
  SeriesInfo info;  // derived = true
};
inline constexpr std::uint32_t kFirstDerivedSeries = 0x10000;
inline constexpr std::uint32_t kDerivedRing = 0xFFFF;

using Event = std::variant<ProcessChange, SampleBlock, Rollup, EntityFrame, FrameBlock, LogLine, GameEvent,
                           ParameterChange, PushResult, ActionResult, Breakpoint, LinkGroup, Hit, Gap, ClockSample,
                           AgentChange, Mark, DerivedSeries, ChangeState, SharedItem>;

// An event with its place in its agent's log. sequence 0: not part of the log (state as of the attach, made here).
struct Envelope {
  AgentId agent;
  std::uint64_t sequence = 0;
  std::uint64_t previous = 0;  // of the entry before it in this subscription
  Event event;
  // When the agent logged it, else when this console got it, UTC ns (in a replay: as it was then); 0: not known.
  // Process, breakpoint, group and agent changes carry no time of their own, so the recorder keeps this one for them.
  TimeNs received = 0;
};
using EnvelopePtr = std::shared_ptr<const Envelope>;

// Memory that the envelope holds, for queues bounded in bytes.
std::size_t sizeInBytes(const Envelope& envelope);

// The time of an event (of its first row), 0 where it has none; the process it belongs to, empty where none.
TimeNs timeOf(const Event& event);
ProcessId processOf(const Event& event);

// When a rare event took its place on the time axis: its own time, else when it was received, else 0. For a process
// change that is when it was received, not when the process started.
TimeNs momentOf(const Envelope& envelope);

}  // namespace qd::ingest
