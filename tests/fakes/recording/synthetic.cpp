// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/recording/synthetic.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <limits>

#include "core/recording/recorder.h"
#include "core/recording/replay_source.h"

namespace qd::recording::testing {

using namespace ingest;

namespace {
constexpr TimeNs kStart = 1'700'000'000'000'000'000;
constexpr TimeNs kTick = 16'666'667;
}  // namespace

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "qdrec-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}
Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
  std::filesystem::remove_all(path_, ignored);
}

std::vector<double> nastyDoubles() {
  using Limits = std::numeric_limits<double>;
  return {0.0,
          -0.0,
          1.0,
          -1.0,
          0.1,
          1.0 / 3,
          Limits::infinity(),
          -Limits::infinity(),
          Limits::quiet_NaN(),
          std::bit_cast<double>(0x7ff8000000000001u),
          std::bit_cast<double>(0xfff0dead0000beefu),
          std::bit_cast<double>(0x7ff0000000000001u),
          Limits::denorm_min(),
          -Limits::denorm_min(),
          Limits::min(),
          Limits::max(),
          Limits::lowest(),
          9007199254740993.0,
          1e300,
          -123456.789e-12};
}

std::vector<std::int64_t> nastyInts() {
  return {0,   -1,        1,         INT64_MAX, INT64_MIN, INT64_MIN + 1, 1'700'000'000'000'000'000,
          -42, INT64_MAX, INT64_MIN, 127,       128};
}

EnvelopePtr envelope(Event event, std::uint64_t sequence, const std::string& agent) {
  auto out = std::make_shared<Envelope>();
  out->agent = AgentId(agent);
  out->sequence = sequence;
  out->previous = sequence == 0 ? 0 : sequence - 1;
  out->event = std::move(event);
  out->received = kStart + static_cast<TimeNs>(sequence) * 1'000'003;
  return out;
}

ProcessInfo server(const std::string& id, std::uint64_t instance) {
  ProcessInfo p;
  p.id = ProcessId(id);
  p.instance = InstanceId(instance);
  p.kind = ProcessKind::Server;
  p.name = "Arena \xe2\x9a\x94";
  p.pid = 4711;
  p.state = ProcessState::Running;
  p.domain = id;
  p.tickHz = 60;
  p.tick = 1000;
  p.started = kStart;
  p.labels = {{"region", "eu"}, {"zone", "b"}};
  p.build = {"1.2", "abcdef", "id-7"};
  p.series = {{SeriesIndex(0), "tick.duration", "ms", true, 6, "work", 16.6, {}, false},
              {SeriesIndex(1), "load", "", false, 0, "", std::nullopt, {{"world", "w1"}, {"client", "3"}}, false},
              {SeriesIndex(2), "net.bytes", "bytes", true, 0, "", std::nullopt, {}, false}};
  p.parameters = {{"npc.density",
                   ValueType::Float,
                   "1/km²",
                   0.0,
                   10.0,
                   0.1,
                   {},
                   Value(0.3),
                   "npc",
                   "how many",
                   Risk::Guarded,
                   Effect::NextTick},
                  {"weather.kind",
                   ValueType::Enum,
                   "",
                   std::nullopt,
                   std::nullopt,
                   std::nullopt,
                   {"clear", "rain"},
                   Value(std::string("clear")),
                   "weather",
                   "",
                   Risk::Safe,
                   Effect::NextMatch}};
  p.sites = {{"tick.begin", "sim.cpp", 12}};
  p.actions = {{"map.reload", "loads again", Risk::Dangerous, {p.parameters[0]}}};
  return p;
}

