// SPDX-License-Identifier: Apache-2.0
// Entities on circles (v = 5 m/s, r = 2 m), as a server has them and as an editor draws them by linear interpolation.
#pragma once

#include <cmath>
#include <vector>

#include "core/ingest/events.h"

namespace qd::netcode {

struct Circle {
  double radius = 2, speed = 5;  // m, m/s
  double hz = 60;

  // Position and velocity of entity `id` at a fractional tick, m and m/s.
  struct State {
    double x, y, vx, vy;
  };
  State at(double tick, std::uint32_t id) const {
    const double angle = tick / hz * speed / radius + 0.7 * id;
    return {100 + radius * std::cos(angle), -50 + radius * std::sin(angle), -speed * std::sin(angle),
            speed * std::cos(angle)};
  }

  static std::int64_t micro(double value) { return std::llround(value * 1e6); }

  static void push(ingest::EntityFrame& f, std::uint32_t id, double x, double y, double vx, double vy,
                   std::uint32_t flags) {
    f.ids.push_back(id);
    f.x.push_back(micro(x));
    f.y.push_back(micro(y));
    f.z.push_back(0);
    f.vx.push_back(micro(vx));
    f.vy.push_back(micro(vy));
    f.vz.push_back(0);
    f.flags.push_back(flags);
  }

  ingest::EntityFrame server(const ingest::ProcessRef& process, Tick tick,
                             const std::vector<std::uint32_t>& ids) const {
    ingest::EntityFrame f;
    f.process = process;
    f.tick = tick;
    f.time = static_cast<TimeNs>(static_cast<double>(tick) / hz * 1e9);
    f.domain = process.id.value;
    for (const std::uint32_t id : ids) {
      const State s = at(static_cast<double>(tick), id);
      push(f, id, s.x, s.y, s.vx, s.vy, ingest::kEntityNpc | ingest::kEntityAlive);
    }
    return f;
  }

  // Drawn between snapshots that are `every` ticks apart, off by `bias` metres in x.
  ingest::EntityFrame editor(const ingest::ProcessRef& process, Tick frame, std::uint64_t tick48_16,
                             const std::string& domain, const std::vector<std::uint32_t>& ids, Tick every = 1,
                             double bias = 0) const {
    ingest::EntityFrame f;
    f.process = process;
    f.rendered = true;
    f.tick = frame;
    f.domain = domain;
    f.renderTick48_16 = tick48_16;
    const double tau = static_cast<double>(tick48_16) / 65536;
    f.time = static_cast<TimeNs>((tau / hz + 0.1) * 1e9);
    const double a = std::floor(tau / static_cast<double>(every)) * static_cast<double>(every);
    const double share = (tau - a) / static_cast<double>(every);
    for (const std::uint32_t id : ids) {
      const State p = at(a, id), q = at(a + static_cast<double>(every), id);
      push(f, id, p.x + share * (q.x - p.x) + bias, p.y + share * (q.y - p.y), 0, 0,
           ingest::kEntityNpc | ingest::kEntityInterpolated);
    }
    return f;
  }
};

}  // namespace qd::netcode
