// SPDX-License-Identifier: Apache-2.0
// What stands where at a Target's stop: for the hit's bundle, and asked by somebody who looks.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/debug/target.h"

namespace qd::debug {

namespace {

constexpr std::size_t kMostThreads = 512, kMostVariables = 256;
constexpr std::int64_t kOthersFirstNs = 5'000'000;
constexpr int kFramesOfHit = 20, kFramesShown = 64;
constexpr const char* kRanOn = "It has run on since; what stood there then is in the hit's bundle.";

DapAnswer ranOn(DapAnswer answer) {
  answer.ok = false;
  answer.error = kRanOn;
  return answer;
}

Frame frameOf(const Json& f) {
  return {textOf(f, "name"), textOf(below(f, "source"), "path"), static_cast<int>(integerOf(f, "line")),
          integerOf(f, "id")};
}

Variable variableOf(const Json& v) {
  return {textOf(v, "name"), textOf(v, "value"), textOf(v, "type"), integerOf(v, "variablesReference")};
}

std::vector<std::int64_t> localsIn(const Json& scopes) {
  std::vector<std::int64_t> out;
  for (const Json& scope : scopes) {
    const std::string name = textOf(scope, "name");
    if (name == "Locals" || name == "Arguments") out.push_back(integerOf(scope, "variablesReference"));
  }
  return out;
}

}  // namespace

// The others of the group are to stand first, and a resume that comes at once is to find the debugger free: so the
// debugger is left alone for a moment, unless the stop itself, or the end of it, waits for what is gathered.
void Target::gather(std::int64_t thread) {
  context_ = Context{epoch_, {}, {}, ""};
  const bool captures = std::any_of(last_.breakpoints.begin(), last_.breakpoints.end(), [&](const std::string& id) {
    const SourceBreakpoint* b = wanted(id);
    return b && b->capture;
  });
  if (!toldStop_ || captures) return gatherThread(thread);
  gatherOf_ = thread;
  gatherAt_ = port_.nowNs() + kOthersFirstNs;
}

void Target::onTime() {
  if (!gatherAt_ || port_.nowNs() < *gatherAt_) return;
  gatherAt_.reset();
  if (state_ == State::Stopped) gatherThread(gatherOf_);
}

void Target::gatherThread(std::int64_t thread) {
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
  context_.thread = quirks_.threadName(thread);
  askStack(thread, kFramesOfHit, [this, epoch = epoch_](const DapAnswer&, std::vector<Frame> frames) {
    if (epoch != epoch_ || state_ != State::Stopped) return;
    const std::int64_t top = frames.empty() ? -1 : frames.front().id;
    context_.frames = std::move(frames);
    if (!toldStop_) return checkCondition(top);
    if (top < 0) return port_.tell(context_);
    gatherLocals(top);
  });
}

// One request after the other, each only while it still stands: a resume waits for no more than the one in flight.
void Target::askStack(std::int64_t thread, int levels, Stack done) {
  const std::vector<std::string> commands = quirks_.stackCommands(thread, levels);
  if (commands.size() != 2) return askStackPlainly(thread, levels, done);
  const auto command = [](const std::string& text) { return Json{{"expression", text}, {"context", "repl"}}; };
  dap_.request("evaluate", command(commands[0]),
               [this, thread, levels, epoch = epoch_, print = command(commands[1]), done](const DapAnswer& selected) {
                 if (epoch != epoch_ || state_ != State::Stopped) return done(ranOn(selected), {});
                 dap_.request("evaluate", print, [this, thread, levels, epoch, done](const DapAnswer& answer) {
                   if (epoch != epoch_ || state_ != State::Stopped) return done(ranOn(answer), {});
                   auto frames = Quirks::framesIn(textOf(answer.body, "result"), thread);
                   frames ? done(answer, std::move(*frames)) : askStackPlainly(thread, levels, done);
                 });
               });
}

void Target::askStackPlainly(std::int64_t thread, int levels, const Stack& done) {
  dap_.request("stackTrace", {{"threadId", thread}, {"startFrame", 0}, {"levels", levels}},
               [done](const DapAnswer& answer) {
                 std::vector<Frame> frames;
                 for (const Json& f : below(answer.body, "stackFrames")) frames.push_back(frameOf(f));
                 done(answer, std::move(frames));
               });
}

// The debugger stops at a condition that it cannot evaluate as if it held, and at one that it has only just been given:
// it is asked again before anybody hears of the stop.
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
                 const std::string result = textOf(answer.body, "result");
                 if (result == "false" || result == "0") return passOver(frame);
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
  const std::vector<std::int64_t> references = localsIn(scopes);
  if (references.empty()) return port_.tell(context_);
  for (std::size_t i = 0; i < references.size(); ++i) {
    const bool last = i + 1 == references.size();
    dap_.request("variables", {{"variablesReference", references[i]}, {"start", 0}, {"count", 64}},
                 [this, epoch = epoch_, last](const DapAnswer& answer) {
                   if (epoch != epoch_ || state_ != State::Stopped) return;
                   for (const Json& v : below(answer.body, "variables")) {
                     if (context_.locals.size() >= 64) break;
                     context_.locals.push_back(variableOf(v));
                   }
                   if (last) port_.tell(context_);
                 });
  }
}

