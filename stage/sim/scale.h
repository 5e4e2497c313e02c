// SPDX-License-Identifier: Apache-2.0
// How the stage scales, in virtual time: what one client is sent as the world grows at one density, and what the
// server's side of a tick costs as players and NPCs come into one arena. Sizes are of one seed, to the byte; costs are
// processor time of the one thread that does all of it, so that neither the clients, which run in the same process, nor
// other programs count.
#pragma once

#include <string>

#include "stage/sim/distribution.h"
#include "stage/sim/simulation.h"

namespace qd::stage {

struct ScaleCase {
  int players = 8;
  double npcDensity = 0.125;
  std::int64_t arenaHalfUm = 60 * kUmPerMetre;
  bool storm = false;  // one sees 28 m, else what the weather at the start lets one see
  double seconds = 1, settleSeconds = 2;
};

struct ScaleResult {
  ScaleCase made;
  std::size_t npcs = 0;
  double visible = 0;                            // entities in one client's snapshot, mean
  double snapshotBytes = 0;                      // of one client, mean
  double bytesPerSecond = 0;                     // to one client, UDP/IP headers included
  Distribution tickUs;                           // the world's step and its frame
  Distribution snapshotsUs;                      // a round, all clients
  double playerUs = 0, npcUs = 0, clientUs = 0;  // of one tick, tick, round
  double core = 0;                               // share of a core: ticks and rounds of a second
};

ScaleResult runScale(const ScaleCase& wanted);
// `times` the area of a quarter of the usual arena, with as many times the players and NPCs.
ScaleCase grown(int times);

// The tables of docs/stage-scale.md, as Markdown.
std::string growthTable();
std::string crowdTable();

}  // namespace qd::stage
