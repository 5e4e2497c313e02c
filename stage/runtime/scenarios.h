// SPDX-License-Identifier: Apache-2.0
// The named drills: incidents to practise on. Each is a list of steps in time, in the words of the server's own
// parameters, so that whatever a drill does can also be done by hand. docs/drills.md tells what the console shows and
// how one finds the cause. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stage/netcode/types.h"

namespace qd::stage {

struct ScenarioStep {
  enum class What { Number, Duration, Choice, Count, AsStarted, Crash, KickShare };
  std::int64_t atNs = 0;  // from the start of the round
  What what = What::Number;
  const char* parameter = "";
  double value = 0;  // a number; durations in ms; a share
  const char* choice = "";
};

struct Scenario {
  const char* name;
  const char* summary;   // one sentence, for --help
  bool network;          // can be scoped to one player
  std::int64_t roundNs;  // begins anew after this; 0: once
  std::vector<ScenarioStep> steps;
};

const std::vector<Scenario>& scenarios();
const Scenario* findScenario(std::string_view name);
// "latency-step, jitter-storm, …"
std::string scenarioNames();

}  // namespace qd::stage
