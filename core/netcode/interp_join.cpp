// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/interp_join.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <deque>
#include <limits>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/percentile.h"
#include "core/base/wrapping.h"
#include "core/netcode/tick_history.h"

namespace qd::netcode {
namespace {

constexpr std::size_t kMostServerFrames = 1024;  // 17 s at 60 Hz
constexpr std::size_t kMostWaiting = 1024;
constexpr Tick kBackwards = 64;  // a fall by more than this is a new beginning, not a late frame
constexpr std::uint32_t kRemote = ingest::kEntityInterpolated | ingest::kEntityExtrapolated | ingest::kEntityHeld;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Declared {
  const char* name;
  const char* unit;
  const char* description;
};
constexpr std::array<Declared, 6> kSeries{{
    {"interp.error", "m", "Distance between drawn and true position at the render time, 95th percentile of a frame"},
    {"interp.error.p50", "m", "The same, median of a frame"},
    {"interp.error.max", "m", "The same, maximum of a frame"},
    {"interp.error.available", "", "Share of the drawn remote entities whose true position is known"},
    {"interp.render_tick", "ticks", "Tick of the server that the frame shows"},
    {"interp.error.exact", "", "Share whose true position lies between neighbouring ticks; the rest is estimated"},
}};
using Values = std::array<double, kSeries.size()>;

bool isRemote(std::uint32_t flags) {
  return (flags & kRemote) != 0 && (flags & ingest::kEntityPredicted) == 0;
}

double distance(const ingest::EntityFrame& f, std::size_t i, const Pose& pose) {
  const double dx = static_cast<double>(f.x[i]) * 1e-6 - pose.x;
  const double dy = static_cast<double>(f.y[i]) * 1e-6 - pose.y;
  const double dz = static_cast<double>(f.z[i]) * 1e-6 - pose.z;
  return std::sqrt(dx * dx + dy * dy + dz * dz);
}

// When each entity was last put elsewhere: the two newest such ticks.
class Teleports {
 public:
  void add(const ingest::EntityFrame& frame) {
    for (std::size_t i = 0; i < frame.ids.size(); ++i) {
      if ((frame.flags[i] & ingest::kEntityTeleported) == 0) continue;
      auto& [older, newer] = byEntity_.try_emplace(frame.ids[i], kNever, kNever).first->second;
      if (frame.tick > newer) older = std::exchange(newer, frame.tick);
    }
    if (byEntity_.size() > kMost)
      std::erase_if(byEntity_, [&](const auto& e) { return wrappingMinus(frame.tick, e.second.second) > kKept; });
  }
  bool near(std::uint32_t entity, double tick) const {
    const auto found = byEntity_.find(entity);
    if (found == byEntity_.end()) return false;
    const auto [older, newer] = found->second;
    return std::abs(tick - static_cast<double>(older)) <= kSpan || std::abs(tick - static_cast<double>(newer)) <= kSpan;
  }
  void clear() { byEntity_.clear(); }

 private:
  static constexpr Tick kNever = std::numeric_limits<Tick>::min() / 2;
  static constexpr Tick kKept = 1024;
  static constexpr double kSpan = 8;  // ticks: a lost snapshot at 30 Hz and the longest extrapolation fit into it
  static constexpr std::size_t kMost = 4096;
  std::unordered_map<std::uint32_t, std::pair<Tick, Tick>> byEntity_;
};

struct Server {
  InstanceId instance;
  TickHistory frames;
  Teleports teleports;
};

struct Editor {
  AgentId agent;
  InstanceId instance;
  std::string domain;
  bool declared = false;  // by this join, for this instance
  bool told = false;      // the stream brings the series itself
  std::uint64_t sequence = 0;
  std::deque<EntityFramePtr> waiting;
  std::vector<std::pair<EntityFramePtr, Values>> done;  // not yet emitted
};

}  // namespace

struct InterpJoin::Impl {
  explicit Impl(ingest::EventSink& sink) : out(sink) {}

  ingest::EventSink& out;
  std::unordered_map<ProcessId, Server> servers;
  std::unordered_map<ProcessId, Editor> editors;
  std::unordered_set<ingest::EnvelopePtr> mine;  // the declarations made here that have not come back yet
  std::vector<double> errors;
  std::unordered_map<ProcessId, TimeNs> newest;  // times seen, by process
  std::atomic<std::uint64_t> joined{0}, unavailable{0}, waiting{0};

