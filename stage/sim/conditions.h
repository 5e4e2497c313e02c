// SPDX-License-Identifier: Apache-2.0
// The condition grid of the netcode: round trip × jitter × loss, and the special paths beside it; each run in virtual
// time to one row of results. Jitter is the deviation per direction, loss is per direction. One seed gives one result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stage/sim/measures.h"

namespace qd::stage {

struct Condition {
  std::string name;
  double rttMs = 0, jitterMs = 0, loss = 0;
  PathSettings path;
  std::int64_t blackoutEveryNs = 0, blackoutNs = 0;
  std::int32_t lagcompMethod = 0;  // as Settings
  bool exactClock = true;
};

// RTT {0, 50, 100, 200, 300} × jitter {0, 5, 20, 50} × loss {0, 1, 5, 10, 33} %.
std::vector<Condition> gridConditions();
// A 250 ms blackout every 5 s, 2 % duplication, 5 % reordering, bursts, 80/20 asymmetry by both methods.
std::vector<Condition> specialConditions();

struct CellOptions {
  int players = 12;
  double seconds = 10, settleSeconds = 3;
  std::uint64_t seed = 1;
  std::int64_t maxRewindNs = 400 * kNsPerMs;
};

struct CellResult {
  Condition condition;
  Figures figures;
  std::uint64_t checksum = 0;
  std::uint64_t reconnects = 0;
};
CellResult runCell(const Condition& condition, const CellOptions& options);

enum class TableFormat { Markdown, Csv, Jsonl };
std::string tableHead(TableFormat format);
std::string tableRow(CellResult& result, TableFormat format);

}  // namespace qd::stage
