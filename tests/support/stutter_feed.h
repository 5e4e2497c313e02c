// SPDX-License-Identifier: Apache-2.0
// Fifteen seconds of one server and its editor as a stream would bring them, 60 Hz, 30 snapshots a second, 133 ms view
// age; with one fault at tick 700 where one is asked for. For tests of who looks at a store.
#pragma once

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/ingest/event_sink.h"

namespace qd::testing {

class StutterFeed {
 public:
  enum class Fault { None, SlowTick, Blackout, FrameStall };
  static constexpr TimeNs kStart = 1'772'632'800LL * kNsPerSecond;
  static constexpr TimeNs kTickNs = 16'666'667;
  static constexpr Tick kTicks = 900, kFaultTick = 700;
  static constexpr int kBehind = 8;  // ticks that the editor shows behind the server

  static TimeNs timeOf(Tick tick) { return kStart + tick * kTickNs; }

  StutterFeed(ingest::EventSink& sink, Fault fault) : sink_(sink), fault_(fault) {}

  void run() {
    declare("server-1", ingest::ProcessKind::Server, 1, {"tick.duration", "tick.start_jitter", "tick.sched_delay"});
    declare("editor-1", ingest::ProcessKind::Editor, 2,
            {"interp.view_age", "interp.buffer_depth", "frame.interval", "net.snapshot_interval", "net.snapshot_tick"});
    for (Tick from = 0; from < kTicks; from += 60) {
      server(from, from + 60);
      editor(from, from + 60);
    }
  }

 private:
  static double noise(Tick i) {
    return 0.5 + 0.5 * std::sin(static_cast<double>(i) * 12.9898) * std::cos(static_cast<double>(i) * 78.233);
  }

  void put(ingest::Event event) {
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->agent = AgentId("127.0.0.1:7400");
    envelope->received = kStart;
    envelope->event = std::move(event);
    sink_.on(envelope);
  }

  void declare(const char* id, ingest::ProcessKind kind, std::uint64_t instance,
               const std::vector<const char*>& names) {
    ingest::ProcessInfo info;
    info.id = ProcessId(id);
    info.instance = InstanceId(instance);
    info.kind = kind;
    info.name = id;
    info.domain = "server-1";
    info.tickHz = 60;
    info.started = kStart;
    for (const char* name : names) {
      ingest::SeriesInfo series;
      series.index = SeriesIndex(static_cast<std::uint32_t>(info.series.size()));
      series.name = name;
      series.integer = false;
      const bool ticks = series.name == "interp.buffer_depth" || series.name == "net.snapshot_tick";
      series.unit = ticks ? "ticks" : "ms";
      info.series.push_back(series);
    }
    put(ingest::ProcessChange{info, {}});
  }

  void block(const char* id, std::uint64_t instance, const std::vector<Tick>& ticks, const std::vector<TimeNs>& times,
             std::vector<ingest::Column> columns) {
    ingest::SampleBlock out;
    out.process = {ProcessId(id), InstanceId(instance)};
    out.firstSequence = sequence_[instance];
    for (const auto& column : columns) out.count += column.size();
    sequence_[instance] += out.count;
    out.ticks = ticks;
    out.times = times;
    out.columns = std::move(columns);
    put(std::move(out));
  }

  void server(Tick from, Tick to) {
    std::vector<Tick> ticks;
    std::vector<TimeNs> times;
    std::vector<double> duration, jitter, waited;
    for (Tick t = from; t < to; ++t) {
      const bool slow = fault_ == Fault::SlowTick && t == kFaultTick;
      ticks.push_back(t);
      times.push_back(timeOf(t));
      duration.push_back(slow ? 90 : 2 + noise(t));
      jitter.push_back(0.05 + 0.1 * noise(t + 1));
      waited.push_back(0.02 * noise(t + 2));
    }
    block("server-1", 1, ticks, times,
          {{SeriesIndex(0), {}, duration}, {SeriesIndex(1), {}, jitter}, {SeriesIndex(2), {}, waited}});
  }

  // 300 ms from the fault on: no snapshot, or no frame.
  static bool during(Tick t) { return t > kFaultTick && t <= kFaultTick + 18; }

  void editor(Tick from, Tick to) {
    std::vector<Tick> ticks;
    std::vector<TimeNs> times;
    std::vector<double> age, depth, interval, gap, snapshot;
    std::vector<std::uint32_t> arrivals;
    for (Tick t = from; t < to; ++t) {
      if (fault_ == Fault::FrameStall && during(t)) continue;
      ticks.push_back(t);
      times.push_back(timeOf(t));
      age.push_back(kBehind * 1e3 / 60);
      const bool dry = fault_ == Fault::Blackout && during(t) && t > kFaultTick + 5;
      depth.push_back(dry ? -static_cast<double>(t - kFaultTick - 5) : 3 + noise(t));
      interval.push_back(lastFrame_ == 0 ? 16.7 : static_cast<double>(times.back() - lastFrame_) / 1e6);
      lastFrame_ = times.back();
      if (t % 2 != 0 || (fault_ == Fault::Blackout && during(t))) continue;
      arrivals.push_back(static_cast<std::uint32_t>(ticks.size() - 1));
      gap.push_back(lastSnapshot_ == 0 ? 33.3 : static_cast<double>(timeOf(t) - lastSnapshot_) / 1e6);
      lastSnapshot_ = timeOf(t);
      snapshot.push_back(static_cast<double>(t - 3));
    }
    block("editor-1", 2, ticks, times,
          {{SeriesIndex(0), {}, age},
           {SeriesIndex(1), {}, depth},
           {SeriesIndex(2), {}, interval},
           {SeriesIndex(3), arrivals, gap},
           {SeriesIndex(4), arrivals, snapshot}});
  }

  ingest::EventSink& sink_;
  Fault fault_;
  std::map<std::uint64_t, std::uint64_t> sequence_;
  TimeNs lastFrame_ = 0, lastSnapshot_ = 0;
};

}  // namespace qd::testing
