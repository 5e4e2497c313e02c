// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/interpolation.h"

#include <algorithm>
#include <cmath>

#include "stage/netcode/quantize.h"

namespace qd::stage {
namespace {

constexpr std::int64_t kMaxExtrapolationMs = 100;

std::int64_t lerp(std::int64_t a, std::int64_t b, std::int64_t alpha) {
  return a + (b - a) * alpha / kFixedOne;
}

std::int64_t hermite(std::int64_t a, std::int64_t va, std::int64_t b, std::int64_t vb, double t, double seconds) {
  const double t2 = t * t, t3 = t2 * t;
  const double span = static_cast<double>(b - a);  // relative to a: positions need more bits than the offsets
  const double value = (t3 - 2 * t2 + t) * seconds * static_cast<double>(va) + (-2 * t3 + 3 * t2) * span +
                       (t3 - t2) * seconds * static_cast<double>(vb);
  return a + std::llround(value);
}

}  // namespace

Vec3 between(Vec3 pa, Vec3 va, Vec3 pb, Vec3 vb, std::int64_t alpha, double tangents) {
  if (tangents <= 0 || alpha > kFixedOne) {
    return {lerp(pa.x, pb.x, alpha), lerp(pa.y, pb.y, alpha), lerp(pa.z, pb.z, alpha)};
  }
  const double t = static_cast<double>(alpha) / static_cast<double>(kFixedOne);
  return {hermite(pa.x, va.x, pb.x, vb.x, t, tangents), hermite(pa.y, va.y, pb.y, vb.y, t, tangents),
          hermite(pa.z, va.z, pb.z, vb.z, t, tangents)};
}

double hermiteSeconds(Tick a, Tick b, int tickHz) {
  return (b - a) * 30 > tickHz ? static_cast<double>(b - a) / tickHz : 0;
}

double DelayRule::ticks() const {
  return std::max(2 * intervalTicks, std::min(6 * intervalTicks, intervalTicks + 1.25 * deviationTicks));
}

int DelayRule::window() const {
  return std::clamp(8 + 2 * static_cast<int>(std::lround(deviationTicks)), 4, 32);
}

void RenderClock::onSnapshot(Tick tick, std::int64_t tickTimeNs, std::int64_t nowNs, bool parked, int tickHz,
                             int snapshotHz) {
  if (parked_ && tick <= anchorTick_ && !parked) return;  // sent before the stop, overtaken by the news of it
  // A snapshot that is resent while the server stands says nothing about the path; its tick is old by intent.
  if (!parked) transit_.add(nowNs - tickTimeNs);
  if (tick < anchorTick_) return;
  anchorTick_ = tick;
  anchorTime_ = tickTimeNs;
  parked_ = parked;
  tickHz_ = std::max(1, tickHz);
  snapshotHz_ = std::clamp(snapshotHz, 1, tickHz_);
}

DelayRule RenderClock::rule() const {
  return {static_cast<double>(tickHz_) / snapshotHz_, transit_.deviationNs() * tickHz_ / kNsPerSecond};
}

double RenderClock::deviationTicks() const {
  return rule().deviationTicks;
}

double RenderClock::newestExpected(std::int64_t nowNs) const {
  if (parked_ || !transit_.any()) return static_cast<double>(anchorTick_);
  const auto serverNs = nowNs - transit_.meanNs() - anchorTime_;
  return static_cast<double>(anchorTick_) + static_cast<double>(serverNs) * tickHz_ / kNsPerSecond;
}

std::int64_t RenderClock::advance(std::int64_t nowNs, std::int64_t fixedDelayNs) {
  if (anchorTick_ < 0) return 0;
  delay_ = fixedDelayNs > 0 ? static_cast<double>(fixedDelayNs) * tickHz_ / kNsPerSecond : rule().ticks();
  // While the server stands there is nothing to wait for: run on up to the tick it stopped at.
  const double target = newestExpected(nowNs) - (parked_ ? 0 : delay_);
  if (!started_) {
    started_ = true;
    value_ = std::max(0.0, target);
    lastNs_ = nowNs;
    return value();
  }
  const double elapsed = static_cast<double>(nowNs - lastNs_) * tickHz_ / kNsPerSecond;
  lastNs_ = nowNs;
  const double error = target - (value_ + elapsed);
  const double before = value_;
  if (error >= 10) {
    value_ = target;
    ++jumps_;
  } else if (error <= -10) {
    scale_ = 0;  // far ahead, as after a change of server: wait
  } else {
    scale_ = std::clamp(1 + 0.1 * error, 0.85, 1.1);
    value_ += elapsed * scale_;
  }
  if (parked_) value_ = std::min(value_, static_cast<double>(anchorTick_));
  value_ = std::max(value_, before);
  return value();
}

void SnapshotBuffer::add(const Snapshot& snapshot) {
  const auto at = std::lower_bound(buffer_.begin(), buffer_.end(), snapshot.tick,
                                   [](const Snapshot& s, Tick tick) { return s.tick < tick; });
  if (at != buffer_.end() && at->tick == snapshot.tick) return;
  buffer_.insert(at, snapshot);
  while (buffer_.size() > kSize) buffer_.pop_front();
}

const Snapshot* SnapshotBuffer::at(Tick tick) const {
  const auto it = std::lower_bound(buffer_.begin(), buffer_.end(), tick,
                                   [](const Snapshot& s, Tick wanted) { return s.tick < wanted; });
  return it != buffer_.end() && it->tick == tick ? &*it : nullptr;
}

bool SnapshotBuffer::view(std::int64_t renderFixed, int tickHz, bool parked, View& out) const {
  if (buffer_.empty()) return false;
  const auto after = std::upper_bound(buffer_.begin(), buffer_.end(), renderFixed,
                                      [](std::int64_t fixed, const Snapshot& s) { return fixed < s.tick * kFixedOne; });
  if (after == buffer_.begin()) {
    out = {after->tick, after->tick, 0, View::Mode::Held};
    return true;
  }
  const auto& a = *std::prev(after);
  const std::int64_t past = renderFixed - a.tick * kFixedOne;
  if (after != buffer_.end()) {
    out = {a.tick, after->tick, past / (after->tick - a.tick), View::Mode::Interpolated};
    return true;
  }
  if (past == 0 || parked || buffer_.size() < 2) {
    out = {a.tick, a.tick, 0, past == 0 || parked ? View::Mode::Interpolated : View::Mode::Held};
    return true;
  }
  const auto& before = *std::prev(after, 2);
  const std::int64_t limit = kMaxExtrapolationMs * tickHz * kFixedOne / 1'000;
  const std::int64_t span = a.tick - before.tick;
  const auto mode = past > limit ? View::Mode::Held : View::Mode::Extrapolated;
  out = {before.tick, a.tick, kFixedOne + std::min(past, limit) / span, mode};
  return true;
}

void SnapshotBuffer::poses(const View& view, int tickHz, std::vector<Pose>& out) const {
  out.clear();
  const Snapshot* a = at(view.a);
  const Snapshot* b = at(view.b);
  if (a == nullptr || b == nullptr) return;
  const double tangents = hermiteSeconds(view.a, view.b, tickHz);
  const auto& seen = view.alpha >= kFixedOne ? *b : *a;
  for (const auto& e : seen.entities) {
    const NetEntity* from = a->find(e.id);
    const NetEntity* to = b->find(e.id);
    // At the rim of interest one of the two may be missing. Drawn there without a path, it would stand still while the
    // server moves it on, and a shot at it would be judged elsewhere than it was seen.
    if (from == nullptr || to == nullptr) continue;
    Pose pose{e.id, e.npc(), e.alive(), false, e.health, e.pos(), e.vel(), e.rotation, view.mode};
    if (from != to && from->teleports == to->teleports) {
      const auto alpha = static_cast<double>(view.alpha) / static_cast<double>(kFixedOne);
      pose.pos = between(from->pos(), from->vel(), to->pos(), to->vel(), view.alpha, tangents);
      pose.rotation =
          packQuaternion(slerp(unpackQuaternion(from->rotation), unpackQuaternion(to->rotation), std::min(alpha, 1.0)));
    } else if (from != to) {
      pose.teleported = true;
    }
    out.push_back(pose);
  }
}

}  // namespace qd::stage
