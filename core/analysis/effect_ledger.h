// SPDX-License-Identifier: Apache-2.0
// What every push of a session did, live or in a recording: each acknowledged push against each chosen series, by the
// samples that the store holds around its acknowledged time. Untouched are the live servers that this push did not go
// to and that no other push reached within the windows. Reads the store; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/analysis/effect.h"
#include "core/ingest/events.h"
#include "core/series/store.h"

namespace qd::analysis {

struct LedgerPush {
  std::string id;  // of the push, or of the change whose moves these were
  std::string who, comment, what;
  TimeNs time = 0;
  Tick tick = 0;                                        // the first acknowledged
  std::vector<std::pair<ProcessId, TimeNs>> processes;  // with the time of the acknowledgement
  std::vector<ingest::ParameterResult> parameters;      // of the first process
};

struct LedgerRow {
  LedgerPush push;
  std::string series, unit;
  Effect effect;
};

// Pushes that were applied somewhere, oldest first; the moves of one change are one.
std::vector<LedgerPush> ledgerPushes(const std::vector<ingest::PushResult>& results);

// Rows with something to say first, the strongest effect first; `series`: exact names.
std::vector<LedgerRow> ledger(const series::Store& store, const std::vector<LedgerPush>& pushes,
                              const std::vector<ProcessId>& servers, const std::vector<std::string>& series,
                              const EffectOptions& options = {});

}  // namespace qd::analysis
