// SPDX-License-Identifier: Apache-2.0
// Everything the editor tells and takes through the probe: frame records, rendered poses, series of interpolation,
// prediction and its link, log lines, sites and parameters. Owned by the frame thread, which is the probe's game
// thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "agent/probe/qd.h"
#include "stage/client/client.h"
#include "stage/runtime/sched_delay.h"

namespace qd::stage {

struct EditorIdentity {
  std::string id = "editor-1", domain = "server-1", socket, version, zone, region = "local", environment = "stage";
};

struct EditorSettings {
  std::int64_t interpDelayNs = 0;  // 0: adaptive
  std::int64_t netLatencyNs = 0, netJitterNs = 0;
  double netLoss = 0;
  // Faults put in on purpose.
  double renderBiasM = 0;
  std::int64_t dropInputs = 0;
};

// What one frame drew and learnt, copied out of the client under its lock.
struct FrameData {
  bool drawn = false;
  std::uint64_t frameNo = 0;
  std::int64_t startNs = 0, renderFixed = 0;
  View view;
  std::vector<Pose> poses;
  EntityId player = 0;
  OwnState own;
  Vec3 ownPicture;
  std::uint16_t ownYaw = 0;
  Tick predicted = 0;
  NetState state = NetState::Disconnected;
  std::int64_t viewAgeNs = 0, rttNs = 0, rttDeviationNs = 0, jitterNs = 0;
  double bufferDepth = 0, timeScale = 1, delayTicks = 0, serverTick = 0;
  int window = 8, tickHz = 60, inputDepth = 0;
  bool starved = false, parked = false;
  Client::Counters counters;
  SequenceTracker::Counts sequence;
  double loss = 0;  // only when `second` is set
  std::uint64_t burst = 0, bytesIn = 0, bytesOut = 0;
  bool second = false;
  std::vector<Client::Confirmed> confirmed;
  std::vector<Divergence> divergences;
  std::vector<ShotRecord> shots;
  std::vector<Arrival> arrivals;  // as the network thread had them, since the frame before
  std::string notice;
};

class EditorTelemetry {
 public:
  explicit EditorTelemetry(EditorSettings& settings) : settings_(settings) {}
  ~EditorTelemetry();
  EditorTelemetry(const EditorTelemetry&) = delete;
  EditorTelemetry& operator=(const EditorTelemetry&) = delete;

  std::expected<void, std::string> open(const EditorIdentity& identity, int frameHz);
  qd_probe* probe() const { return probe_; }
  // After drawing: everything about this frame, its duration last. `workNs` without waiting.
  void frameDone(const FrameData& frame, std::int64_t frameIntervalNs);

  struct Totals {
    std::uint64_t frames = 0, interpolated = 0, extrapolated = 0, held = 0, starved = 0, hitches = 0;
    std::int64_t parkedNs = 0, maxPredictErrorUm = 0;
  };
  Totals& totals() { return totals_; }

 private:
  void declareSeries();
  void declareParameters();
  void poses(const FrameData& frame);
  void perFrame(const FrameData& frame);
  void combat(const FrameData& frame);
  void divergences(const FrameData& frame);
  void perSecond(const FrameData& frame);
  void state(const FrameData& frame);

  EditorSettings& settings_;
  qd_probe* probe_ = nullptr;
  std::int64_t hitchNs_ = 2 * kNsPerSecond / 60;
  struct Series {
    qd_series frameDuration, frameInterval, hitches, viewAge, bufferDepth, timeScale, delay, window;
    qd_series interpolated, extrapolated, held, starved;
    qd_series predictError, corrections, correctionDistance, replayed, inputLatency, predictLead;
    qd_series schedDelay, snapshotInterval, snapshotTick;
    qd_series rtt, rttDev, jitter, loss, reorder, burst, snapshotBytes, bandwidth, bandwidthUp, undecodable;
    qd_series netState, reconnects, shots;
  } s_{};
  qd_site* siteFrame_ = nullptr;
  qd_site* siteHit_ = nullptr;
  SchedDelay schedDelay_;
  std::vector<qd_entity> entities_;
  Totals totals_, second_;
  Client::Counters lastCounters_, lastSnapshot_;
  std::uint64_t lastReorder_ = 0, lastBytesIn_ = 0, lastBytesOut_ = 0;
  NetState lastState_ = NetState::Disconnected;
};

}  // namespace qd::stage
