// SPDX-License-Identifier: GPL-3.0-or-later
// One row for each process of a session, as of a moment: what the fleet table shows, in the order of concern. Reads
// the directory, the roll-ups of the last minute where there are any, else the store; keeps nothing. ms, Hz, players;
// an empty optional is "nobody measured it". Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/sketch.h"
#include "core/ingest/directory.h"
#include "core/ingest/rollup_book.h"
#include "core/series/store.h"

namespace qd::fleet {

struct FleetRow {
  ProcessId id;
  ingest::ProcessKind kind = ingest::ProcessKind::Other;
  ingest::ProcessState state = ingest::ProcessState::Running;
  std::string name;
  ProcessId server;            // editors: the server they are connected to
  std::optional<double> rate;  // Hz of ticks; frames a second for an editor
  std::optional<double> wantedRate;
  std::optional<double> players;
  std::optional<double> p99Ms;  // tick.duration, or frame.duration for an editor, over the last ten seconds
  std::optional<double> budgetMs;
  std::optional<TimeNs> age;  // of its newest sample
  bool stale = false;         // running, but nothing came for three intervals (one second at least)
  std::vector<std::pair<std::string, std::string>> labels;
  Sketch work;               // of what p99Ms is of, so that groups can be merged; empty: the store alone knows
  std::vector<float> trend;  // p99 of each of the last kTrend seconds, oldest first; NaN: none
  int members = 0;           // of a group; 0: this is a process
  int troubled = 0;          // of those: over budget, stopped, silent or gone
  std::optional<int> step;   // of load, where FleetOrder remembers one

  std::optional<double> load() const;  // p99 in budgets: 1 is the limit
  std::string label(const std::string& key) const;
};

inline constexpr int kTrend = 60;

// As of `now`; processes not yet seen then are left out. `rollups` may be null.
std::vector<FleetRow> fleetRows(const ingest::Directory& directory, const series::Store& store, TimeNs now,
                                const ingest::RollupBook* rollups = nullptr);

// The members as one row: players added up, the p99 of all their ticks together (merged sketches, not a mean of p99s),
// trend the worst of each second. The budget is the tightest of theirs.
FleetRow groupRow(const std::string& name, const std::vector<const FleetRow*>& members);

// 0 worst: over budget, stopped or just gone; 1 silent; 2 running; 3 long gone.
int concernOf(const FleetRow& row);

// Worst first: over budget, parked or gone within the last minute; then stale ones; then by load in steps of a tenth
// of the budget (so that rows do not dance), servers before editors, by name. Long-gone processes come last.
bool worse(const FleetRow& a, const FleetRow& b);

// The keys by which rows can be grouped: labels that at least one process carries, in alphabetical order.
std::vector<std::string> labelKeys(const std::vector<FleetRow>& rows);

}  // namespace qd::fleet
