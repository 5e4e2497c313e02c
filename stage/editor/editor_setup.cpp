// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "stage/editor/editor_telemetry.h"
#include "stage/runtime/probe_kit.h"

namespace qd::stage {

EditorTelemetry::~EditorTelemetry() {
  qd_close(probe_);
}

std::expected<void, std::string> EditorTelemetry::open(const EditorIdentity& identity, int frameHz) {
  char host[64] = "localhost";
  gethostname(host, sizeof host - 1);
  const qd_pair labels[] = {{"environment", identity.environment.c_str()},
                            {"region", identity.region.c_str()},
                            {"zone", identity.zone.c_str()},
                            {"namespace", "stage"},
                            {"pod", identity.id.c_str()},
                            {"node", host}};
  qd_config config{};
  config.id = identity.id.c_str();
  config.kind = QD_KIND_EDITOR;
  config.name = config.id;
  config.domain = identity.domain.c_str();
  config.tick_hz = frameHz;
  config.labels = labels;
  config.label_count = sizeof labels / sizeof *labels;
  config.build_version = identity.version.c_str();
  config.socket_path = identity.socket.empty() ? nullptr : identity.socket.c_str();
  char error[256] = "";
  hitchNs_ = 2 * kNsPerSecond / frameHz;
  probe_ = qd_open(&config, error, sizeof error);
  if (probe_ == nullptr) return std::unexpected(error);
  declareSeries();
  declareParameters();
  siteFrame_ = qd_site_declare(probe_, "frame.rendered", "stage/editor/editor_telemetry.cpp", 172,
                               "frame,render_tick,predicted_tick,entities,view_age_ms");
  siteHit_ = qd_site_declare(probe_, "combat.hit_predicted", "stage/editor/editor_telemetry.cpp", 101,
                             "shooter,victim,tick,view_age_ms,x_m,y_m");
  return {};
}

void EditorTelemetry::declareSeries() {
  const auto add = [this](const SeriesSpec& spec) { return declare(probe_, spec); };
  s_.frameDuration = add({"frame.duration", "ms", 6, false, "Work of one frame, without waiting", 1e3 / 60});
  s_.frameInterval = add({"frame.interval", "ms", 6, false, "From the start of the previous frame to this one's"});
  s_.schedDelay = add({"frame.sched_delay", "ms", 6, false,
                       "Time since the frame before in which its thread was ready and waited for a processor"});
  s_.snapshotInterval = add({"net.snapshot_interval", "ms", 6, false, "Between the arrivals of two snapshots"});
  s_.snapshotTick = add({"net.snapshot_tick", "ticks", 0, false, "Tick of each snapshot that arrived"});
  s_.hitches =
      add({"frame.hitches", "count", 0, false, "Frames of the last second that took twice their time or more"});
  s_.viewAge = add({"interp.view_age", "ms", 6, false, "Server now minus the time drawn"});
  s_.bufferDepth = add({"interp.buffer_depth", "ticks", 0, true, "Newest snapshot minus the tick drawn"});
  s_.timeScale = add({"interp.time_scale", "ratio", 0, true, "Speed of the render clock"});
  s_.delay = add({"interp.delay_ticks", "ticks", 0, true, "The delay aimed at"});
  s_.window = add({"interp.window", "ticks", 0, false, "clamp(8 + 2 round(deviation in ticks), 4, 32)"});
  s_.interpolated = add({"interp.interpolated", "ratio", 0, true, "Share of frames drawn between two snapshots"});
  s_.extrapolated = add({"interp.extrapolated", "ratio", 0, true, "Share of frames drawn beyond the newest snapshot"});
  s_.held = add({"interp.held", "ratio", 0, true, "Share of frames in which poses stood still for want of snapshots"});
  s_.starved = add({"interp.starved", "count", 0, false, "Frames of the last second with no snapshot ahead"});
  s_.predictError = add({"predict.error", "m", 6, false, "|predicted(k) - authoritative(k)| before smoothing"});
  s_.corrections = add({"predict.corrections", "count", 0, false, "Corrections in the last second"});
  s_.correctionDistance = add({"predict.correction_distance", "m", 6, false, "Position error of each correction"});
  s_.replayed = add({"predict.replayed_ticks", "ticks", 0, false, "Inputs replayed by each correction"});
  s_.inputLatency = add({"input.latency", "ms", 6, false, "From an input to its confirmed effect"});
  s_.predictLead = add({"predict.lead", "ticks", 0, true, "Predicted tick minus the server's"});
  s_.rtt = add({"net.rtt", "ms", 6, false, "Smoothed round trip"});
  s_.rttDev = add({"net.rtt_dev", "ms", 6, false, "Deviation of the round trip"});
  s_.jitter = add({"net.jitter", "ms", 6, false, "RFC 3550 jitter of what the server sends"});
  s_.loss = add({"net.loss", "ratio", 0, true, "Gaps / (received + gaps)"});
  s_.reorder = add({"net.reorder", "count", 0, false, "Packets after a later one, in the last second"});
  s_.burst = add({"net.loss_burst", "packets", 0, false, "Longest run of lost packets in the last second"});
  s_.snapshotBytes = add({"net.snapshot_bytes", "B", 0, false, "Size of the newest snapshot"});
  s_.bandwidth = add({"net.bandwidth", "B/s", 0, false, "Received, UDP and IP headers included"});
  s_.bandwidthUp = add({"net.bandwidth_up", "B/s", 0, false, "Sent, UDP and IP headers included"});
  s_.undecodable = add({"net.undecodable", "count", 0, false, "Snapshots whose baseline was gone, in the last second"});
  s_.netState = add({"net.state", "state", 0, false, "0 disconnected, 1 connecting, 2 connected, 3 stalled"});
  s_.reconnects = add({"net.reconnects", "count", 0, false, "Sessions begun again since the start"});
  s_.shots = add({"combat.shots", "count", 0, false, "Shots fired in the last second"});
}

void EditorTelemetry::declareParameters() {
  const auto add = [this](const qd_param_desc& desc) { qd_param_declare(probe_, &desc); };
  auto delay =
      describe("interp.delay", "interp", "How far in the past others are drawn; 0 adapts to the path", QD_SAFE);
  bindDuration(delay, settings_.interpDelayNs, 0, kNsPerSecond, 5 * kNsPerMs);
  add(delay);
  auto latency = describe("net.latency", "net",
                          "Added to everything this editor sends, on top of its server's net.latency", QD_GUARDED);
  bindDuration(latency, settings_.netLatencyNs, settings_.netLatencyNs, 2 * kNsPerSecond, 5 * kNsPerMs);
  add(latency);
  auto jitter = describe("net.jitter", "net", "Gaussian deviation of that latency", QD_GUARDED);
  bindDuration(jitter, settings_.netJitterNs, settings_.netJitterNs, 500 * kNsPerMs, kNsPerMs);
  add(jitter);
  auto loss = describe("net.loss", "net", "Share of this editor's packets that are lost", QD_GUARDED);
  bindReal(loss, settings_.netLoss, settings_.netLoss, 0, 1, 0.01, "");
  add(loss);
  auto bias = describe("debug.render_bias", "debug", "Draws and aims at everybody so far beside them", QD_DANGEROUS);
  bindReal(bias, settings_.renderBiasM, 0, 0, 1, 0.01, "m");
  add(bias);
  auto drop = describe("debug.drop_inputs", "debug",
                       "So many input packets in a row are lost each second; from 8 on "
                       "redundancy cannot help",
                       QD_DANGEROUS);
  bindInt(drop, settings_.dropInputs, 0, 0, 60, 1, "packets");
  add(drop);
}

}  // namespace qd::stage