// --- looking into it -------------------------------------------------------------------------------------------------

// Numbers of threads, frames and variables hold for one stop; another's would show something else under their name.
void Target::inspect(const Inspect& order) {
  Seen seen{order.request, epoch_, "", {}, {}, {}};
  if (state_ != State::Stopped) {
    seen.error = "It runs: there is nothing to look into before it stops.";
  } else if (order.epoch != 0 && order.epoch != epoch_ + 1) {
    seen.error = kRanOn;
  }
  seen.epoch = epoch_ + 1;  // 0 says "none" on the wire
  if (!seen.error.empty()) return port_.tell(seen);
  if (order.look == Look::Threads) return seeThreads(std::move(seen));
  if (order.look == Look::Stack) return seeStack(std::move(seen), order.thread != 0 ? order.thread : thread_);
  if (order.look == Look::Evaluate) return seeExpression(std::move(seen), order);
  if (order.reference != 0) return seeVariables(std::move(seen), {order.reference});
  seeFrame(std::move(seen), order.frame);
}

bool Target::unseen(Seen& seen, const DapAnswer& answer) {
  if (answer.ok) return false;
  seen.error = answer.error;
  port_.tell(seen);
  return true;
}

void Target::seeThreads(Seen seen) {
  dap_.request("threads", Json::object(), [this, seen = std::move(seen)](const DapAnswer& answer) mutable {
    if (unseen(seen, answer)) return;
    for (const Json& one : below(answer.body, "threads")) {
      if (seen.threads.size() >= kMostThreads) break;
      const std::int64_t id = integerOf(one, "id");
      seen.threads.push_back({id, textOf(one, "name"), id == thread_});
    }
    port_.tell(seen);
  });
}

void Target::seeStack(Seen seen, std::int64_t thread) {
  askStack(thread, kFramesShown,
           [this, seen = std::move(seen)](const DapAnswer& answer, std::vector<Frame> frames) mutable {
             if (unseen(seen, answer)) return;
             seen.frames = std::move(frames);
             port_.tell(seen);
           });
}

void Target::seeFrame(Seen seen, std::int64_t frame) {
  dap_.request("scopes", {{"frameId", frame}}, [this, seen = std::move(seen)](const DapAnswer& answer) mutable {
    if (unseen(seen, answer)) return;
    seeVariables(std::move(seen), localsIn(below(answer.body, "scopes")));
  });
}

void Target::seeVariables(Seen seen, std::vector<std::int64_t> references) {
  if (references.empty()) return port_.tell(seen);
  const std::int64_t next = references.front();
  references.erase(references.begin());
  dap_.request("variables", {{"variablesReference", next}, {"start", 0}, {"count", kMostVariables}},
               [this, seen = std::move(seen), references = std::move(references)](const DapAnswer& answer) mutable {
                 if (unseen(seen, answer)) return;
                 for (const Json& v : below(answer.body, "variables")) {
                   if (seen.variables.size() < kMostVariables) seen.variables.push_back(variableOf(v));
                 }
                 seeVariables(std::move(seen), std::move(references));
               });
}

void Target::seeExpression(Seen seen, const Inspect& order) {
  dap_.request("evaluate", {{"expression", order.expression}, {"frameId", order.frame}, {"context", "watch"}},
               [this, seen = std::move(seen), name = order.expression](const DapAnswer& answer) mutable {
                 if (unseen(seen, answer)) return;
                 seen.variables.push_back({name, textOf(answer.body, "result"), textOf(answer.body, "type"),
                                           integerOf(answer.body, "variablesReference")});
                 port_.tell(seen);
               });
}

}  // namespace qd::debug
