// SPDX-License-Identifier: GPL-3.0-or-later
// A made-up session for the demo programs and the GUI tests: two servers and an editor, with a spike over budget, a
// gap, a lossy stretch, a push, a hit, a mark and an alert. The same for every run. Not part of the product's data
// path.
#pragma once

#include <cmath>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "core/ingest/event_sink.h"

namespace qd::widgets::demo {

inline constexpr TimeNs kStart = 1'772'632'800LL * kNsPerSecond;  // 2026-03-04 14:00:00 UTC
inline constexpr TimeNs kTickNs = 16'666'667;
inline constexpr int kEntities = 32;

inline ingest::EnvelopePtr wrap(ingest::Event event, TimeNs received = 0) {
  auto envelope = std::make_shared<ingest::Envelope>();
  envelope->agent = AgentId("127.0.0.1:7400");
  envelope->event = std::move(event);
  envelope->received = received;
  return envelope;
}

class Feed {
 public:
  Feed(ingest::EventSink& sink, TimeNs length) : sink_(sink), length_(length) {}

  void run() {
    declare("server-1", ingest::ProcessKind::Server, 1);
    declare("server-2", ingest::ProcessKind::Server, 2);
    declare("editor-1", ingest::ProcessKind::Editor, 3);
    constexpr Tick kBlock = 60;
    for (Tick tick = 0; tick * kTickNs < length_; tick += kBlock) {
      samples("server-1", 1, tick, tick + kBlock);
      const TimeNs at = tick * kTickNs, gap = atShare(0.42);
      if (at < gap || at > gap + 5 * kNsPerSecond)
        samples("server-2", 2, tick, tick + kBlock);
      else
        lost_[2] += 3 * kBlock;
      samples("editor-1", 3, tick, tick + kBlock);
    }
    for (Tick tick = 0; tick * kTickNs < length_; tick += 2) frames(tick);
    moments();
  }

  TimeNs atShare(double share) const { return static_cast<TimeNs>(static_cast<double>(length_) * share); }
  TimeNs spike() const { return kStart + atShare(0.66); }

 private:
  static double noise(std::uint64_t i) {  // in [0, 1)
    i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9ULL;
    i = (i ^ (i >> 27)) * 0x94d049bb133111ebULL;
    return static_cast<double>((i ^ (i >> 31)) >> 11) * 0x1.0p-53;
  }

  void declare(const std::string& id, ingest::ProcessKind kind, std::uint64_t instance) {
    ingest::ProcessInfo info;
    info.id = ProcessId(id);
    info.instance = InstanceId(instance);
    info.kind = kind;
    info.name = id;
    info.domain = kind == ingest::ProcessKind::Server ? id : "server-1";
    info.tickHz = 60;
    info.started = kStart;
    const auto add = [&](const char* name, const char* unit, int scale) {
      ingest::SeriesInfo series;
      series.index = SeriesIndex(static_cast<std::uint32_t>(info.series.size()));
      series.name = name;
      series.unit = unit;
      series.scale = scale;
      if (series.name == "tick.duration") series.budget = 16.67;
      info.series.push_back(series);
    };
    if (kind == ingest::ProcessKind::Server) {
      add("tick.duration", "ms", 6);
      add("net.bandwidth", "bytes/s", 0);
      add("npc.count", "count", 0);
    } else {
      add("net.rtt", "ms", 6);
      add("net.jitter", "ms", 6);
      add("interp.error", "m", 6);
      add("interp.extrapolated", "ratio", 4);
      add("interp.held", "ratio", 4);
    }
    sink_.on(wrap(ingest::ProcessChange{info, {}}, kStart));
  }

  double value(std::uint64_t process, std::size_t series, Tick tick) const {
    const TimeNs at = tick * kTickNs;
    const double t = static_cast<double>(at) * 1e-9;
    const double n = noise(static_cast<std::uint64_t>(tick) * 16 + process * 4 + series);
    const bool lossy = at > atShare(0.5) && at < atShare(0.6);
    const double rain = at > atShare(0.33) ? 1.3 : 0;
    if (process < 3) {
      if (series == 0) {
        const bool spikes = process == 1 && std::abs(kStart + at - spike()) < kTickNs / 2 + 1;
        return spikes ? 22.4
                      : 2.0 + rain + 0.3 * static_cast<double>(process) + std::sin(t / 7) * 0.3 + n * n * n * 3.2;
      }
      if (series == 1) return 5200 + std::sin(t / 3) * 600 + n * 900 + rain * 1500;
      return 60 + (at > atShare(0.33) ? 30 : 0);
    }
    if (series == 0) return 62 + std::sin(t / 5) * 3 + n * 8 + (lossy ? 20 : 0);
    if (series == 1) return 3.1 + std::sin(t / 4) + (lossy ? 4 + n * 2 : 0);
    if (series == 2) return 0.0015 + n * 0.002 + (lossy ? 0.02 * n : 0);
    if (series == 3) return lossy ? 0.3 + 0.2 * std::sin(t * 2) : (n > 0.98 ? 0.1 : 0);
    return lossy && std::sin(t * 2) > 0.2 ? 0.25 : 0;
  }

