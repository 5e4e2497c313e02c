// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/changes.h"

namespace qd::ingest {

bool isOver(ChangePhase phase) {
  return phase == ChangePhase::Done || phase == ChangePhase::Reverted || phase == ChangePhase::Failed;
}

const char* name(ChangePhase phase) {
  constexpr const char* kNames[] = {"planned", "pushing", "soaking",   "holding",  "paused",
                                    "leased",  "done",    "reverting", "reverted", "failed"};
  return kNames[static_cast<int>(phase)];
}

const char* name(TargetState state) {
  constexpr const char* kNames[] = {"waiting",  "pushing",  "applied", "reverting",
                                    "reverted", "rejected", "unknown", "foreign"};
  return kNames[static_cast<int>(state)];
}

const char* name(GuardState state) {
  constexpr const char* kNames[] = {"gathering", "passing", "paused", "breached"};
  return kNames[static_cast<int>(state)];
}

}  // namespace qd::ingest