  void saw(const ProcessId& process, TimeNs time) {
    TimeNs& known = newest[process];
    known = std::max(known, time);
  }
  void change(const AgentId& agent, const ingest::ProcessInfo& info);
  void begin(Editor& editor, const AgentId& agent, const InstanceId& instance);
  void authoritative(const EntityFramePtr& frame);
  void rendered(const AgentId& agent, const EntityFramePtr& frame);
  void settle(Editor& editor);
  bool settle(Editor& editor, const EntityFramePtr& frame);
  Values join(const ingest::EntityFrame& frame, const Server* server);
  void emit(const ProcessId& id, Editor& editor, TimeNs received);
};

void InterpJoin::Impl::begin(Editor& editor, const AgentId& agent, const InstanceId& instance) {
  editor.agent = agent;
  if (editor.instance == instance) return;
  waiting.fetch_sub(editor.waiting.size(), std::memory_order_relaxed);
  unavailable.fetch_add(editor.waiting.size(), std::memory_order_relaxed);
  editor.waiting.clear();
  editor.instance = instance;
  editor.declared = editor.told = false;
  editor.sequence = 0;
}

void InterpJoin::Impl::change(const AgentId& agent, const ingest::ProcessInfo& info) {
  if (info.kind != ingest::ProcessKind::Editor) {
    servers[info.id].frames.nominalHz(info.tickHz);
    return;
  }
  Editor& editor = editors[info.id];
  begin(editor, agent, info.instance);
  editor.domain = info.domain;
  const bool derived = std::any_of(info.series.begin(), info.series.end(),
                                   [](const ingest::SeriesInfo& s) { return s.derived && s.name == kSeries[0].name; });
  if (derived && !editor.declared) editor.told = true;
}

void InterpJoin::Impl::authoritative(const EntityFramePtr& frame) {
  Server& server = servers[frame->process.id];
  const bool anew = server.instance != frame->process.instance;
  if (anew || (!server.frames.empty() && wrappingMinus(server.frames.lastTick(), frame->tick) > kBackwards)) {
    server.frames.clear();
    server.teleports.clear();
  }
  server.instance = frame->process.instance;
  server.frames.add(frame);
  server.frames.trim(kMostServerFrames);
  server.teleports.add(*frame);
}

void InterpJoin::Impl::rendered(const AgentId& agent, const EntityFramePtr& frame) {
  Editor& editor = editors[frame->process.id];
  begin(editor, agent, frame->process.instance);
  if (editor.told || std::none_of(frame->flags.begin(), frame->flags.end(), isRemote)) return;
  editor.waiting.push_back(frame);
  waiting.fetch_add(1, std::memory_order_relaxed);
}

Values InterpJoin::Impl::join(const ingest::EntityFrame& frame, const Server* server) {
  errors.clear();
  const double tick = static_cast<double>(frame.renderTick48_16) / 65536.0;
  const auto around = server == nullptr ? TickHistory::Around{} : server->frames.around(frame.renderTick48_16);
  std::size_t remote = 0;
  for (std::size_t i = 0; i < frame.ids.size(); ++i) {
    if (!isRemote(frame.flags[i])) continue;
    ++remote;
    // Around a teleport there is no path, so there is no error of interpolating along it.
    if (server == nullptr || server->teleports.near(frame.ids[i], tick)) continue;
    if (const auto pose = TickHistory::pose(around, frame.ids[i])) errors.push_back(distance(frame, i, *pose));
  }
  if (errors.empty()) return {kNone, kNone, kNone, 0, tick, 0};
  const double share = static_cast<double>(errors.size()) / static_cast<double>(remote);
  const double p95 = percentile(errors, 0.95), p50 = percentile(errors, 0.5);
  // Over a hole in the server's frames the curve is an estimate, and is tagged as one.
  const bool exact = around.after == nullptr || around.after->frame->tick - around.before->frame->tick == 1;
  return {p95, p50, *std::max_element(errors.begin(), errors.end()), share, tick, exact ? share : 0};
}

// False: the server's frames may still come.
bool InterpJoin::Impl::settle(Editor& editor, const EntityFramePtr& frame) {
  const auto found = servers.find(ProcessId(frame->domain.empty() ? editor.domain : frame->domain));
  const Server* server = found == servers.end() || found->second.frames.empty() ? nullptr : &found->second;
  const auto needed = static_cast<Tick>((frame->renderTick48_16 + 0xFFFF) >> 16);
  const bool there = server != nullptr && server->frames.lastTick() >= needed;
  const TimeNs seen = std::max(newest[frame->process.id], found == servers.end() ? 0 : newest[found->first]);
  const bool late = frame->time < seen - kWait || editor.waiting.size() > kMostWaiting;
  if (!there && !late) return false;
  const Values values = join(*frame, there ? server : nullptr);
  (std::isnan(values[0]) ? unavailable : joined).fetch_add(1, std::memory_order_relaxed);
  editor.done.emplace_back(frame, values);
  return true;
}

void InterpJoin::Impl::settle(Editor& editor) {
  while (!editor.waiting.empty() && settle(editor, editor.waiting.front())) {
    editor.waiting.pop_front();
    waiting.fetch_sub(1, std::memory_order_relaxed);
  }
}

void InterpJoin::Impl::emit(const ProcessId& id, Editor& editor, TimeNs received) {
  const ingest::ProcessRef process{id, editor.instance};
  const auto made = [&](ingest::Event event) {
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->agent = editor.agent;
    envelope->event = std::move(event);
    envelope->received = received;
    return ingest::EnvelopePtr(std::move(envelope));
  };
  const auto indexOf = [](std::size_t i) {
    return SeriesIndex(ingest::kFirstDerivedSeries + static_cast<std::uint32_t>(i));
  };
  std::vector<ingest::EnvelopePtr> events;
  if (!editor.declared) {
    mine.clear();  // they come back at once or, where `out` is another way than this sink's, never
    for (std::size_t i = 0; i < kSeries.size(); ++i) {
      ingest::SeriesInfo info;
      info.index = indexOf(i);
      info.name = kSeries[i].name;
      info.unit = kSeries[i].unit;
      info.integer = false;
      info.description = kSeries[i].description;
      info.derived = true;
      events.push_back(made(ingest::DerivedSeries{process, std::move(info)}));
      mine.insert(events.back());
    }
    editor.declared = true;
  }
  ingest::SampleBlock block;
  block.process = process;
  block.ring = ingest::kDerivedRing;
  block.firstSequence = editor.sequence;
  block.count = editor.done.size() * kSeries.size();
  for (const auto& [frame, values] : editor.done) {
    block.ticks.push_back(frame->tick);
    block.times.push_back(frame->time);
  }
  for (std::size_t i = 0; i < kSeries.size(); ++i) {
    std::vector<double> column;
    for (const auto& [frame, values] : editor.done) column.push_back(values[i]);
    block.columns.push_back({indexOf(i), {}, std::move(column)});
  }
  editor.sequence += block.count;
  editor.done.clear();
  events.push_back(made(std::move(block)));
  for (const ingest::EnvelopePtr& event : events) out.on(event);
}

InterpJoin::InterpJoin(ingest::EventSink& out) : impl_(std::make_unique<Impl>(out)) {}
InterpJoin::~InterpJoin() = default;

void InterpJoin::on(const ingest::EnvelopePtr& envelope) {
  Impl& impl = *impl_;
  if (const auto* block = std::get_if<ingest::SampleBlock>(&envelope->event)) {
    if (block->ring == ingest::kDerivedRing || block->times.empty()) return;
    impl.saw(block->process.id, block->times.back());
  } else if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope->event)) {
    impl.change(envelope->agent, change->info);
    return;
  } else if (const auto* derived = std::get_if<ingest::DerivedSeries>(&envelope->event)) {
    if (impl.mine.erase(envelope) == 0 && derived->info.name == kSeries[0].name) {
      Editor& editor = impl.editors[derived->process.id];
      impl.begin(editor, envelope->agent, derived->process.instance);
      editor.told = true;
    }
    return;
  } else if (const auto* frame = std::get_if<ingest::EntityFrame>(&envelope->event)) {
    if (!sound(*frame)) return;
    impl.saw(frame->process.id, frame->time);
    const EntityFramePtr kept(envelope, frame);
    frame->rendered ? impl.rendered(envelope->agent, kept) : impl.authoritative(kept);
  } else {
    return;
  }
  for (auto& [id, editor] : impl.editors) {
    impl.settle(editor);
    if (!editor.done.empty()) impl.emit(id, editor, envelope->received);
  }
}

InterpJoin::Totals InterpJoin::totals() const {
  const auto read = [](const auto& value) { return value.load(std::memory_order_relaxed); };
  return {read(impl_->joined), read(impl_->unavailable), read(impl_->waiting)};
}

}  // namespace qd::netcode
