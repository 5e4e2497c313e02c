// SPDX-License-Identifier: Apache-2.0
// The events of a recording that tell of a state (who is there with which declarations, parameters, breakpoints,
// groups, hits, agents, gaps) or of what somebody did (pushes, actions, marks), without its log lines, game events and
// samples: found through an index, so that they cost what they are, not what the recording holds. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/recording/recording.h"

namespace qd::recording {

// Those kinds, and the ones that are left.
std::vector<std::string_view> stateKinds();
std::vector<std::string_view> lineKinds();  // log lines and game events

// Events of some kinds in replay order. Reads from the Recording, which must outlive it.
class EventCursor {
 public:
  // Those at or after (`at`).
  EventCursor(const Recording& file, const std::vector<std::string_view>& kinds, TimeNs from = INT64_MIN);
  ~EventCursor();
  std::optional<Placed> next();  // empty: the end
  const std::vector<Damage>& damaged() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// All state events up to the moment, in replay order; what was left out because it is damaged.
Result<std::vector<Damage>> readStateEvents(const Recording& file, TimeNs until,
                                            const std::function<void(const ingest::EnvelopePtr&)>& each);

}  // namespace qd::recording
