// SPDX-License-Identifier: Apache-2.0
// What a server says of one of its players around a moment, held against what was usual for that player and against the
// other players at the same time: was it this one alone, or everybody? For players whose client is not instrumented
// that is all there is; for the others it stands beside the five layers (stutter.h). Reads the series with the
// dimension `client`. Reads the store only; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/series/store.h"

namespace qd::analysis {

struct PlayerFigure {
  std::string series, unit;
  double value = 0;                     // the worst around the moment
  std::optional<double> usual, others;  // median of this player before; of the other players at that moment
  bool wrong = false;                   // far beyond what was usual
  bool shared = false;                  // and the others' is as well
};

struct PlayerMoment {
  ProcessId server;
  std::uint32_t player = 0;
  std::vector<PlayerFigure> figures;  // empty: the server says nothing of that player then
  std::string says;                   // one or two sentences
};

PlayerMoment playerAt(const series::Store& store, const ProcessId& server, std::uint32_t player, TimeNs time);

}  // namespace qd::analysis
