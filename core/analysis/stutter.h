// SPDX-License-Identifier: Apache-2.0
// "Why did it stutter?": which layer between the host and the eye went wrong first around one moment, with the evidence
// lined up in ticks of the server. Five layers in the order in which a tick travels through them: the host runs the
// server's thread, the server simulates the tick, its snapshot arrives at the client, the client's interpolation buffer
// holds it, a client frame shows it. They see the same tick at different wall times (a snapshot half a round trip
// later, the frame another interp.delay later), so every sample carries the tick that it is about.
//
// A layer went wrong where a figure goes beyond both a fixed budget and what was usual before the window (median + 6
// robust σ). It is the first where its lateness can explain the greater part of the lateness further down (of an
// empty buffer's what its clock's finding back does not); a smaller trouble upstream is told as such and not blamed.
// Pure functions of their input; any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"

namespace qd::analysis {

enum class Layer { Host, ServerTick, SnapshotArrival, InterpolationBuffer, ClientFrame };
inline constexpr std::size_t kLayers = 5;
inline constexpr std::array<Layer, kLayers> kAllLayers{Layer::Host, Layer::ServerTick, Layer::SnapshotArrival,
                                                       Layer::InterpolationBuffer, Layer::ClientFrame};
const char* nameOf(Layer layer);  // "snapshot arrival"
const char* keyOf(Layer layer);   // "snapshot_arrival", for JSON

// One sample with the tick of the server that it is about, which has a fraction on the client's side.
struct TickPoint {
  double tick = 0;
  TimeNs time = 0;
  double value = 0;
};

// One series around the moment: ascending in time, from `baselineFrom` of the question to its end.
struct TickTrack {
  ProcessId process;
  std::string series, unit;
  std::vector<TickPoint> points;
  std::optional<double> budget;  // as declared
  bool coarse = false;           // only one-second roll-ups are here: no verdict can rest on them
  bool empty() const { return points.empty() || coarse; }
};

struct ParkedSpan {
  ProcessId process;
  double from = 0, to = 0;  // ticks; stood at a breakpoint, which is nobody's fault
};

struct StutterInput {
  ProcessId server, client;
  double tickHz = 60, frameHz = 60;
  double moment = 0;        // ticks
  TimeNs time = 0;          // of the moment, wall clock
  double from = 0, to = 0;  // the window, ticks; what lies before it is the baseline
  // Host and server: tick = the tick that was simulated. ms, %.
  TickTrack startJitter, tickDuration, tickSchedDelay, hostCpu, hostPressure, hostSteal, hostThrottled;
  // Client. Arrival: tick = the first one that the gap kept from us; ms between two snapshots.
  TickTrack snapshotInterval, netState, lossBurst, jitter;
  // Frames: tick = the one shown.
  TickTrack bufferDepth, delayTicks, frameInterval, frameDuration, frameSchedDelay;
  std::vector<ParkedSpan> parked;
  TimeNs newest = 0;  // how far the client's stream has come: a gap may still be open there
};

struct Evidence {
  ProcessId process;
  std::string series, unit;
  double value = 0;                    // the worst of the window
  double tick = 0, firstTick = 0;      // of the worst; where it first went beyond the limit
  TimeNs time = 0;                     // of the worst
  std::optional<double> limit, usual;  // no limit: told for context only
  bool wrong = false;                  // beyond the limit
  bool isContext = false;              // supports a verdict, never makes one
  std::vector<TickPoint> strip;        // the window's points, and as much before it
};

enum class Verdict { Ok, Wrong, NoData };
const char* keyOf(Verdict verdict);  // "ok", "wrong", "no_data"

struct LayerFinding {
  Layer layer = Layer::Host;
  Verdict verdict = Verdict::NoData;
  bool minor = false;          // wrong, but too little to explain what follows
  std::optional<double> tick;  // where it went wrong
  TimeNs time = 0;
  double lateMs = 0;               // by how much it held things up in the window, in all
  std::string says;                // one sentence
  std::vector<Evidence> evidence;  // judged ones first
};

struct StutterReport {
  ProcessId server, client;
  double moment = 0, from = 0, to = 0;  // ticks
  TimeNs time = 0;
  std::array<LayerFinding, kLayers> layers;
  std::optional<Layer> first;
  std::string headline;            // one or two sentences
  std::vector<std::string> notes;  // e.g. that somebody stood at a breakpoint
  const LayerFinding& of(Layer layer) const { return layers[static_cast<std::size_t>(layer)]; }
};

StutterReport whyStuttered(const StutterInput& input);

}  // namespace qd::analysis
