// SPDX-License-Identifier: Apache-2.0
// A Target against an adapter that speaks the same wire, for moments that the real debuggers do not show on demand.
#include "agent/debug/target.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "agent/debug/tracee.h"
#include "tests/support/within.h"

namespace qd::debug {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kThread = 4711;

class Adapter {
 public:
  explicit Adapter(DebuggerKind kind)
      : target(kind, 99,
               {[this](const std::string& bytes) { heard(bytes); }, [this](const Told& one) { told.push_back(one); },
                [this](int) { ++signals; }, [this] { return trapPending; }, [this] { return processThere; },
                [this] { return now; }}) {
    target.start();
    answer("initialize", {{"supportsConditionalBreakpoints", true}});
    event("initialized");
    answer("configurationDone");
    answer("attach");
    commands.clear();
  }

  void answer(const std::string& command, const Json& body = Json::object()) {
    const auto open =
        std::find_if(open_.begin(), open_.end(), [&](const Json& r) { return textOf(r, "command") == command; });
    ASSERT_NE(open, open_.end()) << command << " was not asked for";
    const Json request = *open;
    open_.erase(open);
    ASSERT_TRUE(target.fromAdapter(framed({{"type", "response"},
                                           {"request_seq", integerOf(request, "seq")},
                                           {"command", command},
                                           {"success", true},
                                           {"body", body}})));
  }
  void event(const std::string& name, const Json& body = Json::object()) {
    ASSERT_TRUE(target.fromAdapter(framed({{"type", "event"}, {"event", name}, {"body", body}})));
  }
  // By a command; a bar stands for the unit separator between the parts of a frame.
  void printed(std::string text) {
    std::replace(text.begin(), text.end(), '|', '\x1f');
    answer("evaluate", {{"result", text}});
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const Told& one : told) {
      if (const auto* wanted = std::get_if<T>(&one)) out.push_back(*wanted);
    }
    return out;
  }

  std::int64_t now = 0;
  bool trapPending = false, processThere = true;
  int signals = 0;
  std::vector<std::string> commands;  // that it was asked, in order
  std::vector<Told> told;
  Target target;

 private:
  void heard(const std::string& bytes) {
    reader_.feed(bytes);
    auto request = reader_.next();
    ASSERT_TRUE(request && *request);
    commands.push_back(textOf(**request, "command"));
    open_.push_back(**request);
  }
  DapReader reader_;
  std::vector<Json> open_;
};

const Json kHit = {{"reason", "breakpoint"}, {"threadId", kThread}};
using Commands = std::vector<std::string>;

// delve halts by SIGTRAP; one that is left over would end the process as soon as nobody traces it.
TEST(LettingGo, ASigtrapOfTheDebuggersHaltsIsRunIntoBeforeDelveLetsGo) {
  Adapter delve(DebuggerKind::Delve);
  bool done = false;
  delve.target.detach([&] { done = true; });
  delve.answer("threads");
  delve.trapPending = true;
  delve.event("stopped", {{"reason", "pause"}});
  delve.answer("pause");
  delve.answer("continue");
  delve.trapPending = false;
  delve.event("stopped", {{"reason", "pause"}});
  delve.answer("pause");
  EXPECT_FALSE(done);
  delve.answer("disconnect");
  EXPECT_TRUE(done);
  EXPECT_EQ(delve.commands, (Commands{"threads", "pause", "continue", "pause", "disconnect"}));
  EXPECT_TRUE(delve.target.letGoInOrder());
}

TEST(LettingGo, AProcessThatStandsIsLookedAtToo) {
  Adapter delve(DebuggerKind::Delve);
  delve.event("stopped", kHit);
  delve.trapPending = true;
  delve.target.detach([] {});
  delve.answer("threads");
  EXPECT_EQ(delve.commands.back(), "continue");
}

TEST(LettingGo, ASigtrapThatNeverGoesIsNoReasonToHoldTheProcessForEver) {
  Adapter delve(DebuggerKind::Delve);
  delve.trapPending = true;
  delve.target.detach([] {});
  delve.answer("threads");
  for (int round = 0; round < 50 && delve.commands.back() == "pause"; ++round) {
    delve.event("stopped", {{"reason", "pause"}});
    delve.answer("pause");
    if (delve.commands.back() == "continue") delve.answer("continue");
  }
  EXPECT_EQ(delve.commands.back(), "disconnect");
}

// lldb's server ends, its adapter says that the process has.
TEST(LettingGo, AnExitOfAProcessThatIsThereIsTheEndOfItsDebugger) {
  Adapter lldb(DebuggerKind::Lldb);
  lldb.event("exited", {{"exitCode", -1}});
  ASSERT_EQ(lldb.all<Gone>().size(), 1u);
  EXPECT_FALSE(lldb.all<Gone>()[0].exited);
  EXPECT_FALSE(lldb.target.letGoInOrder());
  Adapter other(DebuggerKind::Lldb);
  other.processThere = false;
  other.event("exited", {{"exitCode", 0}});
  ASSERT_EQ(other.all<Gone>().size(), 1u);
  EXPECT_TRUE(other.all<Gone>()[0].exited);
}

