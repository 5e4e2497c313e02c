// SPDX-License-Identifier: Apache-2.0
// Carries out what control::PushTracker decides: logs, forwards, asks, answers; and runs actions the same way, at most
// once by their id. A push leaves for the probes only when the log has it on disk. Loop thread only; `done` is called
// on it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/daemon/flight_log.h"
#include "agent/daemon/probe_session.h"
#include "core/control/confirmation.h"
#include "core/control/push_tracker.h"
#include "core/ingest/describe.h"

namespace qd::daemon {

class PushDriver {
 public:
  using FindSession = std::function<ProbeSession*(const ProcessId&)>;  // a live one, or null

  // A push or an action was ordered, or has an outcome (who, from, what, why, outcome).
  using Audit = std::function<void(const std::string&, const std::string&, const std::string&, const std::string&,
                                   const std::string&)>;
  // A process has acknowledged a push that is no passing one.
  using Acknowledged = std::function<void(const ingest::PushResult&)>;

  PushDriver(FlightLog& log, FindSession find) : log_(log), find_(std::move(find)) {}
  void setAudit(Audit audit) { audit_ = std::move(audit); }
  void setAcknowledged(Acknowledged acknowledged) { acknowledged_ = std::move(acknowledged); }
  // Is this value the one that the last acknowledged push wanted of the process?
  using Wanted = std::function<bool(const ProcessId&, const std::string& name, const Value&)>;
  void setWanted(Wanted wanted) { wanted_ = std::move(wanted); }

  // What is dangerous needs a reason, and a confirmation that names what it touches (control::checkDangerous); but not
  // what takes back a push of before, nor what was wanted already: that has been confirmed once. Looks at those of
  // `targets` that are live here. Errors: InvalidArgument.
  struct ToCheck {
    std::vector<ProcessId> targets;
    std::vector<control::Assignment> assignments;
    std::string comment, confirmed;
  };
  Result<> check(const ToCheck& order) const;

  // What the log of an earlier agent says of its pushes; what it left open is asked for again by query().
  void recall(std::map<std::string, std::vector<ingest::PushResult>> pushes);
  std::vector<ingest::PushResult> recalled(const std::string& prefix) const;  // of push ids that begin with it
  // An earlier agent logged it and ended before it was sent: known since the process said that it has never seen it.
  bool neverArrived(const std::string& pushId, const ProcessId& process) const;

  void push(control::PushOrder order, control::PushDone done);
  void query(const std::string& pushId, bool settle, control::PushDone done);
  void runAction(control::ActionOrder order, control::ActionDone done);

  void up(const ProbeSession& session);
  void down(const ProcessId& process);
  void on(ingest::PushResult result);
  void on(ingest::ActionResult result);
  void onTime(TimeNs now, std::uint64_t persisted);
  void sendSafe(std::uint64_t persisted);  // what stands in the log up to here
  std::string who(const std::string& pushId) const;
  void failAll(const std::string& reason);  // the agent ends

 private:
  struct Action {
    control::ActionOrder order;
    control::ActionDone done;
    TimeNs deadline = 0;
  };
  struct Recalled {
    std::vector<ingest::PushResult> results;
    std::vector<control::PushDone> waiting;
    TimeNs deadline = 0;
  };
  bool stoodBefore(const ProcessId& process, const control::Assignment& assignment) const;
  control::Touched touched(const std::vector<ProcessId>& targets) const;
  Result<> checkAction(const ingest::ActionSpec& spec, const control::ActionOrder& order) const;
  void settled(const ingest::PushResult& result);
  void perform(control::PushActions actions);
  void queryRecalled(Recalled& push, control::PushDone done);
  bool isRemembered(const ingest::PushResult& result) const;
  bool answersRecalled(const ingest::PushResult& result);
  static void answer(Recalled& push);
  void finish(const std::string& actionId, const Result<ingest::ActionResult>& result);

  FlightLog& log_;
  FindSession find_;
  Audit audit_;
  Acknowledged acknowledged_;
  Wanted wanted_;
  std::map<std::string, std::pair<bool, std::string>> open_;  // by push id: passing?, from
  control::PushTracker tracker_;
  control::WaiterId nextWaiter_ = 1;
  std::map<control::WaiterId, control::PushDone> waiters_;
  std::deque<std::pair<std::uint64_t, control::SendPush>> unsafe_;  // waits for the log to have this sequence on disk
  std::map<std::string, Recalled> recalled_;
  std::set<std::pair<std::string, ProcessId>> neverArrived_;
  std::map<ProcessId, std::uint32_t> sent_;  // pushes that this agent has sent to it
  std::map<std::string, Action> actions_;
  std::deque<ingest::ActionResult> actionResults_;  // the newest
};

}  // namespace qd::daemon