SampleBlock block(Tick tick, std::size_t rows, std::uint64_t sequence, const ProcessInfo& of) {
  SampleBlock b{{of.id, of.instance}, 3, sequence, 2 * rows + rows / 3, 5, {}, {}, {}};
  std::vector<std::int64_t> durations, bytes;
  std::vector<double> loads;
  std::vector<std::uint32_t> thirds;
  const auto doubles = nastyDoubles();
  for (std::size_t i = 0; i < rows; ++i) {
    const Tick t = tick + static_cast<Tick>(i);
    b.ticks.push_back(t);
    b.times.push_back(kStart + t * kTick);
    durations.push_back(3'000'000 + (t * 7919) % 100'000);
    loads.push_back(t % 5 == 0 ? doubles[static_cast<std::size_t>(t / 5) % doubles.size()] : 0.25 * double(t % 9));
    if (i % 3 == 1) {
      thirds.push_back(static_cast<std::uint32_t>(i));
      bytes.push_back(nastyInts()[static_cast<std::size_t>(t) % nastyInts().size()]);
    }
  }
  b.columns.push_back({SeriesIndex(0), {}, durations});
  b.columns.push_back({SeriesIndex(1), {}, loads});
  if (!thirds.empty()) b.columns.push_back({SeriesIndex(2), thirds, bytes});
  return b;
}

EntityFrame entities(Tick tick, std::size_t n, const ProcessInfo& of) {
  EntityFrame f;
  f.process = {of.id, of.instance};
  f.rendered = tick % 2 == 1;
  f.tick = tick;
  f.time = kStart + tick * kTick;
  f.domain = of.domain;
  f.renderTick48_16 = 0xffff'0000'1234'5678 + static_cast<std::uint64_t>(tick);
  for (std::size_t i = 0; i < n; ++i) {
    const auto k = static_cast<std::int64_t>(i);
    f.ids.push_back(
        static_cast<std::uint32_t>(i == 0 ? 0xffffffff : 10 + (i * 7 + static_cast<std::size_t>(tick)) % 50));
    f.x.push_back(k * 1'000'000 + tick * 83'333);
    f.y.push_back(i == 1 ? INT64_MIN : -k);
    f.z.push_back(i == 1 ? INT64_MAX : 0);
    f.vx.push_back(5'000'000);
    f.vy.push_back(-k);
    f.vz.push_back(tick);
    f.flags.push_back(kEntityAlive | (i % 2 ? kEntityNpc : kEntityPlayer) | 0x80000000);
    for (std::int16_t r : {std::int16_t(32767), std::int16_t(-32768), std::int16_t(k), std::int16_t(tick)}) {
      f.rotation.push_back(r);
    }
  }
  return f;
}

std::vector<EnvelopePtr> everyKind() {
  const ProcessInfo info = server();
  const ProcessRef ref{info.id, info.instance};
  const TimeNs t = kStart + kNsPerSecond;
  Fields fields{{"none", {}},
                {"flag", true},
                {"big", INT64_MIN},
                {"text", std::string("caf\xc3\xa9 \"quoted\"\n")},
                {"raw", std::string("\xff\xfe\x00z", 4)},
                {"for", Duration{60'000'000}},
                {"at", Vector{1, -0.0, std::bit_cast<double>(0x7ff8000000000abcu)}}};
  for (const double d : nastyDoubles()) fields.emplace_back("double", d);
  const ParameterValue parameter{"npc.density", 0.1, 7, 1001, t, "push-1", "ann"};
  const GroupMember member{ProcessId("editor-1"), MemberState::Wedged, 99, -3, -50'000'000};
  Rollup rollup{ref, t, 1060, {}};
  for (std::size_t i = 0; i + 4 < nastyDoubles().size(); ++i) {
    const auto d = nastyDoubles();
    rollup.rows.push_back(
        {SeriesIndex(static_cast<std::uint32_t>(i)), i * 1'000'000'007, d[i], d[i + 1], d[i + 2], d[i + 3], d[i + 4]});
  }
  std::vector<EnvelopePtr> out;
  std::uint64_t sequence = 0;
  const auto add = [&](Event event) { out.push_back(envelope(std::move(event), ++sequence)); };
  out.push_back(envelope(AgentChange{AgentState::Connected, "127.0.0.1:7400", "0.1.0", "hello"}));
  out.push_back(envelope(ProcessChange{info, "started"}));
  add(block(1000, 64, 1, info));
  add(block(1064, 1, 200, info));
  add(rollup);
  add(entities(1080, 5, info));
  add(entities(1081, 6, info));
  add(entities(1082, 0, info));
  add(FrameBlock{ref, "server-1", {1, 2, 3}, {t, t + 1, t + 2}, {~std::uint64_t{0}, 5, 6}, {-1, INT64_MAX, 0}});
  add(LogLine{ref, 1083, t, LogLevel::Warning, "net", "late \xe2\x80\x94 \x80 broken", 12});
  add(GameEvent{ref, 1084, t, "combat.hit", fields});
  add(ParameterChange{ref, {parameter, parameter}});
  add(PushResult{"push-1",
                 ref,
                 PushStatus::Rejected,
                 1085,
                 t,
                 {{"npc.density", 0.3, 11.0, 8, "out of range"}},
                 "ann",
                 "why not",
                 "nothing applied"});
  add(ActionResult{"action-1", ref, "map.reload", true, 1086, t, "done", "ann"});
  add(Breakpoint{"bp-1",
                 3,
                 "group-1",
                 BreakpointKind::Source,
                 "sim.cpp",
                 42,
                 1087,
                 "x > 3",
                 4,
                 "hit {x}",
                 true,
                 false,
                 t,
                 {{ProcessId("server-1"), MemberAck::Moved, "moved", 9}},
                 true,
                 true});
  add(LinkGroup{"group-1",
                "server-1",
                GroupState::Partial,
                17,
                {member},
                "hit-1",
                "bp-1",
                ProcessId("server-1"),
                1088,
                t,
                t + 5,
                "missed the deadline",
                true});
  add(Hit{"hit-1",
          "group-1",
          "bp-1",
          ProcessId("server-1"),
          1088,
          t,
          "step",
          {{member, {{"resolve()", "combat.cpp", 77}}, fields, {parameter}}}});
  add(Gap{ProcessId("server-1"), t, t + 1, 1234, "queue full"});
  add(ChangeState{{"c-1",
                   "ann",
                   "ipv4:1.2.3.4:5",
                   "why",
                   "server-1 4 players",
                   {ProcessId("server-1")},
                   {{"127.0.0.1:7401", {ProcessId("server-2")}}},
                   {{"region", "eu"}},
                   {{"npc.density", 2.5, 7}, {"weather.kind", std::string("rain"), std::nullopt}},
                   8,
                   9,
                   RampShape::Smooth,
                   Duration{10},
                   11,
                   Duration{12},
                   Duration{13},
                   OnVanish::Revert,
                   {{1, 0, Duration{14}}, {0, 50, Duration{15}}},
                   16,
                   {{"tick.duration", GuardStatistic::Max, false, GuardBasis::Untouched, -5.5, 17, true, true}},
                   true},
                  18,
                  ChangePhase::Reverting,
                  1,
                  19,
                  20,
                  "because",
                  "reverted, recovered",
                  {{ProcessId("server-1"),
                    "127.0.0.1:7401",
                    1,
                    TargetState::Foreign,
                    21,
                    "push-1",
                    "gone",
                    {{"npc.density", 1.0, 6}},
                    4.0}},
                  {{0, ProcessId("server-1"), GuardState::Breached, 22.5, 23.5, 24, "too much"}},
                  25,
                  26});
  add(SharedItem{"preset/storm", "x = 1\n", 3, "ann", t, t + 1, true});
  ParameterValue drifted = parameter;
  drifted.desired = Value(2.5);
  drifted.desiredPush = "push-9";
  drifted.desiredWho = "bob";
  add(ParameterChange{ref, {drifted}});
  add(ClockSample{t, -5'000, 200});
  add(Mark{t, 1089, "server-1", "here it lags", "ann"});
  ProcessInfo parked = info;
  parked.state = ProcessState::Parked;
  parked.tick = 1090;
  parked.tickHz = 59.5;
  add(ProcessChange{parked, "parked"});
  SeriesInfo derived{SeriesIndex(kFirstDerivedSeries), "interp.error", "m", false, 0, "joined", 0.1, {}, true};
  add(DerivedSeries{ref, derived});
  SampleBlock joined{ref, kDerivedRing, 0, 2, 0, {1091, 1092}, {t + 1, t + 2}, {}};
  joined.columns.push_back({derived.index, {}, std::vector<double>{0.01, 0.02}});
  add(joined);
  return out;
}

std::vector<EnvelopePtr> game(std::size_t blocks, const std::string& id) {
  const ProcessInfo info = server(id, std::hash<std::string>{}(id) | 1);
  std::vector<EnvelopePtr> out{envelope(ProcessChange{info, ""}, 0, id + "-agent")};
  std::uint64_t sequence = 0;
  for (std::size_t i = 0; i < blocks; ++i) {
    const Tick tick = 1 + static_cast<Tick>(i) * 64;
    const auto add = [&](Event event) { out.push_back(envelope(std::move(event), ++sequence, id + "-agent")); };
    add(block(tick, 64, i * 1000, info));
    add(entities(tick + 63, 20, info));
    add(LogLine{{info.id, info.instance}, tick, kStart + (tick + 63) * kTick, LogLevel::Info, "game", "tick", 0});
  }
  return out;
}

std::string record(const Scratch& scratch, const std::string& name, const std::vector<EnvelopePtr>& all) {
  const std::string path = scratch / name;
  auto recorder = Recorder::open({.path = path, .program = "test"});
  EXPECT_TRUE(recorder) << (recorder ? "" : recorder.error().message);
  if (!recorder) return path;
  for (const EnvelopePtr& e : all) (*recorder)->on(e);
  const Result<> closed = (*recorder)->close();
  EXPECT_TRUE(closed) << (closed ? "" : closed.error().message);
  return path;
}

std::vector<EnvelopePtr> replay(const std::string& path) {
  auto file = Recording::open(path);
  EXPECT_TRUE(file) << (file ? "" : file.error().message);
  if (!file) return {};
  Collect collect;
  const auto done = ReplaySource(**file).run(collect);
  EXPECT_TRUE(done && done->finished && done->damaged.empty());
  return collect.all;
}

}  // namespace qd::recording::testing
