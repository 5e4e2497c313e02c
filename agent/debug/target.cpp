// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/target.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>

namespace qd::debug {

Target::Target(DebuggerKind kind, std::int64_t pid, TargetPort port)
    : quirks_(kind),
      pid_(pid),
      port_(std::move(port)),
      dap_([this](std::string bytes) { port_.toAdapter(std::move(bytes)); },
           [this](const std::string& name, const Json& body) { onEvent(name, body); }) {}

// The process stands from attach until configurationDone, so nothing waits in between for anything else.
void Target::start() {
  dap_.request("initialize",
               {{"clientID", "quarterdeck"},
                {"adapterID", std::string(nameOf(quirks_.kind()))},
                {"linesStartAt1", true},
                {"columnsStartAt1", true},
                {"pathFormat", "path"}},
               [this](const DapAnswer& answer) {
                 if (!answer.ok) return end({false, answer.error});
                 capabilities_ = answer.body;
                 attachedAt_ = port_.nowNs();
                 attach(quirks_.attachTries());
               });
}

void Target::attach(int tries) {
  dap_.request("attach", quirks_.attachArguments(pid_), [this, tries](const DapAnswer& answer) {
    if (answer.ok) return;
    if (tries > 1 && !initialized_ && state_ == State::Attaching) return attach(tries - 1);
    end({false, answer.error});
  });
}

void Target::onEvent(const std::string& name, const Json& body) {
  if (state_ == State::Ended) return;
  if (name == "initialized") {
    configure();
  } else if (name == "capabilities") {
    capabilities_.update(below(body, "capabilities"));
  } else if (name == "stopped") {
    onStopped(body);
  } else if (name == "continued") {
    tellsContinued_ = true;
    continuedDue_ = false;
  } else if (name == "output") {
    // Before that it tells of its own settings.
    const bool logs =
        initialized_ && std::any_of(wanted_.begin(), wanted_.end(), [](const auto& b) { return !b.logText.empty(); });
    port_.tell(Output{textOf(body, "output"), logs && textOf(body, "category") != "stderr"});
  } else if (name == "breakpoint") {
    const Json& got = below(body, "breakpoint");
    const auto known = ids_.find(integerOf(got, "id", -1));
    const SourceBreakpoint* asked = known == ids_.end() ? nullptr : wanted(known->second);
    if (asked && textOf(body, "reason") == "changed" && got.contains("verified")) bindOne(*asked, got);
  } else if (name == "exited" || name == "terminated") {
    if (!detaching_ && name == "exited") exitTold(integerOf(body, "exitCode", -1));
  }
}

void Target::configure() {
  initialized_ = true;
  apply();
  dap_.request("configurationDone", Json::object(), [this](const DapAnswer& answer) {
    if (!answer.ok) return end({false, answer.error});
    port_.tell(Attached{port_.nowNs() - attachedAt_, std::string(nameOf(quirks_.kind()))});
    if (state_ != State::Attaching) return;  // it stands at a breakpoint already
    state_ = State::Running;
    if (std::exchange(stopWanted_, false)) stop(stopId_);
  });
}

void Target::obey(const Order& order) {
  if (state_ == State::Ended) return;
  if (const auto* set = std::get_if<SetAll>(&order)) {
    wanted_ = set->breakpoints;
    if (initialized_) apply();
  } else if (const auto* one = std::get_if<Stop>(&order)) {
    stop(one->stopId);
  } else if (const auto* go = std::get_if<Continue>(&order)) {
    if (go->stopId != 0) {
      takeBack(go->stopId);
    } else if (go->epoch == epoch_) {
      resume();
    }
  } else if (const auto* stepping = std::get_if<Step>(&order)) {
    step(*stepping);
  } else if (const auto* asked = std::get_if<Inspect>(&order)) {
    inspect(*asked);
  }
}

const SourceBreakpoint* Target::wanted(const std::string& id) const {
  const auto it = std::find_if(wanted_.begin(), wanted_.end(), [&](const auto& b) { return b.id == id; });
  return it == wanted_.end() ? nullptr : &*it;
}

// --- stopping and running on -----------------------------------------------------------------------------------------

void Target::stop(std::uint64_t stopId) {
  stopId_ = stopId;
  if (state_ == State::Attaching || state_ == State::Resuming) {
    stopWanted_ = true;
  } else if (state_ == State::Stopped) {
    last_.stopId = std::exchange(stopId_, 0);
    if (toldStop_) port_.tell(last_);  // the order is obeyed already
  } else if (state_ == State::Running) {
    state_ = State::Stopping;
    if (quirks_.stopsBySignal()) {
      ++signalsOpen_;
      port_.signal(SIGSTOP);
    } else {
      dap_.request("pause", {{"threadId", 1}});
    }
  }
}

void Target::resume() {
  if (state_ == State::Stopping) resumeWanted_ = true;
  stopWanted_ = false;
  if (state_ != State::Stopped) return;
  gatherAt_.reset();
  state_ = State::Resuming;
  continuedDue_ = tellsContinued_;
  dap_.request("continue", {{"threadId", thread_}}, [this](const DapAnswer& answer) {
    if (state_ != State::Resuming) return;
    if (answer.ok) return resumed();
    continuedDue_ = false;
    state_ = State::Stopped;
    port_.tell(Output{answer.error, false});
  });
}

void Target::takeBack(std::uint64_t stopId) {
  if (state_ == State::Stopped) {
    const bool byOrder = last_.cause != StopCause::Breakpoint && last_.cause != StopCause::Exception;
    if (last_.stopId == stopId && byOrder) resume();
  } else if (stopId_ == stopId && state_ == State::Stopping) {
    resumeWanted_ = true;
  } else if (stopId_ == stopId && stopWanted_) {
    stopWanted_ = false;
    stopId_ = 0;
  }
}

// The stop that ends it is told with the order's id, in an epoch of its own.
void Target::step(const Step& order) {
  if (state_ != State::Stopped) return;
  constexpr std::array kCommands = {"next", "stepIn", "stepOut"};
  gatherAt_.reset();
  state_ = State::Resuming;
  continuedDue_ = tellsContinued_;
  stopId_ = order.stopId;
  dap_.request(kCommands[static_cast<std::size_t>(order.kind)],
               {{"threadId", order.thread != 0 ? order.thread : thread_}}, [this](const DapAnswer& answer) {
                 if (state_ != State::Resuming) return;
                 if (answer.ok) return resumed();
                 continuedDue_ = false;
                 state_ = State::Stopped;  // where it stood: the order is over all the same
                 last_.stopId = std::exchange(stopId_, 0);
                 port_.tell(Output{answer.error, false});
                 publishStop();
               });
}

void Target::unwedge() {
  port_.tell(Output{"It stood without a stop that the debugger had told of; it is run on.", false});
  dap_.request("continue", {{"threadId", thread_ != 0 ? thread_ : pid_}});
}

void Target::resumed() {
  ++epoch_;
  state_ = State::Running;
  toldStop_ = false;
  port_.tell(Resumed{epoch_, port_.nowNs()});
  if (letsGo_) return stop(0);
  if (std::exchange(stopWanted_, false)) stop(stopId_);
}

void Target::onStopped(const Json& body) {
  if (continuedDue_) return;  // another thread of the stop that is being left
  if (binding_ > 0 && !known(body)) {
    early_ = body;  // lldb may tell of a hit before it has answered that the breakpoint is there
    return;
  }
  const bool first = state_ == State::Running || state_ == State::Stopping || state_ == State::Attaching;
  if (!first) {
    // More of the same epoch (lldb tells up to five). One that comes while resuming belongs to the run after it.
    if (state_ != State::Resuming) return;
    resumed();
    if (state_ == State::Stopping) stopWanted_ = false;
  }
  // Once a stop, however many threads tell of it.
  const bool ours = quirks_.isOurSignal(body) && signalsOpen_ > 0;
  if (ours) --signalsOpen_;
  const bool ordered = state_ == State::Stopping;
  const StopCause cause = quirks_.causeOf(body, ordered);
  if (const std::int64_t thread = integerOf(body, "threadId"); thread != 0) thread_ = thread;
  if (ours && !ordered) {
    // The signal of an order that another stop had already obeyed: nobody waits for it any more.
    state_ = State::Stopped;
    toldStop_ = false;
    return resume();
  }
  state_ = State::Stopped;
  if (letsGo_) return letGoIfClean();
  last_ = Stopped{
      epoch_, cause, {}, std::exchange(stopId_, 0), port_.nowNs(), textOf(body, "text", textOf(body, "description"))};
  bool conditional = false, counted = false;
  for (const std::int64_t number : quirks_.hitNumbers(body)) {
    const auto known = ids_.find(number);
    if (known == ids_.end() || !wanted(known->second)) continue;
    last_.breakpoints.push_back(known->second);
    conditional = conditional || !wanted(known->second)->condition.empty();
    counted = counted || wanted(known->second)->after > 1;
  }
  if (cause == StopCause::Exception) {
    for (const SourceBreakpoint& b : wanted_) {
      if (b.exception) last_.breakpoints.push_back(b.id);
    }
  }
  if (cause == StopCause::ConditionError) return failCondition(last_.text);
  toldStop_ = false;
  if (counted && last_.stopId == 0 && quirks_.stopsBeforeItCounts(last_.timeNs - boundAt_)) return resume();
  if (!conditional || !quirks_.stopsWhereConditionsFail()) publishStop();
  if (std::exchange(resumeWanted_, false)) return resume();
  gather(integerOf(body, "threadId"));
}

void Target::publishStop() {
  toldStop_ = true;
  port_.tell(last_);
}

// It does not hold after all: as if it had not stopped, unless somebody has ordered a stop meanwhile.
void Target::passOver(std::int64_t frame) {
  if (last_.stopId == 0) return resume();
  last_.cause = StopCause::Linked;
  last_.breakpoints.clear();
  publishStop();
  gatherLocals(frame);
}

// A condition that cannot be evaluated never armed anything: the breakpoint goes, the process runs on.
void Target::failCondition(const std::string& why) {
  std::vector<std::string> failed = last_.breakpoints;
  if (failed.empty()) {  // delve does not say which: those of the conditional ones that it could be
    for (const SourceBreakpoint& b : wanted_) {
      if (!b.condition.empty()) failed.push_back(b.id);
    }
  }
  for (const std::string& id : failed) {
    const SourceBreakpoint* b = wanted(id);
    if (!b) continue;
    port_.tell(Bound{b->id, b->revision, false, 0, fmt::format("Its condition cannot be evaluated: {}", why)});
    std::erase_if(wanted_, [&](const auto& one) { return one.id == id; });
  }
  apply();
  resume();
}

Result<> Target::fromAdapter(std::string_view bytes) {
  return dap_.receive(bytes);
}

}  // namespace qd::debug