// A hit is ahead of our SIGSTOP, which then obeys the next order, whose own SIGSTOP comes later still.
TEST(Stopping, SignalsThatShowThemselvesLateStopNobodyAgain) {
  Adapter lldb(DebuggerKind::Lldb);
  const Json signal = {{"reason", "exception"}, {"description", "signal SIGSTOP"}, {"threadId", kThread}};
  lldb.target.obey(Stop{1});
  lldb.event("stopped", kHit);
  lldb.target.obey(Continue{0, 0});
  lldb.answer("continue");
  lldb.target.obey(Stop{2});
  EXPECT_EQ(lldb.signals, 2);
  lldb.event("stopped", signal);
  lldb.event("stopped", signal);  // its other thread tells of it too
  lldb.target.obey(Continue{1, 0});
  lldb.answer("continue");
  const auto told = lldb.all<Stopped>().size();
  lldb.event("stopped", signal);
  EXPECT_EQ(lldb.all<Stopped>().size(), told);
  EXPECT_EQ(lldb.commands.back(), "continue");
  lldb.answer("continue");
  lldb.event("stopped", signal);  // somebody else's
  ASSERT_EQ(lldb.all<Stopped>().size(), told + 1);
  EXPECT_EQ(lldb.all<Stopped>().back().cause, StopCause::Exception);
}

// lldb tells of a stop once for each thread that has a reason, and is not done with it when the resume comes.
TEST(Stopping, AThreadOfTheStopThatIsBeingLeftIsNoStopOfTheNextRun) {
  Adapter lldb(DebuggerKind::Lldb);
  lldb.event("continued");
  lldb.event("stopped", kHit);
  lldb.target.obey(Continue{0, 0});
  lldb.event("stopped", kHit);
  lldb.answer("continue");
  lldb.event("stopped", kHit);
  EXPECT_EQ(lldb.all<Stopped>().size(), 1u);
  lldb.event("continued");
  lldb.event("stopped", kHit);
  EXPECT_EQ(lldb.all<Stopped>().size(), 2u);
}

// The debugger is free for a resume right after a stop; what stands there is asked for a moment later.
TEST(Gathering, AResumeThatComesAtOnceWaitsForNothing) {
  Adapter lldb(DebuggerKind::Lldb);
  lldb.event("stopped", kHit);
  ASSERT_EQ(lldb.all<Stopped>().size(), 1u);
  lldb.now += kMs;
  lldb.target.onTime();
  EXPECT_EQ(lldb.commands, Commands{});
  lldb.target.obey(Continue{0, 0});
  EXPECT_EQ(lldb.commands, Commands{"continue"});
  lldb.answer("continue");
  lldb.now += 100 * kMs;
  lldb.target.onTime();
  EXPECT_EQ(lldb.commands, Commands{"continue"});
}

TEST(Gathering, LldbsFramesComeFromACommandThatRunsNothingInTheGame) {
  Adapter lldb(DebuggerKind::Lldb);
  lldb.event("stopped", kHit);
  ASSERT_TRUE(lldb.target.dueNs());
  lldb.now = *lldb.target.dueNs();
  lldb.target.onTime();
  EXPECT_FALSE(lldb.target.dueNs());
  lldb.answer("evaluate");
  lldb.printed(
      "(lldb) thread backtrace -c 20\n* thread #2, stop reason = breakpoint 1.1\n"
      "  * qd|4711|2|0|19|/src/a b.cpp|main [inlined] step(World&)|0x1\n"
      "    qd|4711|2|1||||0x2\n");
  lldb.answer("scopes", {{"scopes", {{{"name", "Locals"}, {"variablesReference", 1}}}}});
  lldb.answer("variables", {{"variables", {{{"name", "x"}, {"value", "3"}}}}});
  ASSERT_EQ(lldb.all<Context>().size(), 1u);
  const Context context = lldb.all<Context>()[0];
  ASSERT_EQ(context.frames.size(), 2u);
  EXPECT_EQ(context.frames[0].function, "step(World&)");
  EXPECT_EQ(context.frames[0].file, "/src/a b.cpp");
  EXPECT_EQ(context.frames[0].line, 19);
  EXPECT_EQ(context.frames[0].id, 2 << 19);
  EXPECT_EQ(context.frames[1].function, "0x2");
  EXPECT_EQ(context.frames[1].id, (2 << 19) + 1);
  EXPECT_EQ(lldb.commands, (Commands{"evaluate", "evaluate", "scopes", "variables"}));
}

TEST(Gathering, FramesOfAnotherThreadOrNoneAreAskedForAsDapHasIt) {
  for (const char* printed : {"error: invalid option", "  * qd|1|1|0|19|/a.cpp|main|0x1\n"}) {
    Adapter lldb(DebuggerKind::Lldb);
    lldb.event("stopped", kHit);
    lldb.now = lldb.target.dueNs().value_or(0);
    lldb.target.onTime();
    lldb.answer("evaluate");
    lldb.printed(printed);
    lldb.answer("stackTrace", {{"stackFrames", {{{"id", 7}, {"name", "main"}, {"line", 3}}}}});
    lldb.answer("scopes");
    ASSERT_EQ(lldb.all<Context>().size(), 1u) << printed;
    EXPECT_EQ(lldb.all<Context>()[0].frames.at(0).id, 7) << printed;
  }
}

TEST(Gathering, WhatACaptureWaitsForIsAskedForAtOnce) {
  Adapter delve(DebuggerKind::Delve);
  SourceBreakpoint capture{"b1", 1, "/a.go", "", 12, "", 0, ""};
  capture.capture = true;
  delve.target.obey(SetAll{{capture}});
  delve.answer("setBreakpoints", {{"breakpoints", {{{"id", 5}, {"verified", true}, {"line", 12}}}}});
  Json hit = kHit;
  hit["hitBreakpointIds"] = {5};
  delve.event("stopped", hit);
  EXPECT_EQ(delve.commands.back(), "stackTrace");
}

TEST(Tracee, ASigtrapThatWaitsIsSeen) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTRAP);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    (void)!::write(ready[1], "x", 1);
    while (true) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_FALSE(isTrapPending(child));
  ::kill(child, SIGTRAP);
  EXPECT_TRUE(testing::within(std::chrono::seconds(10), [&] { return isTrapPending(child); }));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (const int fd : ready) ::close(fd);
}

}  // namespace
}  // namespace qd::debug
