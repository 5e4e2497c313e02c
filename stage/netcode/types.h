// SPDX-License-Identifier: Apache-2.0
// The words that all of the stage's netcode shares. Positions are integer µm, velocities µm/s, angles 1/65536 of a
// turn, times integer ns of whichever clock the name says. Plain values; any thread.
#pragma once

#include <cmath>
#include <cstdint>

namespace qd::stage {

using Tick = std::int64_t;
using EntityId = std::uint32_t;

inline constexpr std::int64_t kNsPerMs = 1'000'000;
inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;
inline constexpr std::int64_t kUmPerMm = 1'000;
inline constexpr std::int64_t kUmPerMetre = 1'000'000;
// A render time or a fraction of a tick: 48.16 fixed point.
inline constexpr std::int64_t kFixedOne = 65'536;
inline constexpr std::size_t kMtuPayload = 1'200;

struct Vec3 {
  std::int64_t x = 0;
  std::int64_t y = 0;
  std::int64_t z = 0;
  friend bool operator==(const Vec3&, const Vec3&) = default;
  friend Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
};

// The length in µm, rounded.
inline std::int64_t length(Vec3 v) {
  const auto x = static_cast<double>(v.x), y = static_cast<double>(v.y), z = static_cast<double>(v.z);
  return static_cast<std::int64_t>(std::llround(std::sqrt(x * x + y * y + z * z)));
}

inline std::int64_t distance(Vec3 a, Vec3 b) {
  return length(a - b);
}

enum class EntityKind : std::uint8_t { Player = 0, Npc = 1 };

// One entity as the simulation has it: what is replicated, kept for rewinding and published to the network thread.
struct EntityState {
  EntityId id = 0;
  EntityKind kind = EntityKind::Player;
  bool alive = true;
  std::uint8_t teleports = 0;  // +1 at each spawn or teleport: two states are joined only when it is the same
  std::uint8_t health = 100;
  std::uint16_t yaw = 0;
  std::int16_t pitch = 0;
  Vec3 pos;
  Vec3 vel;
  friend bool operator==(const EntityState&, const EntityState&) = default;
};

}  // namespace qd::stage
