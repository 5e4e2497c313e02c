// SPDX-License-Identifier: Apache-2.0
// Who is or was here: agents and processes with their declarations, as of now or as of any moment of the session.
// Written by the source thread (EventSink), read by any thread; what is returned is immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"

namespace qd::ingest {

using ProcessInfoPtr = std::shared_ptr<const ProcessInfo>;

struct AgentInfo {
  AgentId id;
  AgentState state = AgentState::Connecting;
  std::string version, reason;
  std::optional<ClockSample> clock;
};

class Directory final : public EventSink {
 public:
  static constexpr TimeNs kNow = INT64_MAX;

  Directory();
  ~Directory() override;
  void on(const EnvelopePtr& envelope) override;

  std::uint64_t revision() const;  // +1 at every change
  // In order of first appearance. `asOf`: the state at that moment (processes not yet seen are left out).
  std::vector<ProcessInfoPtr> processes(TimeNs asOf = kNow) const;
  ProcessInfoPtr process(const ProcessId& id, TimeNs asOf = kNow) const;  // null: unknown
  std::vector<ProcessId> editorsOf(const ProcessId& server) const;
  std::vector<AgentInfo> agents() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::ingest
