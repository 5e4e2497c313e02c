// SPDX-License-Identifier: Apache-2.0
// What is wanted of the processes here, as control::DesiredBook decides: learned from acknowledged pushes and from
// changes that stay, kept in the shared store, told to a process that was started anew, shown beside each live value.
// Also hands shared items on to the consoles. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "agent/daemon/audit_log.h"
#include "agent/daemon/flight_log.h"
#include "agent/daemon/process_table.h"
#include "agent/daemon/push_driver.h"
#include "core/control/desired_book.h"
#include "core/control/shared_store.h"

namespace qd::daemon {

class WishDriver {
 public:
  using Passing = std::function<bool(const std::string& pushId)>;

  WishDriver(FlightLog& log, ProcessTable& table, PushDriver& pushes, AuditLog& audit, control::SharedStore& store)
      : log_(log), table_(table), pushes_(pushes), audit_(audit), store_(store) {
    // An agent that starts anew meets processes that did not: they have what they were given.
    for (const auto& known : table.all()) told_.insert(known.instance);
  }

  // When an earlier agent heard of each instance for the last time. Those that are not back have ended unseen.
  void recall(const std::map<InstanceId, TimeNs>& seen);
  void setPassing(Passing passing) { passing_ = std::move(passing); }
  void load();  // what the store has, once

  void fill(const ProcessId& process, ingest::ParameterValue& value) const;
  bool wants(const ProcessId& process, const std::string& name, const Value& value) const;
  void acknowledged(const ingest::PushResult& result);
  void settled(const ingest::ChangeState& change);
  void shared(const ingest::SharedItem& item);  // a change of the store, also by others
  void up(const ingest::ProcessRef& process);
  void down(const ProcessId& process);
  void lost(const ProcessId& process);  // of an earlier agent, and not back
  // Errors: NotFound, InvalidArgument.
  Result<ingest::ParameterChange> adopt(const control::AdoptOrder& order);

 private:
  struct Before {
    InstanceId instance;
    TimeNs seen = 0, found = 0;  // found 0: it may still come back
  };
  void suspect(const ProcessId& process, TimeNs seen, TimeNs found);
  void want(const ProcessId& process, const std::string& name, control::DesiredValue value);
  void keep(const ProcessId& process);
  void republish(const ingest::ProcessRef& process, const std::set<std::string>& names);

  FlightLog& log_;
  ProcessTable& table_;
  PushDriver& pushes_;
  AuditLog& audit_;
  control::SharedStore& store_;
  Passing passing_;
  control::DesiredBook book_;
  std::set<InstanceId> told_;
  std::map<ProcessId, Before> before_;  // live when an earlier agent ended
};

}  // namespace qd::daemon
