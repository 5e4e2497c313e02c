// SPDX-License-Identifier: Apache-2.0
// One shot as both sides saw it, out of the server's event combat.hit: the ray, where the shooter's client drew the
// target, where the server rewound it to, where it was when it judged, and both verdicts. That picture, drawn, is how
// off-by-one-tick errors of lag compensation are found. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/ingest/events.h"

namespace qd::netcode {

struct PlanePoint {
  double x = 0, y = 0;  // m
};

struct Shot {
  static constexpr double kRadius = 0.45;  // m, of the hit box where the event names none

  ProcessId server;
  Tick tick = 0;  // at which the server judged it
  TimeNs time = 0;
  std::uint32_t shooter = 0, target = 0;
  std::uint32_t claimed = 0, hit = 0;  // whom the client saw hit, whom the server let be hit; 0: nobody
  bool clientHit = false, serverHit = false;
  std::string rule;  // why it was refused by rule: too_old, dead, …; empty: by geometry alone
  double rewindMs = 0;
  std::optional<double> rewindErrorM;
  double radius = kRadius;
  std::optional<PlanePoint> origin;              // of the shooter
  std::optional<double> yaw;                     // rad, of the ray
  std::optional<PlanePoint> seen, rewound, now;  // the target's middle
  std::optional<double> seenTick, usedTick;      // fractional: drawn by the client, rewound to by the server
  bool agree() const { return clientHit == serverHit; }
};

// Empty where the event is another one or names no shooter.
std::optional<Shot> shotOf(const ingest::GameEvent& event);

// "client hit · server miss (too old)"
std::string verdictText(const Shot& shot);

}  // namespace qd::netcode
