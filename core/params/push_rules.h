// SPDX-License-Identifier: Apache-2.0
// Rules of pushing that hold before anything is sent, and the facts that a review shows. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ingest/events.h"
#include "core/params/param_book.h"

namespace qd::params {

// What a review is about: how many edits, to which processes, and the highest risk among them.
struct ReviewFacts {
  std::size_t changes = 0;  // distinct parameter names
  std::vector<ProcessId> targets;
  ingest::Risk risk = ingest::Risk::Safe;
  bool conflict = false;  // some live value moved on since it was staged
};
ReviewFacts reviewFacts(const ParamBook& book, const std::vector<StagedEdit>& edits);

// Sends the order, shows what comes of it in the book, and where the answer was lost asks again until the outcome is
// known (for at most a minute; the agents' own news may still tell it later). Book and port outlive the answers: the
// composition closes the link before the book. `then`: the outcome so far, on a network thread; may be empty.
void pushAndSettle(control::CommandPort& port, ParamBook& book, control::PushOrder order, control::PushDone then = {});

// Empty: may be pushed; else one sentence on what is missing (a comment for dangerous parameters, nothing staged).
std::string whyNotPushable(const ReviewFacts& facts, const std::string& comment);

// What the newest push up to `asOf` that named this parameter of this process came to: empty if there was none.
struct Outcome {
  ingest::PushStatus status = ingest::PushStatus::Unknown;
  Tick tick = 0;
  TimeNs time = 0;
  std::string reason;
};
std::optional<Outcome> newestOutcome(const std::vector<PushRecord>& pushes, const ProcessId& process,
                                     const std::string& name, TimeNs asOf = ParamBook::kNow);

}  // namespace qd::params
