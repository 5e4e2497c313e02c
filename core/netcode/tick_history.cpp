// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/tick_history.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/wrapping.h"

namespace qd::netcode {
namespace {

constexpr double kPerMetre = 1e-6;
constexpr std::uint64_t kFixedOne = 1u << 16;

// The tangents are those of the recorded velocities, over the seconds between the frames.
struct Hermite {
  double s, seconds;

  double position(double p0, double v0, double p1, double v1) const {
    const double s2 = s * s, s3 = s2 * s;
    return (2 * s3 - 3 * s2 + 1) * p0 + (s3 - 2 * s2 + s) * seconds * v0 + (3 * s2 - 2 * s3) * p1 +
           (s3 - s2) * seconds * v1;
  }
  double velocity(double p0, double v0, double p1, double v1) const {
    const double s2 = s * s;
    const double slope = (6 * s2 - 6 * s) * (p0 - p1) / seconds;
    return slope + (3 * s2 - 4 * s + 1) * v0 + (3 * s2 - 2 * s) * v1;
  }
};

struct Axis {
  double position = 0, velocity = 0;  // m, m/s
};

// Relative to the first position, so that no precision is lost far from the origin.
Axis curve(const Hermite& h, std::int64_t p0, std::int64_t v0, std::int64_t p1, std::int64_t v1) {
  const double rise = static_cast<double>(wrappingMinus(p1, p0));
  const auto a = static_cast<double>(v0), b = static_cast<double>(v1);
  return {(static_cast<double>(p0) + h.position(0, a, rise, b)) * kPerMetre, h.velocity(0, a, rise, b) * kPerMetre};
}

bool tooWide(const TickFrame& a, const TickFrame& b) {
  const Tick ticks = wrappingMinus(b.frame->tick, a.frame->tick);
  return ticks < 0 || ticks > TickHistory::kWidestGap;
}

Pose poseAt(const ingest::EntityFrame& f, std::size_t i) {
  const auto m = [](std::int64_t micro) { return static_cast<double>(micro) * kPerMetre; };
  return {m(f.x[i]), m(f.y[i]), m(f.z[i]), m(f.vx[i]), m(f.vy[i]), m(f.vz[i]), f.flags[i]};
}

}  // namespace

bool sound(const ingest::EntityFrame& f) {
  const std::size_t n = f.ids.size();
  return f.x.size() == n && f.y.size() == n && f.z.size() == n && f.vx.size() == n && f.vy.size() == n &&
         f.vz.size() == n && f.flags.size() == n && (f.rotation.empty() || f.rotation.size() == 4 * n);
}

EntityIndex::EntityIndex(const ingest::EntityFrame& frame) {
  if (std::is_sorted(frame.ids.begin(), frame.ids.end())) return;
  order_.resize(frame.ids.size());
  std::iota(order_.begin(), order_.end(), 0u);
  std::sort(order_.begin(), order_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return frame.ids[a] < frame.ids[b]; });
}

std::optional<std::size_t> EntityIndex::find(const ingest::EntityFrame& frame, std::uint32_t id) const {
  if (order_.empty()) {
    const auto found = std::lower_bound(frame.ids.begin(), frame.ids.end(), id);
    if (found == frame.ids.end() || *found != id) return std::nullopt;
    return static_cast<std::size_t>(found - frame.ids.begin());
  }
  const auto found = std::lower_bound(order_.begin(), order_.end(), id,
                                      [&](std::uint32_t i, std::uint32_t wanted) { return frame.ids[i] < wanted; });
  if (found == order_.end() || frame.ids[*found] != id) return std::nullopt;
  return *found;
}

void TickHistory::nominalHz(double hz) {
  nominal_ = hz > 0 ? 1 / hz : 0;
}

void TickHistory::add(EntityFramePtr frame) {
  TickFrame made{frame, EntityIndex(*frame)};
  if (frames_.empty() || frames_.back().frame->tick < frame->tick) {
    if (!frames_.empty()) {
      const ingest::EntityFrame& before = *frames_.back().frame;
      const double ticks = static_cast<double>(wrappingMinus(frame->tick, before.tick));
      const double seconds = static_cast<double>(wrappingMinus(frame->time, before.time)) / 1e9 / ticks;
      // A pause is no tick rate.
      if (seconds > 0 && seconds < 1) measured_ += (seconds - measured_) * (measured_ == 0 ? 1.0 : 0.05);
    }
    frames_.push_back(std::move(made));
    return;
  }
  const auto place = std::lower_bound(frames_.begin(), frames_.end(), frame->tick,
                                      [](const TickFrame& f, Tick tick) { return f.frame->tick < tick; });
  if (place != frames_.end() && place->frame->tick == frame->tick) return;
  frames_.insert(place, std::move(made));
}

void TickHistory::trim(std::size_t mostFrames) {
  while (frames_.size() > mostFrames) frames_.pop_front();
}

void TickHistory::clear() {
  frames_.clear();
  measured_ = 0;
}

double TickHistory::secondsPerTick() const {
  if (nominal_ == 0) return measured_;
  const bool agrees = measured_ == 0 || std::abs(measured_ - nominal_) < 0.2 * nominal_;
  return agrees ? nominal_ : measured_;
}

EntityFramePtr TickHistory::atOrBefore(Tick tick) const {
  const auto after = std::upper_bound(frames_.begin(), frames_.end(), tick,
                                      [](Tick t, const TickFrame& f) { return t < f.frame->tick; });
  return after == frames_.begin() ? nullptr : std::prev(after)->frame;
}

TickHistory::Around TickHistory::around(std::uint64_t tick48_16) const {
  const auto tick = static_cast<Tick>(tick48_16 / kFixedOne);
  const auto fraction = static_cast<double>(tick48_16 % kFixedOne) / kFixedOne;
  const auto after = std::upper_bound(frames_.begin(), frames_.end(), tick,
                                      [](Tick t, const TickFrame& f) { return t < f.frame->tick; });
  if (after == frames_.begin()) return {};
  const TickFrame& before = *std::prev(after);
  const double passed = static_cast<double>(wrappingMinus(tick, before.frame->tick)) + fraction;
  if (passed == 0) return {&before, nullptr, 0, 0};
  if (after == frames_.end() || tooWide(before, *after)) return {};
  const auto ticks = static_cast<double>(wrappingMinus(after->frame->tick, before.frame->tick));
  return {&before, &*after, passed / ticks, ticks * secondsPerTick()};
}

std::optional<Pose> TickHistory::pose(const Around& around, std::uint32_t entity) {
  if (around.before == nullptr) return std::nullopt;
  const ingest::EntityFrame& a = *around.before->frame;
  const auto i = around.before->index.find(a, entity);
  if (!i) return std::nullopt;
  if (around.after == nullptr) return poseAt(a, *i);
  const ingest::EntityFrame& b = *around.after->frame;
  const auto k = around.after->index.find(b, entity);
  if (!k || (b.flags[*k] & ingest::kEntityTeleported) != 0 || around.seconds <= 0) return std::nullopt;
  const Hermite h{around.share, around.seconds};
  const Axis x = curve(h, a.x[*i], a.vx[*i], b.x[*k], b.vx[*k]);
  const Axis y = curve(h, a.y[*i], a.vy[*i], b.y[*k], b.vy[*k]);
  const Axis z = curve(h, a.z[*i], a.vz[*i], b.z[*k], b.vz[*k]);
  return Pose{x.position, y.position, z.position, x.velocity, y.velocity, z.velocity, a.flags[*i]};
}

}  // namespace qd::netcode
