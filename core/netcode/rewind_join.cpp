// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/rewind_join.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/netcode/shot.h"
#include "core/netcode/tick_history.h"

namespace qd::netcode {
namespace {

constexpr std::size_t kMostFrames = 512;  // of one editor: 8 s at 60 Hz
constexpr std::size_t kMostWaiting = 1024;
constexpr const char* kSeries = "lagcomp.rewind_error.joined";
// Above the indices of the interpolation join, which belong to editors anyway.
constexpr std::uint32_t kIndex = ingest::kFirstDerivedSeries + 64;

struct Waiting {
  ingest::EnvelopePtr envelope;
  ingest::ProcessRef process;
  Shot shot;
  std::uint64_t seen = 0;  // 48.16
};

// Only a shot whose shooter saw it hit names a picture to compare with.
std::optional<Waiting> waitingOf(const ingest::EnvelopePtr& envelope, const ingest::GameEvent& event) {
  auto shot = shotOf(event);
  if (!shot || shot->claimed == 0 || !shot->seenTick || !shot->rewound) return std::nullopt;
  const double fixed = *shot->seenTick * 65536;
  if (!(fixed >= 0 && fixed < 9e15)) return std::nullopt;
  return Waiting{envelope, event.process, std::move(*shot), static_cast<std::uint64_t>(fixed)};
}

// Other joins may derive series of the same process in the same ring: their samples must not be taken for these.
constexpr std::uint64_t kFirstSequence = std::uint64_t{1} << 40;

struct Server {
  InstanceId instance;
  bool declared = false, told = false;
  std::uint64_t sequence = kFirstSequence;
  std::deque<Waiting> waiting;
};

struct Editor {
  InstanceId instance;
  std::string domain;
  std::uint32_t player = 0;  // its own entity; 0: not known yet
  std::deque<EntityFramePtr> frames;
};

}  // namespace

struct RewindJoin::Impl {
  explicit Impl(ingest::EventSink& sink) : out(sink) {}
  ingest::EventSink& out;
  std::map<ProcessId, Server> servers;
  std::map<ProcessId, Editor> editors;
  std::unordered_set<ingest::EnvelopePtr> mine;
  std::map<ProcessId, TimeNs> newest;
  std::atomic<std::uint64_t> joined{0}, unavailable{0};

