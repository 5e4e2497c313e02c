// SPDX-License-Identifier: Apache-2.0
// Carries out control::ExperimentRun: an experiment is ordered by writing its shared item, and told by what this agent
// writes there. Its fault is a change of the ChangeDriver. Removing the item of one that is under way aborts it. Loop
// thread only; `done` is called on it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/daemon/audit_log.h"
#include "agent/daemon/change_driver.h"
#include "agent/daemon/process_table.h"
#include "core/control/experiment_text.h"
#include "core/control/shared_store.h"

namespace qd::daemon {

class ExperimentDriver {
 public:
  ExperimentDriver(ProcessTable& table, ChangeDriver& changes, AuditLog& audit, control::SharedStore& store)
      : table_(table), changes_(changes), audit_(audit), store_(store) {}

  void load();  // what an earlier agent left under way is aborted
  // A write of an item whose key is an experiment's. Errors: InvalidArgument, NotFound, Conflict.
  void write(const control::SharedWrite& write, const std::string& from, const control::SharedDone& done);

  bool active() const { return !running_.empty(); }
  void onTime(TimeNs now);

 private:
  struct Running {
    control::ExperimentRun run;
    std::string change;  // its id
    std::uint64_t published = 0;
    TimeNs lookedAt = 0;
  };
  Result<> check(const control::ExperimentPlan& plan) const;
  void carryOut(control::ExperimentRun::Order order, const std::string& key, const Running& running, TimeNs now);
  void publish(const std::string& key, Running& running);

  ProcessTable& table_;
  ChangeDriver& changes_;
  AuditLog& audit_;
  control::SharedStore& store_;
  std::map<std::string, Running> running_;  // by key
};

}  // namespace qd::daemon
