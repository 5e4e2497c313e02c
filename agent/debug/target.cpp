// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/target.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
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
                 dap_.request("attach", quirks_.attachArguments(pid_), [this](const DapAnswer& attached) {
                   if (!attached.ok) end({false, attached.error});
                 });
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
  } else if (name == "output") {
    const bool logs = std::any_of(wanted_.begin(), wanted_.end(), [](const auto& b) { return !b.logText.empty(); });
    port_.tell(Output{textOf(body, "output"), logs && textOf(body, "category") != "stderr"});
  } else if (name == "breakpoint") {
    const Json& got = below(body, "breakpoint");
    const auto known = ids_.find(integerOf(got, "id", -1));
    const SourceBreakpoint* asked = known == ids_.end() ? nullptr : wanted(known->second);
    if (asked && textOf(body, "reason") == "changed" && got.contains("verified")) bindOne(*asked, got);
  } else if (name == "exited" || name == "terminated") {
    if (!detaching_ && name == "exited") {
      processExited(fmt::format("It exited with code {}.", integerOf(body, "exitCode", -1)));
    }
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
  } else if (std::holds_alternative<Continue>(order)) {
    resume();
  }
}

const SourceBreakpoint* Target::wanted(const std::string& id) const {
  const auto it = std::find_if(wanted_.begin(), wanted_.end(), [&](const auto& b) { return b.id == id; });
  return it == wanted_.end() ? nullptr : &*it;
}

// --- breakpoints -----------------------------------------------------------------------------------------------------

// A request replaces all breakpoints of one file; each costs an lldb target some 100 ms, so it is one a file.
void Target::apply() {
  std::set<std::string> files;
  bool functions = false;
  for (const SourceBreakpoint& b : wanted_) {
    if (b.function.empty()) files.insert(b.file);
    functions = functions || !b.function.empty();
  }
  std::set<std::string> all = files;
  all.insert(files_.begin(), files_.end());
  files_ = std::move(files);
  for (const std::string& file : all) applyFile(file);
  if (functions || functions_) applyFunctions();
  functions_ = functions;
}

Json Target::wireOf(const SourceBreakpoint& b) const {
  Json out = b.function.empty() ? Json{{"line", b.line}} : Json{{"name", b.function}};
  if (!b.condition.empty()) out["condition"] = b.condition;
  if (const Json count = quirks_.hitCondition(b.after); !count.is_null()) out["hitCondition"] = count;
  if (!b.logText.empty()) out["logMessage"] = b.logText;
  return out;
}

void Target::applyFile(const std::string& file) {
  std::vector<SourceBreakpoint> asked;
  Json list = Json::array();
  for (const SourceBreakpoint& b : wanted_) {
    if (!b.function.empty() || b.file != file) continue;
    if (std::string no = quirks_.refusal(b, capabilities_); !no.empty()) {
      port_.tell(Bound{b.id, b.revision, false, 0, no});
      continue;
    }
    asked.push_back(b);
    list.push_back(wireOf(b));
  }
  ++binding_;
  dap_.request("setBreakpoints", {{"source", {{"path", file}}}, {"breakpoints", std::move(list)}},
               [this, asked = std::move(asked)](const DapAnswer& answer) { bound(asked, answer); });
}

void Target::applyFunctions() {
  std::vector<SourceBreakpoint> asked;
  Json list = Json::array();
  for (const SourceBreakpoint& b : wanted_) {
    if (b.function.empty()) continue;
    if (std::string no = quirks_.refusal(b, capabilities_); !no.empty()) {
      port_.tell(Bound{b.id, b.revision, false, 0, no});
      continue;
    }
    asked.push_back(b);
    list.push_back(wireOf(b));
  }
  ++binding_;
  dap_.request("setFunctionBreakpoints", {{"breakpoints", std::move(list)}},
               [this, asked = std::move(asked)](const DapAnswer& answer) { bound(asked, answer); });
}

