// SPDX-License-Identifier: Apache-2.0
// Twelve calm seconds of a server and an editor at 60 Hz, 30 snapshots a second, 133 ms view age: what stutter tests
// then spoil in one place. Ticks 0 to 720; the question is about tick 660, ± 15.
#pragma once

#include <cmath>

#include "core/analysis/stutter.h"

namespace qd::analysis::testing {

inline constexpr TimeNs kStart = 1'772'632'800LL * kNsPerSecond;
inline constexpr double kTickMs = 1e3 / 60;
inline constexpr int kTicks = 720;
inline constexpr double kBehind = 8;  // ticks that the client shows behind the server

inline TimeNs timeOf(double tick) {
  return kStart + static_cast<TimeNs>(tick * kTickMs * 1e6);
}

inline double noise(int i) {
  return 0.5 + 0.5 * std::sin(i * 12.9898) * std::cos(i * 78.233);
}  // 0 to 1

inline TickTrack track(const char* process, const char* series, const char* unit) {
  TickTrack out;
  out.process = ProcessId(process);
  out.series = series;
  out.unit = unit;
  return out;
}

inline StutterInput calm() {
  StutterInput in;
  in.server = ProcessId("server-1");
  in.client = ProcessId("editor-1");
  in.moment = 660;
  in.time = timeOf(in.moment);
  in.from = 645;
  in.to = 675;
  in.startJitter = track("server-1", "tick.start_jitter", "ms");
  in.tickDuration = track("server-1", "tick.duration", "ms");
  in.tickSchedDelay = track("server-1", "tick.sched_delay", "ms");
  in.hostCpu = track("server-1", "host.cpu", "%");
  in.snapshotInterval = track("editor-1", "net.snapshot_interval", "ms");
  in.lossBurst = track("editor-1", "net.loss_burst", "packets");
  in.bufferDepth = track("editor-1", "interp.buffer_depth", "ticks");
  in.delayTicks = track("editor-1", "interp.delay_ticks", "ticks");
  in.frameInterval = track("editor-1", "frame.interval", "ms");
  in.frameDuration = track("editor-1", "frame.duration", "ms");
  in.frameSchedDelay = track("editor-1", "frame.sched_delay", "ms");
  for (int tick = 0; tick <= kTicks; ++tick) {
    const double at = tick;
    in.startJitter.points.push_back({at, timeOf(at), 0.05 + 0.1 * noise(tick)});
    in.tickDuration.points.push_back({at, timeOf(at), 2 + noise(tick + 1)});
    in.tickSchedDelay.points.push_back({at, timeOf(at), 0.02 * noise(tick + 2)});
    if (tick % 60 == 0) in.hostCpu.points.push_back({at, timeOf(at), 30});
    if (tick % 60 == 0) in.lossBurst.points.push_back({at, timeOf(at), 0});
    // The snapshot of tick t comes 3 ticks after it was made.
    if (tick % 2 == 0) in.snapshotInterval.points.push_back({at - 1, timeOf(at + 3), 2 * kTickMs + 3 * noise(tick)});
    const double shown = at - kBehind;
    in.bufferDepth.points.push_back({shown, timeOf(at), 3 + 2 * noise(tick + 4)});
    if (tick % 60 == 0) in.delayTicks.points.push_back({shown, timeOf(at), 4});
    in.frameInterval.points.push_back({shown, timeOf(at), kTickMs + 0.3 * noise(tick + 5)});
    in.frameDuration.points.push_back({shown, timeOf(at), 1 + noise(tick + 6)});
    in.frameSchedDelay.points.push_back({shown, timeOf(at), 0.02 * noise(tick + 7)});
  }
  in.newest = timeOf(kTicks);
  return in;
}

inline TickPoint& at(TickTrack& track, double tick) {
  for (TickPoint& point : track.points)
    if (point.tick >= tick) return point;
  return track.points.back();
}

// Nothing arrives for `ms`, from the snapshot after `tick` on: the gap is told by the one that ends it.
inline void blackout(StutterInput& in, double tick, double ms) {
  const TimeNs begin = timeOf(tick + 3), end = begin + static_cast<TimeNs>(ms * 1e6);
  auto& points = in.snapshotInterval.points;
  std::erase_if(points, [&](const TickPoint& p) { return p.time > begin && p.time < end; });
  for (TickPoint& p : points) {
    if (p.time < end) continue;
    p.value = static_cast<double>(p.time - begin) / 1e6;
    p.tick = tick + 1;
    break;
  }
}

// The frames that showed ticks [from, to) drew beyond the newest snapshot.
inline void starve(StutterInput& in, double from, double to) {
  for (TickPoint& p : in.bufferDepth.points)
    if (p.tick >= from && p.tick < to) p.value = from - p.tick - 0.5;
}

// The client drew nothing for `ms` while it showed `tick`.
inline void frameStall(StutterInput& in, double tick, double ms) {
  for (TickTrack* track : {&in.frameInterval, &in.frameDuration, &in.bufferDepth, &in.frameSchedDelay}) {
    const TimeNs begin = at(*track, tick).time, end = begin + static_cast<TimeNs>(ms * 1e6);
    std::erase_if(track->points, [&](const TickPoint& p) { return p.time > begin && p.time < end; });
    if (track == &in.frameInterval) {
      for (TickPoint& p : track->points)
        if (p.time >= end) {
          p.value = ms;
          break;
        }
    }
    if (track == &in.frameDuration) at(*track, tick).value = ms - 2;
  }
}

}  // namespace qd::analysis::testing
