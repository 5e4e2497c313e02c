// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/shot.h"

#include <algorithm>

#include "core/netcode/event_fields.h"

namespace qd::netcode {
namespace {

constexpr double kFar = 1e7;  // m: beyond this a coordinate is nonsense

std::optional<PlanePoint> pointOf(const Fields& fields, const std::string& name) {
  const auto x = numberOf(fields, name + "_x_m"), y = numberOf(fields, name + "_y_m");
  if (!x || !y || std::abs(*x) > kFar || std::abs(*y) > kFar) return std::nullopt;
  return PlanePoint{*x, *y};
}

std::optional<double> tickOf(const Fields& fields, const std::string& name) {
  const auto a = numberOf(fields, name + "_a"), b = numberOf(fields, name + "_b");
  const auto alpha = numberOf(fields, name + "_alpha");
  if (!a || !b || !alpha) return std::nullopt;
  return *a + (*b - *a) * *alpha / 65536.0;
}

std::uint32_t idOf(const Fields& fields, const char* name) {
  const auto id = integerOf(fields, name);
  return id && *id >= 0 && *id <= UINT32_MAX ? static_cast<std::uint32_t>(*id) : 0;
}

}  // namespace

std::optional<Shot> shotOf(const ingest::GameEvent& event) {
  if (event.name != "combat.hit") return std::nullopt;
  const Fields& f = event.fields;
  Shot shot;
  shot.shooter = idOf(f, "shooter");
  if (shot.shooter == 0) return std::nullopt;
  shot.server = event.process.id;
  shot.time = event.time;
  shot.tick = integerOf(f, "tick").value_or(event.tick);
  shot.target = idOf(f, "victim");
  shot.clientHit = textOf(f, "client_verdict") == "hit";
  shot.serverHit = textOf(f, "server_verdict") == "hit";
  shot.rule = textOf(f, "rule");
  shot.rewindMs = numberOf(f, "rewind_ms").value_or(0);
  if (const auto error = numberOf(f, "rewind_error_m"); error && *error >= 0) shot.rewindErrorM = error;
  if (const auto radius = numberOf(f, "radius_m"); radius && *radius > 0 && *radius < 100) shot.radius = *radius;
  shot.origin = pointOf(f, "origin");
  shot.yaw = numberOf(f, "yaw_rad");
  shot.claimed = idOf(f, "claimed");
  shot.hit = idOf(f, "hit");
  if (shot.clientHit) shot.seen = pointOf(f, "seen");
  if (shot.rule != "unknown") shot.rewound = pointOf(f, "rewound");
  shot.now = pointOf(f, "now");
  shot.seenTick = tickOf(f, "seen");
  shot.usedTick = tickOf(f, "used");
  return shot;
}

std::string verdictText(const Shot& shot) {
  std::string text =
      std::string("client ") + (shot.clientHit ? "hit" : "miss") + " · server " + (shot.serverHit ? "hit" : "miss");
  if (shot.rule.empty()) return text;
  std::string rule = shot.rule;
  std::ranges::replace(rule, '_', ' ');
  return text + " (" + rule + ")";
}

}  // namespace qd::netcode
