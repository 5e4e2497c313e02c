// SPDX-License-Identifier: Apache-2.0
// What a console wants of an agent, in tiers: one row a second of everything (roll-ups), every sample of what is shown
// or recorded by rule, poses of the worlds that are open. Globs: * any run, ? one character. Values.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace qd::ingest {

// Series of processes. No globs of a kind: all of them. A series must carry each of `dimensions` (values are globs).
struct Selector {
  std::vector<std::string> processGlobs, seriesGlobs;
  std::vector<std::pair<std::string, std::string>> dimensions;
  bool operator==(const Selector&) const = default;
};

struct Interest {
  bool rollups = true;
  std::vector<Selector> full;          // none: no samples
  std::vector<std::string> poseGlobs;  // processes whose entities and frames are wanted; none: nobody's
  bool operator==(const Interest&) const = default;
};

}  // namespace qd::ingest
