// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that the world view draws of one moment, gathered by the panel, and what of it is chosen. Plain values.
#pragma once

#include <QString>
#include <map>
#include <optional>
#include <vector>

#include "core/base/ids.h"
#include "core/netcode/shot.h"
#include "widgets/world/scene.h"

namespace qd::widgets::world {

// The environment, where it is known.
struct Surroundings {
  QString weather;                   // "rain 0.30"
  std::optional<double> visibility;  // m: how far one sees, and what one is told about
};

struct Picture {
  ProcessId server;
  std::vector<ProcessId> editors;  // in the order of Ghost::editor
  Scene scene;
  Surroundings surroundings;
  std::vector<Trail> trails;
  std::vector<netcode::Shot> shots;  // oldest first
  std::map<std::uint32_t, std::string> names;
  std::optional<TimeNs> age;  // of the newest frame, where it is stale
};

}  // namespace qd::widgets::world
