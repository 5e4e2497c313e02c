// SPDX-License-Identifier: Apache-2.0
#include "core/control/ramp.h"

#include <algorithm>
#include <cmath>

namespace qd::control {
namespace {

constexpr std::int64_t kSoonest = 100 * kNsPerMs;
constexpr std::int64_t kMostMoves = 50;

double between(double a, double b, double share) {
  return share >= 1 ? b : a + (b - a) * share;
}

std::int64_t between(std::int64_t a, std::int64_t b, double share) {
  if (share >= 1) return b;
  return a + static_cast<std::int64_t>(std::llround((static_cast<double>(b) - static_cast<double>(a)) * share));
}

}  // namespace

double rampShare(const ingest::ChangePlan& plan, std::int64_t elapsed) {
  using ingest::RampShape;
  if (plan.ramp == RampShape::None || plan.rampTime.ns <= 0 || elapsed >= plan.rampTime.ns) return 1;
  if (elapsed < 0) return 0;
  const std::int64_t most = plan.ramp == RampShape::Steps ? std::max<std::int64_t>(plan.rampSteps, 2) : kMostMoves;
  const std::int64_t moves = std::clamp<std::int64_t>(plan.rampTime.ns / kSoonest, 1, most);
  // Move k of `moves` happens at k/moves of the time.
  const std::int64_t move = elapsed / std::max<std::int64_t>(plan.rampTime.ns / moves, 1);
  const double share = std::min(1.0, static_cast<double>(move) / static_cast<double>(moves));
  if (plan.ramp == RampShape::Smooth) return share * share * (3 - 2 * share);
  return share;
}

std::int64_t rampElapsed(const ingest::ChangePlan& plan, double share) {
  constexpr std::int64_t kParts = 200;
  for (std::int64_t i = 0; i < kParts; ++i) {
    const std::int64_t elapsed = plan.rampTime.ns / kParts * i;
    if (rampShare(plan, elapsed) >= share) return elapsed;
  }
  return plan.rampTime.ns;
}

bool canRamp(const Value& from, const Value& to) {
  if (from.index() != to.index()) return false;
  if (const auto* a = std::get_if<Vector>(&from)) return a->size() == std::get<Vector>(to).size();
  return std::holds_alternative<double>(from) || std::holds_alternative<std::int64_t>(from) ||
         std::holds_alternative<Duration>(from);
}

double rampPlace(const Value& from, const Value& to, const Value& now) {
  if (!canRamp(from, to) || now.index() != from.index()) return 0;
  const auto first = [](const Value& value) {
    if (const auto* real = std::get_if<double>(&value)) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
    return static_cast<double>(std::get<Duration>(value).ns);
  };
  double a = 0, b = 0, at = 0;
  if (const auto* vector = std::get_if<Vector>(&from)) {
    const auto& end = std::get<Vector>(to);
    std::size_t widest = 0;  // the component that moves most tells best
    for (std::size_t i = 1; i < vector->size(); ++i) {
      if (std::abs(end[i] - (*vector)[i]) > std::abs(end[widest] - (*vector)[widest])) widest = i;
    }
    if (vector->empty() || std::get<Vector>(now).size() != vector->size()) return 0;
    a = (*vector)[widest], b = end[widest], at = std::get<Vector>(now)[widest];
  } else {
    a = first(from), b = first(to), at = first(now);
  }
  return a == b ? 1 : std::clamp((at - a) / (b - a), 0.0, 1.0);
}

Value rampValue(const Value& from, const Value& to, double share) {
  if (share >= 1) return to;
  if (!canRamp(from, to)) return from;
  if (const auto* a = std::get_if<double>(&from)) return between(*a, std::get<double>(to), share);
  if (const auto* a = std::get_if<std::int64_t>(&from)) return between(*a, std::get<std::int64_t>(to), share);
  if (const auto* a = std::get_if<Duration>(&from)) return Duration{between(a->ns, std::get<Duration>(to).ns, share)};
  Vector out = std::get<Vector>(from);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = between(out[i], std::get<Vector>(to)[i], share);
  return out;
}

}  // namespace qd::control
