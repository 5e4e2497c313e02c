// SPDX-License-Identifier: Apache-2.0
// One process under one debugger, as the guardian drives it: detached -> attaching -> running -> stopping -> stopped ->
// resuming -> running. The epoch counts confirmed resumes; every `stopped` of one epoch is folded into one Stopped, and
// a stop is called linked only if it was ordered. Bytes go out and come in through the owner, which also sends the
// signal that stops an lldb target. No I/O, no clock of its own. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/debug/dap_client.h"
#include "agent/debug/protocol.h"
#include "agent/debug/quirks.h"

namespace qd::debug {

struct TargetPort {
  std::function<void(std::string)> toAdapter;
  std::function<void(const Told&)> tell;
  std::function<void(int signal)> signal;  // to the process
  std::function<bool()> trapPending;       // whether a SIGTRAP waits for it
  std::function<bool()> processThere;      // and has not ended
  std::function<std::int64_t()> nowNs;     // UTC
};

class Target {
 public:
  Target(DebuggerKind kind, std::int64_t pid, TargetPort port);

  void start();
  void obey(const Order& order);
  Result<> fromAdapter(std::string_view bytes);
  void adapterClosed(const std::string& why);
  void processExited(const std::string& how);
  // Clears every breakpoint, lets the process run, lets go of it; `done` when the debugger has confirmed, or is gone.
  void detach(std::function<void()> done);
  // It should run, nothing is being asked, and yet the owner sees it stopped: the debugger has lost a stop (lldb does,
  // now and then, when breakpoints change while they are hit). Runs it on.
  void unwedge();
  // When onTime() has something to do, as nowNs() counts; nothing: it has not.
  std::optional<std::int64_t> dueNs() const { return gatherAt_; }
  void onTime();
  // It has run undisturbed for so long that no signal of ours is under way any more.
  void settled() { signalsOpen_ = 0; }
  bool shouldRun() const { return state_ == State::Running && dap_.idle(); }
  bool ended() const { return state_ == State::Ended; }
  // The debugger has confirmed that it lets go: it has left nothing in the process.
  bool letGoInOrder() const { return letGoInOrder_; }

 private:
  enum class State { Attaching, Running, Stopping, Stopped, Resuming, Ended };
  void onEvent(const std::string& name, const Json& body);
  void attach(int tries);
  void configure();
  void apply();
  void applyFile(const std::string& file);
  void applyFunctions();
  void applyExceptions();
  std::vector<SourceBreakpoint> withoutRefused(const std::function<bool(const SourceBreakpoint&)>& counts, Json& list);
  void bound(const std::vector<SourceBreakpoint>& asked, const DapAnswer& answer);
  void bindOne(const SourceBreakpoint& asked, const Json& got);
  Json wireOf(const SourceBreakpoint& b) const;
  void stop(std::uint64_t stopId);
  void resume();
  void takeBack(std::uint64_t stopId);
  void step(const Step& order);
  void resumed();
  void inspect(const Inspect& order);
  void seeThreads(Seen seen);
  void seeStack(Seen seen, std::int64_t thread);
  void seeFrame(Seen seen, std::int64_t frame);
  void seeVariables(Seen seen, std::vector<std::int64_t> references);
  void seeExpression(Seen seen, const Inspect& order);
  // Answers `seen` with what went wrong; true: it has.
  bool unseen(Seen& seen, const DapAnswer& answer);
  void onStopped(const Json& body);
  void publishStop();
  void gather(std::int64_t thread);
  void gatherThread(std::int64_t thread);
  void gatherFrames(std::int64_t thread);
  using Stack = std::function<void(const DapAnswer&, std::vector<Frame>)>;
  void askStack(std::int64_t thread, int levels, Stack done);
  void askStackPlainly(std::int64_t thread, int levels, const Stack& done);
  void checkCondition(std::int64_t frame);
  void gatherLocals(std::int64_t frame);
  void locals(const Json& scopes);
  void passOver(std::int64_t frame);
  void failCondition(const std::string& why);
  bool known(const Json& stop) const;
  const SourceBreakpoint* wanted(const std::string& id) const;
  void exitTold(std::int64_t code);
  void end(const Gone& gone);
  void standToLetGo();
  void letGoIfClean();
  void disconnect();

  const Quirks quirks_;
  const std::int64_t pid_;
  TargetPort port_;
  DapClient dap_;
  State state_ = State::Attaching;
  Json capabilities_ = Json::object();
  std::int64_t attachedAt_ = 0, boundAt_ = 0;
  std::vector<SourceBreakpoint> wanted_;
  std::set<std::string> files_;  // that have breakpoints at the debugger
  bool functions_ = false, exceptions_ = false, initialized_ = false, detaching_ = false;
  std::map<std::int64_t, std::string> ids_;  // the debugger's number → our id
  int binding_ = 0;                          // requests for breakpoints that are not answered
  std::optional<Json> early_;                // a stop that waits for such an answer
  std::uint64_t epoch_ = 0;
  std::uint64_t stopId_ = 0;   // of the order that is open
  bool stopWanted_ = false;    // ordered while attaching or resuming
  bool resumeWanted_ = false;  // ordered while stopping
  // lldb's adapter tells of each run, in one order with the stops: what comes before that is of the stop before.
  bool tellsContinued_ = false, continuedDue_ = false;
  int signalsOpen_ = 0;  // SIGSTOPs of ours that have not shown themselves yet; at most, for two may become one
  std::int64_t thread_ = 0;
  std::function<void()> letGo_;  // being detached: what is called at the end of it
  bool letsGo_ = false;          // made to stand for that
  bool letGoInOrder_ = false;
  int letGoTries_ = 0;
  Stopped last_;
  Context context_;
  std::optional<std::int64_t> gatherAt_;  // put off until then
  std::int64_t gatherOf_ = 0;             // the thread
  bool toldStop_ = false;
};

}  // namespace qd::debug
