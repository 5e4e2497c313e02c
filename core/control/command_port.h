// SPDX-License-Identifier: Apache-2.0
// What a person or a script can order a live cluster to do. core/link implements it over gRPC; a replay has none.
// Any thread may call; nothing blocks; each `done` is called exactly once, on a network thread (hand over to your own),
// also when the agent is lost (Unavailable, or Unknown in the results where the outcome is not known).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/value.h"
#include "core/control/change_order.h"
#include "core/control/inspect.h"
#include "core/ingest/events.h"

namespace qd::control {

struct Assignment {
  std::string name;
  Value value;
  std::optional<std::uint64_t> expectedVersion;  // rejected as stale when the live version differs
};

// One change set: atomic in each process, at one tick.
struct PushOrder {
  std::string pushId;  // unique; newPushId() makes one; repeating it is harmless
  std::vector<ProcessId> targets;
  std::vector<Assignment> assignments;
  std::string comment, who;
  Duration timeout{5 * kNsPerSecond};
  std::string from{};       // where it came from, set by the service
  std::string confirmed{};  // what somebody typed where a value is dangerous, as confirmationText() says
  bool temporary = false;   // part of a change that may take it back: no wish that outlives a restart
};
std::string newPushId();

struct ActionOrder {
  std::string actionId;
  ProcessId target;
  std::string name;
  Fields arguments;
  std::string who;
  Duration timeout{5 * kNsPerSecond};
  std::string from{};              // set by the service
  std::string why{}, confirmed{};  // needed by what is dangerous
};

// A breakpoint as somebody wants it; id empty makes a new one, else the one of that id and revision is replaced.
struct BreakpointOrder {
  ingest::Breakpoint wanted;
  std::vector<ProcessId> members;  // empty: every member of the group that has the site
  std::string confirmed{};         // where a process that would stop is live: its id, as somebody typed it
};

using PushDone = std::function<void(Result<std::vector<ingest::PushResult>>)>;  // one result a target
using ActionDone = std::function<void(Result<ingest::ActionResult>)>;
using DebugDone = std::function<void(Result<std::string>)>;  // the id of what was made or changed

class CommandPort {
 public:
  virtual ~CommandPort() = default;

  virtual void push(PushOrder order, PushDone done) = 0;
  // What became of it. `settle`: an agent that has never seen it refuses it from now on, so that the outcome is known.
  virtual void queryPush(const std::string& pushId, bool settle, PushDone done) = 0;
  // After a push of which something is unknown: asks again, every half second, until every outcome is known or `within`
  // is over. What an agent has never seen is refused there from then on, and so Rejected here.
  virtual void settlePush(PushOrder order, Duration within, PushDone done) = 0;
  virtual void runAction(ActionOrder order, ActionDone done) = 0;

  // Changes over time, the audit, and what consoles share. `agent`: an endpoint, empty for the first.
  virtual void startChange(ingest::ChangePlan plan, ChangeDone done) = 0;
  virtual void orderChange(ChangeVerb verb, ChangesDone done) = 0;
  virtual void audit(const std::string& agent, std::uint64_t after, AuditDone done) = 0;
  virtual void shared(const std::string& prefix, SharedDone done) = 0;
  virtual void share(SharedWrite write, SharedDone done) = 0;  // the one item as it is now
  virtual void adopt(AdoptOrder order, AdoptDone done) = 0;

  virtual void setBreakpoint(BreakpointOrder order, DebugDone done) = 0;
  virtual void removeBreakpoint(const std::string& id, DebugDone done) = 0;
  // Makes a group (empty: the first server and its editors).
  virtual void link(std::vector<ProcessId> members, DebugDone done) = 0;
  virtual void unlink(const std::string& group, DebugDone done) = 0;
  virtual void pause(const std::string& group, DebugDone done) = 0;
  virtual void resume(const std::string& group, DebugDone done) = 0;  // group empty: every stopped one
  virtual void step(const std::string& group, std::uint32_t ticks, DebugDone done) = 0;
  // One member alone: the others stand.
  virtual void resumeOne(const std::string& group, const ProcessId& process, DebugDone done) = 0;
  virtual void stepSource(const std::string& group, const ProcessId& process, StepHow how, std::int64_t thread,
                          DebugDone done) = 0;
  virtual void inspect(InspectOrder order, InspectDone done) = 0;
  // While held, the lease of stopped groups is renewed in the background; released or vanished: they resume when the
  // lease runs out.
  virtual void holdLease(bool hold) = 0;
};

}  // namespace qd::control