  void rendered(const EntityFramePtr& frame);
  // Empty: it may still come; NaN: it never will.
  std::optional<double> join(const ProcessId& server, const Waiting& waiting);
  void settle(const ProcessId& id, Server& server);
  void emit(const Waiting& waiting, Server& server, double error);
};

void RewindJoin::Impl::rendered(const EntityFramePtr& frame) {
  Editor& editor = editors[frame->process.id];
  if (editor.instance != frame->process.instance) editor = {frame->process.instance, editor.domain, 0, {}};
  if (!frame->domain.empty()) editor.domain = frame->domain;
  for (std::size_t i = 0; i < frame->ids.size(); ++i) {
    if ((frame->flags[i] & ingest::kEntityPredicted) != 0) editor.player = frame->ids[i];
  }
  editor.frames.push_back(frame);
  if (editor.frames.size() > kMostFrames) editor.frames.pop_front();
}

std::optional<double> RewindJoin::Impl::join(const ProcessId& server, const Waiting& waiting) {
  const Shot& shot = waiting.shot;
  for (const auto& [id, editor] : editors) {
    if (editor.domain != server.value || editor.player != shot.shooter) continue;
    for (const EntityFramePtr& frame : editor.frames) {
      if (frame->renderTick48_16 != waiting.seen) continue;
      const auto target = std::find(frame->ids.begin(), frame->ids.end(), shot.claimed);
      if (target == frame->ids.end()) continue;
      const auto i = static_cast<std::size_t>(target - frame->ids.begin());
      return std::hypot(shot.rewound->x - static_cast<double>(frame->x[i]) * 1e-6,
                        shot.rewound->y - static_cast<double>(frame->y[i]) * 1e-6);
    }
    const auto seen = newest.find(id);
    if (seen != newest.end() && seen->second < shot.time + kWait) return std::nullopt;
  }
  const auto seen = newest.find(server);
  if (seen != newest.end() && seen->second < shot.time + kWait) return std::nullopt;
  return std::nan("");
}

void RewindJoin::Impl::emit(const Waiting& waiting, Server& server, double error) {
  const auto made = [&](ingest::Event event) {
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->agent = waiting.envelope->agent;
    envelope->event = std::move(event);
    envelope->received = waiting.envelope->received;
    return ingest::EnvelopePtr(std::move(envelope));
  };
  std::vector<ingest::EnvelopePtr> events;
  if (!server.declared) {
    mine.clear();
    ingest::SeriesInfo info;
    info.index = SeriesIndex(kIndex);
    info.name = kSeries;
    info.unit = "m";
    info.integer = false;
    info.description = "Where the server rewound the target to against where the shooter's editor drew it";
    info.derived = true;
    events.push_back(made(ingest::DerivedSeries{waiting.process, std::move(info)}));
    mine.insert(events.back());
    server.declared = true;
  }
  ingest::SampleBlock block;
  block.process = waiting.process;
  block.ring = ingest::kDerivedRing;
  block.firstSequence = server.sequence++;
  block.count = 1;
  block.ticks = {waiting.shot.tick};
  block.times = {waiting.shot.time};
  block.columns.push_back({SeriesIndex(kIndex), {}, std::vector<double>{error}});
  events.push_back(made(std::move(block)));
  for (const auto& event : events) out.on(event);
}

void RewindJoin::Impl::settle(const ProcessId& id, Server& server) {
  while (!server.waiting.empty()) {
    const auto error = join(id, server.waiting.front());
    if (!error && server.waiting.size() < kMostWaiting) return;
    const Waiting waiting = std::move(server.waiting.front());
    server.waiting.pop_front();
    if (!error || std::isnan(*error)) {
      unavailable.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    joined.fetch_add(1, std::memory_order_relaxed);
    emit(waiting, server, *error);
  }
}

RewindJoin::RewindJoin(ingest::EventSink& out) : impl_(std::make_unique<Impl>(out)) {}
RewindJoin::~RewindJoin() = default;

void RewindJoin::on(const ingest::EnvelopePtr& envelope) {
  Impl& impl = *impl_;
  const auto saw = [&impl](const ProcessId& id, TimeNs time) {
    TimeNs& known = impl.newest[id];
    known = std::max(known, time);
  };
  if (const auto* block = std::get_if<ingest::SampleBlock>(&envelope->event)) {
    if (block->ring == ingest::kDerivedRing || block->times.empty()) return;
    saw(block->process.id, block->times.back());
  } else if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope->event)) {
    const auto& info = change->info;
    if (info.kind == ingest::ProcessKind::Editor) {
      impl.editors[info.id].domain = info.domain;
      return;
    }
    Server& server = impl.servers[info.id];
    if (server.instance != info.instance) server = {info.instance, false, false, kFirstSequence, {}};
    server.told =
        server.told || (!server.declared && std::any_of(info.series.begin(), info.series.end(),
                                                        [](const auto& s) { return s.derived && s.name == kSeries; }));
    return;
  } else if (const auto* derived = std::get_if<ingest::DerivedSeries>(&envelope->event)) {
    if (impl.mine.erase(envelope) == 0 && derived->info.name == kSeries) impl.servers[derived->process.id].told = true;
    return;
  } else if (const auto* frame = std::get_if<ingest::EntityFrame>(&envelope->event)) {
    if (!frame->rendered || !sound(*frame)) return;
    saw(frame->process.id, frame->time);
    impl.rendered(EntityFramePtr(envelope, frame));
  } else if (const auto* event = std::get_if<ingest::GameEvent>(&envelope->event)) {
    auto waiting = waitingOf(envelope, *event);
    if (!waiting) return;
    Server& server = impl.servers[event->process.id];
    if (server.told) return;
    server.waiting.push_back(std::move(*waiting));
  } else {
    return;
  }
  for (auto& [id, server] : impl.servers) impl.settle(id, server);
}

RewindJoin::Totals RewindJoin::totals() const {
  return {impl_->joined.load(std::memory_order_relaxed), impl_->unavailable.load(std::memory_order_relaxed)};
}

}  // namespace qd::netcode