  void samples(const std::string& id, std::uint64_t instance, Tick from, Tick to) {
    ingest::SampleBlock block;
    block.process = {ProcessId(id), InstanceId(instance)};
    const std::size_t columns = instance < 3 ? 3 : 5;
    static constexpr double kScales[2][5] = {{1e6, 1, 1, 0, 0}, {1e6, 1e6, 1e6, 1e4, 1e4}};
    for (Tick tick = from; tick < to; ++tick) {
      block.ticks.push_back(tick);
      block.times.push_back(kStart + tick * kTickNs);
    }
    for (std::size_t i = 0; i < columns; ++i) {
      ingest::Column column;
      column.series = SeriesIndex(static_cast<std::uint32_t>(i));
      std::vector<std::int64_t> values;
      for (Tick tick = from; tick < to; ++tick)
        values.push_back(std::llround(value(instance, i, tick) * kScales[instance < 3 ? 0 : 1][i]));
      column.values = std::move(values);
      block.columns.push_back(std::move(column));
    }
    sequence_[instance] += lost_[instance];
    block.dropped = std::exchange(lost_[instance], 0);
    block.firstSequence = sequence_[instance];
    block.count = static_cast<std::uint64_t>(to - from) * columns;
    sequence_[instance] += block.count;
    sink_.on(wrap(std::move(block)));
  }

  // Entities walk on circles; the editor draws them 100 ms late and, where packets are lost, beside the circle.
  void frames(Tick tick) {
    const TimeNs at = tick * kTickNs;
    sink_.on(wrap(frame(static_cast<double>(tick), tick, at, false)));
    const double shown = static_cast<double>(tick) - 6.0;
    if (shown > 0) sink_.on(wrap(frame(shown, tick, at, true)));
  }

  ingest::EntityFrame frame(double shownTick, Tick tick, TimeNs at, bool rendered) const {
    ingest::EntityFrame f;
    f.process = rendered ? ingest::ProcessRef{ProcessId("editor-1"), InstanceId(3)}
                         : ingest::ProcessRef{ProcessId("server-1"), InstanceId(1)};
    f.rendered = rendered;
    f.tick = tick;
    f.time = kStart + at;
    f.domain = "server-1";
    f.renderTick48_16 = static_cast<std::uint64_t>(shownTick * 65536);
    const bool lossy = at > atShare(0.5) && at < atShare(0.6);
    for (std::uint32_t id = 0; id < kEntities; ++id) {
      const double radius = 3 + id % 5 * 3, centreX = (id % 8) * 9 - 30.0;
      const std::uint32_t row = id / 8;
      const double centreY = row * 9 - 14.0;
      const double turn = shownTick / 60 * (5 / radius) + id * 0.7;
      const double off = rendered ? (lossy && id % 4 == 0 ? 0.6 : 0.004) : 0;
      const double x = centreX + (radius + off) * std::cos(turn), y = centreY + (radius + off) * std::sin(turn);
      const auto um = [](double metres) { return static_cast<std::int64_t>(std::llround(metres * 1e6)); };
      f.ids.push_back(id + 1);
      f.x.push_back(um(x));
      f.y.push_back(um(y));
      f.z.push_back(0);
      f.vx.push_back(um(-5 * std::sin(turn)));
      f.vy.push_back(um(5 * std::cos(turn)));
      f.vz.push_back(0);
      for (const std::int16_t q : {0, 0, 0, 32767}) f.rotation.push_back(q);
      std::uint32_t flags = (id < 20 ? ingest::kEntityPlayer : ingest::kEntityNpc) | ingest::kEntityAlive;
      if (rendered)
        flags |= lossy && id % 4 == 0   ? ingest::kEntityHeld
                 : lossy && id % 4 == 1 ? ingest::kEntityExtrapolated
                                        : ingest::kEntityInterpolated;
      f.flags.push_back(flags);
    }
    return f;
  }

  void moments() {
    const auto tickOf = [&](double share) { return atShare(share) / kTickNs; };
    const ingest::ProcessRef server{ProcessId("server-1"), InstanceId(1)};
    ingest::PushResult push;
    push.pushId = "p-1";
    push.process = server;
    push.status = ingest::PushStatus::Applied;
    push.tick = tickOf(0.33);
    push.time = kStart + atShare(0.33);
    push.parameters = {{"weather.kind", Value(std::string("clear")), Value(std::string("rain")), 2, {}}};
    push.who = "operator";
    sink_.on(wrap(push));
    ingest::GameEvent alert{server, tickOf(0.52), kStart + atShare(0.52), "alert.net.loss", {}};
    sink_.on(wrap(alert));
    ingest::Hit hit;
    hit.id = "h-1";
    hit.breakpoint = "lagcomp.rewind";
    hit.leader = server.id;
    hit.tick = spike() / kTickNs;
    hit.time = spike();
    hit.cause = "breakpoint";
    sink_.on(wrap(hit));
    sink_.on(wrap(ingest::Mark{kStart + atShare(0.8), tickOf(0.8), "server-1", "looks fine again", "operator"}));
  }

  ingest::EventSink& sink_;
  TimeNs length_;
  std::uint64_t sequence_[4] = {}, lost_[4] = {};
};

}  // namespace qd::widgets::demo
