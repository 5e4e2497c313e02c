// SPDX-License-Identifier: Apache-2.0
#include "stage/editor/editor_telemetry.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "stage/netcode/quantize.h"
#include "stage/runtime/probe_kit.h"
#include "stage/runtime/udp.h"

namespace qd::stage {
namespace {

constexpr const char* kStateNames[] = {"disconnected", "connecting", "connected", "stalled"};

std::uint32_t modeFlag(View::Mode mode) {
  switch (mode) {
    case View::Mode::Extrapolated:
      return QD_ENTITY_EXTRAPOLATED;
    case View::Mode::Held:
      return QD_ENTITY_HELD;
    case View::Mode::Interpolated:
      break;
  }
  return QD_ENTITY_INTERPOLATED;
}

qd_entity toEntity(EntityId id, Vec3 pos, Vec3 vel, Quaternion q) {
  const auto unit = [](double v) { return static_cast<std::int16_t>(std::lround(std::clamp(v, -1.0, 1.0) * 32'767)); };
  qd_entity e{};
  e.id = id;
  e.x = pos.x, e.y = pos.y, e.z = pos.z;
  e.vx = static_cast<std::int32_t>(vel.x), e.vy = static_cast<std::int32_t>(vel.y),
  e.vz = static_cast<std::int32_t>(vel.z);
  e.qx = unit(q.x), e.qy = unit(q.y), e.qz = unit(q.z), e.qw = unit(q.w);
  return e;
}

}  // namespace

void EditorTelemetry::poses(const FrameData& frame) {
  if (qd_wants_entities(probe_) == 0) return;
  entities_.clear();
  for (const auto& pose : frame.poses) {
    auto e = toEntity(pose.id, pose.pos, pose.vel, unpackQuaternion(pose.rotation));
    e.flags = modeFlag(pose.mode) | (pose.npc ? std::uint32_t{QD_ENTITY_NPC} : std::uint32_t{QD_ENTITY_PLAYER});
    if (pose.alive) e.flags |= QD_ENTITY_ALIVE;
    if (pose.teleported) e.flags |= QD_ENTITY_TELEPORTED;
    entities_.push_back(e);
  }
  if (frame.predicted > 0) {
    auto e = toEntity(frame.player, frame.ownPicture, frame.own.vel, fromYawPitch(frame.ownYaw, 0));
    e.flags = std::uint32_t{QD_ENTITY_PLAYER} | QD_ENTITY_LOCAL | QD_ENTITY_PREDICTED;
    if (frame.own.alive) e.flags |= QD_ENTITY_ALIVE;
    entities_.push_back(e);
  }
  qd_entities(probe_, QD_ENTITIES_RENDERED, static_cast<std::uint64_t>(frame.view.fixed()), entities_.data(),
              static_cast<std::uint32_t>(entities_.size()));
}

void EditorTelemetry::perFrame(const FrameData& frame) {
  qd_sample_i64(probe_, s_.viewAge, frame.viewAgeNs);
  qd_sample_f64(probe_, s_.bufferDepth, frame.bufferDepth);
  qd_sample_f64(probe_, s_.timeScale, frame.timeScale);
  qd_sample_f64(probe_, s_.predictLead,
                frame.predicted == 0 ? 0 : static_cast<double>(frame.predicted) - frame.serverTick);
  totals_.interpolated += frame.view.mode == View::Mode::Interpolated ? 1 : 0;
  totals_.extrapolated += frame.view.mode == View::Mode::Extrapolated ? 1 : 0;
  totals_.held += frame.view.mode == View::Mode::Held ? 1 : 0;
  totals_.starved += frame.starved ? 1 : 0;
  for (const auto& c : frame.confirmed) {
    if (c.joined) {
      qd_sample_i64(probe_, s_.predictError, c.errorUm);
      totals_.maxPredictErrorUm = std::max(totals_.maxPredictErrorUm, c.errorUm);
    }
    if (c.replayed > 0) {
      qd_sample_i64(probe_, s_.correctionDistance, c.errorUm);
      qd_sample_i64(probe_, s_.replayed, c.replayed);
    }
    if (c.latencyNs > 0) qd_sample_i64(probe_, s_.inputLatency, c.latencyNs);
  }
  for (const auto& arrival : frame.arrivals) {
    qd_sample_i64(probe_, s_.snapshotInterval, arrival.intervalNs);
    qd_sample_i64(probe_, s_.snapshotTick, arrival.tick);
  }
  if (frame.counters.snapshots != lastSnapshot_.snapshots) {
    qd_sample_i64(probe_, s_.snapshotBytes, static_cast<std::int64_t>(frame.counters.lastSnapshotBytes));
    lastSnapshot_ = frame.counters;
  }
}

void EditorTelemetry::combat(const FrameData& frame) {
  for (const auto& shot : frame.shots) {
    if (shot.shot.claimed == 0) continue;
    const auto age = (frame.serverTick - static_cast<double>(shot.shot.view.fixed()) / kFixedOne) * 1e3 / frame.tickHz;
    const qd_field fields[] = {qd_kv("shooter", qd_i64(frame.player)),
                               qd_kv("victim", qd_i64(shot.shot.claimed)),
                               qd_kv("tick", qd_i64(shot.tick)),
                               qd_kv("view_age_ms", qd_f64(age)),
                               qd_kv("x_m", qd_f64(static_cast<double>(shot.shot.claimedPos.x) / 1e6)),
                               qd_kv("y_m", qd_f64(static_cast<double>(shot.shot.claimedPos.y) / 1e6))};
    qd_event(probe_, "combat.hit_predicted", fields, 6);
    if (qd_site_enabled(siteHit_)) qd_site_hit(probe_, siteHit_, fields, 6);
  }
}

// The tick and the fields at which both sides differ, with what was predicted for each tick since they last agreed:
// against the server's own frames of those ticks that tells which tick was the first.
void EditorTelemetry::divergences(const FrameData& frame) {
  static const char* const kNames[Divergence::kMostSteps][4] = {
      {"t0", "x0_m", "y0_m", "alive0"}, {"t1", "x1_m", "y1_m", "alive1"}, {"t2", "x2_m", "y2_m", "alive2"},
      {"t3", "x3_m", "y3_m", "alive3"}, {"t4", "x4_m", "y4_m", "alive4"}, {"t5", "x5_m", "y5_m", "alive5"}};
  const auto metres = [](std::int64_t um) { return qd_f64(static_cast<double>(um) / 1e6); };
  for (const auto& d : frame.divergences) {
    const auto names = differingFields(d.predicted, d.authoritative);
    const auto first = names.substr(0, names.find(','));
    std::vector<qd_field> fields = {qd_kv("player", qd_i64(frame.player)),
                                    qd_kv("tick", qd_i64(d.tick)),
                                    qd_kv("agreed_tick", qd_i64(d.agreed)),
                                    qd_kv("field", qd_text(first.c_str())),
                                    qd_kv("fields", qd_text(names.c_str())),
                                    qd_kv("error_m", metres(distance(d.predicted.pos, d.authoritative.pos))),
                                    qd_kv("replayed", qd_i64(d.replayed))};
    for (std::size_t i = 0; i < std::min<std::size_t>(d.path.size(), Divergence::kMostSteps); ++i) {
      const auto& [tick, state] = d.path[i];
      fields.push_back(qd_kv(kNames[i][0], qd_i64(tick)));
      fields.push_back(qd_kv(kNames[i][1], metres(state.pos.x)));
      fields.push_back(qd_kv(kNames[i][2], metres(state.pos.y)));
      fields.push_back(qd_kv(kNames[i][3], qd_bool(state.alive ? 1 : 0)));
    }
    qd_event(probe_, "predict.diverged", fields.data(), static_cast<std::uint32_t>(fields.size()));
  }
}

void EditorTelemetry::state(const FrameData& frame) {
  if (!frame.notice.empty()) qd_logf(probe_, QD_INFO, "chat", "server says: %s", frame.notice.c_str());
  if (frame.state == lastState_) return;
  const auto level = frame.state == NetState::Stalled || frame.state == NetState::Disconnected ? QD_WARNING : QD_INFO;
  qd_logf(probe_, level, "net", "link %s -> %s", kStateNames[static_cast<int>(lastState_)],
          kStateNames[static_cast<int>(frame.state)]);
  if (frame.state == NetState::Connected && lastState_ == NetState::Connecting) {
    qd_logf(probe_, QD_INFO, "session", "play session started as player %u", frame.player);
  }
  lastState_ = frame.state;
  qd_sample_i64(probe_, s_.netState, static_cast<std::int64_t>(frame.state));
}

void EditorTelemetry::perSecond(const FrameData& frame) {
  const auto frames = std::max<double>(1, static_cast<double>(totals_.frames - second_.frames));
  const auto share = [&](std::uint64_t now, std::uint64_t before) {
    return static_cast<double>(now - before) / frames;
  };
  qd_sample_f64(probe_, s_.interpolated, share(totals_.interpolated, second_.interpolated));
  qd_sample_f64(probe_, s_.extrapolated, share(totals_.extrapolated, second_.extrapolated));
  qd_sample_f64(probe_, s_.held, share(totals_.held, second_.held));
  qd_sample_i64(probe_, s_.starved, static_cast<std::int64_t>(totals_.starved - second_.starved));
  qd_sample_i64(probe_, s_.hitches, static_cast<std::int64_t>(totals_.hitches - second_.hitches));
  const auto since = [](std::uint64_t now, std::uint64_t before) {
    return static_cast<std::int64_t>(now - std::min(now, before));
  };
  const auto& c = frame.counters;
  qd_sample_i64(probe_, s_.corrections, since(c.corrections, lastCounters_.corrections));
  qd_sample_i64(probe_, s_.undecodable, since(c.undecodable, lastCounters_.undecodable));
  qd_sample_i64(probe_, s_.shots, since(c.shots, lastCounters_.shots));
  qd_sample_i64(probe_, s_.reconnects, static_cast<std::int64_t>(c.reconnects));
  if (frame.rttNs > 0) {  // zero: nothing is measured yet
    qd_sample_i64(probe_, s_.rtt, frame.rttNs);
    qd_sample_i64(probe_, s_.rttDev, frame.rttDeviationNs);
    qd_sample_i64(probe_, s_.jitter, frame.jitterNs);
  }
  qd_sample_f64(probe_, s_.loss, frame.loss);
  qd_sample_i64(probe_, s_.burst, static_cast<std::int64_t>(frame.burst));
  qd_sample_i64(probe_, s_.reorder, since(frame.sequence.reordered, lastReorder_));
  qd_sample_i64(probe_, s_.bandwidth, since(frame.bytesIn, lastBytesIn_));
  qd_sample_i64(probe_, s_.bandwidthUp, since(frame.bytesOut, lastBytesOut_));
  qd_sample_f64(probe_, s_.delay, frame.delayTicks);
  qd_sample_i64(probe_, s_.window, frame.window);
  qd_sample_i64(probe_, s_.netState, static_cast<std::int64_t>(frame.state));
  if (totals_.starved - second_.starved > 5) {
    qd_logf(probe_, QD_WARNING, "interp", "snapshot buffer starved in %ld frames of the last second",
            static_cast<long>(totals_.starved - second_.starved));
  }
  lastReorder_ = frame.sequence.reordered;
  lastBytesIn_ = frame.bytesIn;
  lastBytesOut_ = frame.bytesOut;
  lastCounters_ = c;
  second_ = totals_;
}

void EditorTelemetry::frameDone(const FrameData& frame, std::int64_t frameIntervalNs) {
  ++totals_.frames;
  state(frame);
  if (frame.drawn) {
    poses(frame);
    perFrame(frame);
    combat(frame);
    divergences(frame);
  }
  if (qd_site_enabled(siteFrame_)) {
    const qd_field fields[] = {qd_kv("frame", qd_i64(static_cast<std::int64_t>(frame.frameNo))),
                               qd_kv("render_tick", qd_f64(static_cast<double>(frame.view.fixed()) / kFixedOne)),
                               qd_kv("predicted_tick", qd_i64(frame.predicted)),
                               qd_kv("entities", qd_i64(static_cast<std::int64_t>(frame.poses.size()))),
                               qd_kv("view_age_ms", qd_f64(static_cast<double>(frame.viewAgeNs) / 1e6))};
    qd_site_hit(probe_, siteFrame_, fields, 5);
  }
  // A hitch: the time between two frames reached twice the nominal, whatever held it up.
  if (frameIntervalNs > 0) {
    qd_sample_i64(probe_, s_.frameInterval, frameIntervalNs);
    if (frameIntervalNs > hitchNs_) ++totals_.hitches;
  }
  if (frame.second) perSecond(frame);
  if (const auto waited = schedDelay_.takeNs()) qd_sample_i64(probe_, s_.schedDelay, *waited);
  qd_sample_i64(probe_, s_.frameDuration, monotonicNs() - frame.startNs);
}

}  // namespace qd::stage