// Answers come in the order of the request; they are matched by place and remembered by the debugger's number.
void Target::bound(const std::vector<SourceBreakpoint>& asked, const DapAnswer& answer) {
  const Json& list = below(answer.body, "breakpoints");
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (answer.ok && list.is_array() && i < list.size()) {
      bindOne(asked[i], list[i]);
    } else {
      port_.tell(Bound{asked[i].id, asked[i].revision, false, 0,
                       answer.ok ? "The debugger said nothing of this breakpoint." : answer.error});
    }
  }
  --binding_;
  if (early_ && (binding_ == 0 || known(*early_))) onStopped(*std::exchange(early_, std::nullopt));
}

bool Target::known(const Json& stop) const {
  const auto numbers = quirks_.hitNumbers(stop);
  return std::all_of(numbers.begin(), numbers.end(), [&](std::int64_t number) { return ids_.contains(number); });
}

void Target::bindOne(const SourceBreakpoint& asked, const Json& got) {
  if (const std::int64_t number = integerOf(got, "id", -1); number >= 0) ids_[number] = asked.id;
  const bool ok = flagOf(got, "verified");
  std::string reason = textOf(got, "message");
  if (!ok && reason.empty()) {
    reason = asked.function.empty()
                 ? fmt::format(
                       "There is no code at {}:{} in this program; was it built with debug information, and "
                       "from this path?",
                       asked.file, asked.line)
                 : fmt::format("There is no function {} in this program.", asked.function);
  }
  port_.tell(Bound{asked.id, asked.revision, ok, static_cast<int>(integerOf(got, "line")), std::move(reason)});
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
      signalOpen_ = true;
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
  state_ = State::Resuming;
  dap_.request("continue", {{"threadId", thread_}}, [this](const DapAnswer& answer) {
    if (state_ != State::Resuming) return;
    if (answer.ok) return resumed();
    state_ = State::Stopped;
    port_.tell(Output{answer.error, false});
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
  if (std::exchange(stopWanted_, false)) stop(stopId_);
}

void Target::onStopped(const Json& body) {
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
  const bool ordered = state_ == State::Stopping;
  const StopCause cause = quirks_.causeOf(body, ordered);
  if (const std::int64_t thread = integerOf(body, "threadId"); thread != 0) thread_ = thread;
  if (quirks_.isOurSignal(body) && std::exchange(signalOpen_, false) && !ordered) {
    // The signal of an order that another stop had already obeyed: nobody waits for it any more.
    state_ = State::Stopped;
    toldStop_ = false;
    return resume();
  }
  state_ = State::Stopped;
  last_ = Stopped{
      epoch_, cause, {}, std::exchange(stopId_, 0), port_.nowNs(), textOf(body, "text", textOf(body, "description"))};
  bool conditional = false;
  for (const std::int64_t number : quirks_.hitNumbers(body)) {
    const auto known = ids_.find(number);
    if (known == ids_.end() || !wanted(known->second)) continue;
    last_.breakpoints.push_back(known->second);
    conditional = conditional || !wanted(known->second)->condition.empty();
  }
  if (cause == StopCause::ConditionError) return failCondition(last_.text);
  toldStop_ = false;
  if (!conditional || !quirks_.stopsWhereConditionsFail()) publishStop();
  if (std::exchange(resumeWanted_, false)) return resume();
  gather(integerOf(body, "threadId"));
}

void Target::publishStop() {
  toldStop_ = true;
  port_.tell(last_);
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

// --- what stands where -----------------------------------------------------------------------------------------------

void Target::gather(std::int64_t thread) {
  context_ = Context{epoch_, {}, {}};
  if (thread != 0) return gatherFrames(thread);
  dap_.request("threads", Json::object(), [this, epoch = epoch_](const DapAnswer& answer) {
    if (epoch != epoch_ || state_ != State::Stopped) return;
    std::int64_t chosen = 0;
    for (const Json& one : below(answer.body, "threads")) {
      const bool current = textOf(one, "name").starts_with("*");  // delve marks the selected goroutine
      if (chosen == 0 || current) chosen = integerOf(one, "id");
      if (current) break;
    }
    thread_ = chosen;
    gatherFrames(chosen);
  });
}

void Target::gatherFrames(std::int64_t thread) {
  dap_.request("stackTrace", {{"threadId", thread}, {"startFrame", 0}, {"levels", 20}},
               [this, epoch = epoch_](const DapAnswer& answer) {
                 if (epoch != epoch_ || state_ != State::Stopped) return;
                 const Json& frames = below(answer.body, "stackFrames");
                 for (const Json& f : frames) {
                   context_.frames.push_back(
                       {textOf(f, "name"), textOf(below(f, "source"), "path"), static_cast<int>(integerOf(f, "line"))});
                 }
                 const std::int64_t top = frames.is_array() && !frames.empty() ? integerOf(frames[0], "id") : -1;
                 if (!toldStop_) return checkCondition(top);
                 if (top < 0) return port_.tell(context_);
                 gatherLocals(top);
               });
}

// The debugger stops at a condition that it cannot evaluate as if it held: whether it can is asked before anybody hears
// of the stop.
void Target::checkCondition(std::int64_t frame) {
  const SourceBreakpoint* b = last_.breakpoints.empty() ? nullptr : wanted(last_.breakpoints.front());
  if (!b || b->condition.empty() || frame < 0) {
    publishStop();
    return port_.tell(context_);
  }
  dap_.request("evaluate", {{"expression", b->condition}, {"frameId", frame}, {"context", "watch"}},
               [this, epoch = epoch_, frame](const DapAnswer& answer) {
                 if (epoch != epoch_ || state_ != State::Stopped) return;
                 if (!answer.ok) return failCondition(answer.error);
                 publishStop();
                 gatherLocals(frame);
               });
}

void Target::gatherLocals(std::int64_t frame) {
  dap_.request("scopes", {{"frameId", frame}}, [this, epoch = epoch_](const DapAnswer& answer) {
    if (epoch != epoch_ || state_ != State::Stopped) return;
    locals(below(answer.body, "scopes"));
  });
}

void Target::locals(const Json& scopes) {
  std::vector<std::int64_t> references;
  for (const Json& scope : scopes) {
    const std::string name = textOf(scope, "name");
    if (name == "Locals" || name == "Arguments") references.push_back(integerOf(scope, "variablesReference"));
  }
  if (references.empty()) return port_.tell(context_);
  for (std::size_t i = 0; i < references.size(); ++i) {
    const bool last = i + 1 == references.size();
    dap_.request("variables", {{"variablesReference", references[i]}, {"start", 0}, {"count", 64}},
                 [this, epoch = epoch_, last](const DapAnswer& answer) {
                   if (epoch != epoch_ || state_ != State::Stopped) return;
                   for (const Json& v : below(answer.body, "variables")) {
                     if (context_.locals.size() >= 64) break;
                     context_.locals.push_back({textOf(v, "name"), textOf(v, "value"), textOf(v, "type")});
                   }
                   if (last) port_.tell(context_);
                 });
  }
}

// --- the end ---------------------------------------------------------------------------------------------------------

Result<> Target::fromAdapter(std::string_view bytes) {
  return dap_.receive(bytes);
}

void Target::detach(std::function<void()> done) {
  if (state_ == State::Ended) return done();
  detaching_ = true;
  wanted_.clear();
  if (initialized_) apply();
  resumeWanted_ = true;
  resume();
  dap_.request("disconnect", {{"terminateDebuggee", false}, {"restart", false}},
               [this, done = std::move(done)](const DapAnswer&) {
                 // A SIGSTOP that nobody has seen yet would leave it standing, with no debugger to run it on.
                 if (std::exchange(signalOpen_, false)) port_.signal(SIGCONT);
                 end({false, "The debugger has let go of it."});
                 done();
               });
}

void Target::adapterClosed(const std::string& why) {
  if (state_ == State::Ended) return;
  end({false, why});
  dap_.closed(why);
}

void Target::processExited(const std::string& how) {
  end({true, how});
  dap_.closed(how);
}

void Target::end(const Gone& gone) {
  if (state_ == State::Ended) return;
  state_ = State::Ended;
  port_.tell(gone);
}

}  // namespace qd::debug
