// SPDX-License-Identifier: Apache-2.0
// The orders about changes and the audit's records, as plain values: shared by the console's link, the service and the
// agent. Values only; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/changes.h"
#include "core/ingest/events.h"

namespace qd::control {

enum class ChangeWord { Hold, Pause, GoOn, Revert, Keep };
struct ChangeVerb {
  std::string id;  // empty: every change that is not over
  ChangeWord word = ChangeWord::Hold;
  std::string who, from, comment;
};

// What a target of a change should have. Level-triggered: said again and again, and carried out once.
enum class Goal { Untouched, Apply, Revert, Settle };
struct ChangeSync {
  ingest::ChangePlan plan;
  std::uint64_t fence = 0;  // rises with every coordinator; an older one is refused
  Duration ttl;             // how long this holds without another word
  std::vector<std::pair<ProcessId, Goal>> goals;
};

// One record of the audit. `hash` covers everything before it and, through `previous`, all records before.
struct AuditRecord {
  std::uint64_t number = 0;
  TimeNs time = 0;
  std::string who, from, what, why, outcome;
  std::string previous, hash;  // SHA-256, hexadecimal
};
struct AuditPage {
  std::vector<AuditRecord> records;
  std::uint64_t headNumber = 0;
  std::string headHash;
};

struct SharedWrite {
  ingest::SharedItem item;  // removed: deletes it
  std::optional<std::uint64_t> expectedRevision;
  Duration ttl;  // 0: stays
};
struct AdoptOrder {
  ProcessId process;
  std::vector<std::string> names;  // empty: all that drifted
  std::string who, from, comment;
};

using ChangeDone = std::function<void(Result<ingest::ChangeState>)>;
using ChangesDone = std::function<void(Result<std::vector<ingest::ChangeState>>)>;
using AuditDone = std::function<void(Result<AuditPage>)>;
using SharedDone = std::function<void(Result<std::vector<ingest::SharedItem>>)>;
using AdoptDone = std::function<void(Result<ingest::ParameterChange>)>;

}  // namespace qd::control
