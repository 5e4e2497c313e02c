// SPDX-License-Identifier: Apache-2.0
// What the weather does to the game: it limits how far one sees, and with that what the server replicates to whom.
#pragma once

#include <cstdint>

#include "stage/netcode/types.h"

namespace qd::stage {

enum class Weather : std::int32_t { Clear = 0, Rain, Fog, Storm, Snow };
inline constexpr const char* kWeatherNames[] = {"clear", "rain", "fog", "storm", "snow"};

// From 70 m at intensity 0 (clear weather turns hazy) down to the kind's worst at intensity 1.
inline std::int64_t visibilityUm(Weather kind, double intensity) {
  constexpr double kWorstMetres[] = {50, 40, 15, 28, 35};
  const double worst = kWorstMetres[static_cast<int>(kind)];
  return static_cast<std::int64_t>((70 + (worst - 70) * intensity) * kUmPerMetre);
}

}  // namespace qd::stage
