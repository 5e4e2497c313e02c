// SPDX-License-Identifier: GPL-3.0-or-later
// One row for each process of a session, as of a moment: what the fleet table shows, in the order of concern. Reads
// the directory and the store, keeps nothing. ms, Hz, players; an empty optional is "nobody measured it". Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ingest/directory.h"
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

  std::optional<double> load() const;  // p99 in budgets: 1 is the limit
  std::string label(const std::string& key) const;
};

// As of `now`; processes not yet seen then are left out.
std::vector<FleetRow> fleetRows(const ingest::Directory& directory, const series::Store& store, TimeNs now);

// Worst first: over budget, parked or gone within the last minute; then stale ones; then by load in steps of a tenth
// of the budget (so that rows do not dance), servers before editors, by name. Long-gone processes come last.
bool worse(const FleetRow& a, const FleetRow& b);

// The keys by which rows can be grouped: labels that at least one process carries, in alphabetical order.
std::vector<std::string> labelKeys(const std::vector<FleetRow>& rows);

}  // namespace qd::fleet
