// SPDX-License-Identifier: Apache-2.0
// Who is and was here, with the parameter values in force and the registry of breakpoints and groups: the state beside
// the log. Written by the loop thread, copied out by any. Processes that are gone stay for `keep` (30 minutes), so that
// what the log holds of them can be understood.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/value.h"
#include "core/serve/backend.h"

namespace qd::daemon {

class ProcessTable {
 public:
  explicit ProcessTable(Duration keep = Duration{1800 * kNsPerSecond}) : keep_(keep) {}

  // A new instance of a known id moves the one before to the earlier ones.
  void put(const ingest::ProcessInfo& info);
  void setTick(const ProcessId& id, Tick tick);
  void setParameters(const ingest::ProcessRef& process, const std::vector<ingest::ParameterValue>& values);
  void setBreakpoint(const ingest::Breakpoint& breakpoint);
  void setGroup(const ingest::LinkGroup& group);
  void setHit(const ingest::Hit& hit);                // kept while its group stands at it
  void setChange(const ingest::ChangeState& change);  // the newest 100 that are over stay
  void setShared(const ingest::SharedItem& item);
  void forgetGone(TimeNs now);

  std::optional<ingest::ProcessInfo> find(const ProcessId& id) const;
  std::optional<ingest::ProcessInfo> find(const ingest::ProcessRef& process) const;  // that instance
  std::vector<ingest::ParameterValue> parameters(const ProcessId& id) const;
  std::optional<ingest::ParameterValue> parameter(const ProcessId& id, const std::string& name) const;  // if it is here
  std::optional<ingest::ChangeState> change(const std::string& id) const;
  std::vector<ingest::ProcessInfo> all() const;
  void fill(serve::Snapshot& snapshot) const;

 private:
  struct Row {
    ingest::ProcessInfo info;
    TimeNs goneAt = 0;
    std::map<std::string, ingest::ParameterValue> parameters;
  };
  Row* rowOf(const ProcessId& id);
  const Row* rowOf(const ProcessId& id) const;

  const Duration keep_;
  mutable std::mutex mutex_;
  std::vector<Row> rows_;                            // in order of first appearance
  std::unordered_map<std::string, std::size_t> at_;  // by id: place in rows_
  std::vector<Row> earlier_;                         // replaced instances, oldest first
  std::map<std::string, ingest::Breakpoint> breakpoints_;
  std::map<std::string, ingest::LinkGroup> groups_;
  std::map<std::string, ingest::Hit> hits_;   // by group
  std::vector<ingest::ChangeState> changes_;  // in order of their beginning
  std::map<std::string, ingest::SharedItem> shared_;
};

}  // namespace qd::daemon
