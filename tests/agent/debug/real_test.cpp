// SPDX-License-Identifier: Apache-2.0
// Guardians on real programs with the real delve and lldb.
#include <algorithm>

#include "tests/agent/debug/debuggee.h"

namespace qd::debug {

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << nameOf(kind.debugger);
}

namespace {

class Guarded : public ::testing::TestWithParam<Kind> {};

TEST_P(Guarded, StopsAtALineShowsWhereAndRunsOn) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  debugged.order(SetAll{{at(GetParam(), kLine)}});
  const auto bound = debugged.next<Bound>();
  ASSERT_TRUE(bound);
  EXPECT_TRUE(bound->ok) << bound->reason;
  EXPECT_EQ(bound->line, kLine);
  const auto stopped = debugged.next<Stopped>();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->cause, StopCause::Breakpoint);
  EXPECT_EQ(stopped->breakpoints, std::vector<std::string>{"b1"});
  EXPECT_EQ(stopped->epoch, 0u);
  const auto context = debugged.next<Context>();
  ASSERT_TRUE(context);
  ASSERT_GE(context->frames.size(), 2u);
  EXPECT_EQ(context->frames[0].line, kLine);
  EXPECT_EQ(context->frames[0].file, sourceOf(GetParam()));
  EXPECT_NE(context->frames[0].function.find("step"), std::string::npos);
  EXPECT_FALSE(context->locals.empty());
  // Twenty rounds: each stop is told once, in an epoch of its own, and no tick is lost or made twice.
  std::int64_t tick = ticker.ticks();
  for (std::uint64_t epoch = 1; epoch <= 20; ++epoch) {
    debugged.order(Continue{});
    const auto resumed = debugged.next<Resumed>();
    ASSERT_TRUE(resumed);
    EXPECT_EQ(resumed->epoch, epoch);
    const auto again = debugged.next<Stopped>();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->epoch, epoch);
    EXPECT_EQ(again->cause, StopCause::Breakpoint);
    EXPECT_EQ(ticker.ticks(), tick + 1);
    tick = ticker.ticks();
  }
  debugged.order(SetAll{});
  debugged.order(Continue{});
  EXPECT_TRUE(ticker.runs());
}

TEST_P(Guarded, StopsByOrderAndSaysThatItWasOrdered) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  ASSERT_TRUE(debugged.next<Attached>());
  for (std::uint64_t round = 1; round <= 10; ++round) {
    debugged.order(Stop{round});
    const auto stopped = debugged.next<Stopped>();
    ASSERT_TRUE(stopped);
    EXPECT_EQ(stopped->cause, StopCause::Linked) << stopped->text;
    EXPECT_EQ(stopped->stopId, round);
    EXPECT_EQ(stopped->epoch, round - 1);
    const std::int64_t stands = ticker.ticks();
    debugged.order(Stop{round + 100});  // idempotent: it stands already
    const auto again = debugged.next<Stopped>();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->stopId, round + 100);
    EXPECT_EQ(ticker.ticks(), stands);
    debugged.order(Continue{});
    ASSERT_TRUE(debugged.next<Resumed>());
    EXPECT_TRUE(ticker.runs());
  }
}

// Orders at the same moment as hits: every stop belongs to one epoch, nothing is lost, nothing stands for ever.
TEST_P(Guarded, OrdersThatMeetHitsAreNoPhantomStops) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  debugged.order(SetAll{{at(GetParam(), kLine)}});
  ASSERT_TRUE(debugged.next<Stopped>());
  for (std::uint64_t epoch = 1; epoch <= 30; ++epoch) {
    debugged.order(Continue{});
    debugged.order(Stop{epoch});
    // A hit that came before the order is told first, and again as the order's answer: of one epoch both.
    const auto stopped = debugged.next<Stopped>([&](const Stopped& s) { return s.stopId == epoch; });
    ASSERT_TRUE(stopped) << epoch;
    EXPECT_EQ(stopped->epoch, epoch);
    EXPECT_TRUE(stopped->cause == StopCause::Breakpoint || stopped->cause == StopCause::Linked) << stopped->text;
  }
  debugged.order(SetAll{});
  debugged.order(Continue{});
  ASSERT_TRUE(debugged.next<Resumed>());
  EXPECT_TRUE(ticker.runs());
}

TEST_P(Guarded, WhatCannotBeArmedIsSaidAndTheGameRuns) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  debugged.order(SetAll{{at(GetParam(), 9999)}});
  auto bound = debugged.next<Bound>();
  ASSERT_TRUE(bound);
  EXPECT_FALSE(bound->ok);
  EXPECT_FALSE(bound->reason.empty());
  SourceBreakpoint elsewhere = at(GetParam(), kLine);
  elsewhere.file = "/nowhere/else.cpp";
  debugged.order(SetAll{{elsewhere}});
  bound = debugged.next<Bound>();
  ASSERT_TRUE(bound);
  EXPECT_FALSE(bound->ok);
  SourceBreakpoint function = at(GetParam(), 0);
  function.file.clear();
  function.function = "no_such_function";
  debugged.order(SetAll{{function}});
  bound = debugged.next<Bound>();
  ASSERT_TRUE(bound);
  EXPECT_FALSE(bound->ok);
  EXPECT_TRUE(ticker.runs());
}

TEST_P(Guarded, AConditionThatCannotBeEvaluatedIsRejectedAndTheGameRunsOn) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  ASSERT_TRUE(debugged.next<Attached>());
  SourceBreakpoint bad = at(GetParam(), kLine);
  bad.condition = "no_such_symbol > 3";
  debugged.order(SetAll{{bad}});
  // lldb takes it first, and says so when it is reached.
  const auto bound = debugged.next<Bound>([](const Bound& b) { return !b.ok; });
  ASSERT_TRUE(bound);
  EXPECT_NE(bound->reason.find("no_such_symbol"), std::string::npos) << bound->reason;
  EXPECT_TRUE(ticker.runs());
}

TEST_P(Guarded, ConditionsAndCountsHold) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  ASSERT_TRUE(debugged.next<Attached>());
  SourceBreakpoint counted = at(GetParam(), kLine);
  counted.after = 5;
  const std::int64_t before = ticker.ticks();
  debugged.order(SetAll{{counted}});
  ASSERT_TRUE(debugged.next<Stopped>());
  EXPECT_GE(ticker.ticks(), before + 4);
  SourceBreakpoint conditional = at(GetParam(), kLine, "b2");
  const bool go = GetParam().debugger == DebuggerKind::Delve;
  conditional.condition = (go ? "w.tick == " : "world.tick == ") + std::to_string(ticker.ticks() + 10);
  const std::int64_t target = ticker.ticks() + 10;
  debugged.order(SetAll{{conditional}});
  debugged.order(Continue{});
  const auto stopped = debugged.next<Stopped>();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->breakpoints, std::vector<std::string>{"b2"});
  EXPECT_EQ(ticker.ticks(), target - 1);  // it stands inside of that tick
}

TEST_P(Guarded, AFunctionStopsToo) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  SourceBreakpoint function = at(GetParam(), 0);
  function.file.clear();
  function.function = GetParam().function;
  debugged.order(SetAll{{function}});
  const auto bound = debugged.next<Bound>();
  ASSERT_TRUE(bound);
  EXPECT_TRUE(bound->ok) << bound->reason;
  const auto stopped = debugged.next<Stopped>();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->breakpoints, std::vector<std::string>{"b1"});
}

TEST_P(Guarded, ALogpointTellsAndDoesNotStop) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  SourceBreakpoint log = at(GetParam(), kLine);
  const bool go = GetParam().debugger == DebuggerKind::Delve;
  log.logText = go ? "tick is {w.tick}" : "tick is {world.tick}";
  debugged.order(SetAll{{log}});
  const auto output =
      debugged.next<Output>([](const Output& o) { return o.text.find("tick is") != std::string::npos; });
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->logpoint);
  EXPECT_TRUE(ticker.runs());
}

TEST_P(Guarded, StepsByLinesAndEachIsAStopOfItsOwn) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  debugged.order(SetAll{{at(GetParam(), kLine)}});
  ASSERT_TRUE(debugged.next<Stopped>());
  debugged.order(SetAll{});
  debugged.order(Step{7, StepKind::Over, 0});
  auto stopped = debugged.next<Stopped>();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->stopId, 7u);
  EXPECT_EQ(stopped->epoch, 1u);
  EXPECT_EQ(stopped->cause, StopCause::Step) << stopped->text;
  auto context = debugged.next<Context>();
  ASSERT_TRUE(context && !context->frames.empty());
  EXPECT_EQ(context->frames[0].line, kLine + 1);
  debugged.order(Step{8, StepKind::Out, 0});
  stopped = debugged.next<Stopped>([](const Stopped& s) { return s.stopId == 8; });
  ASSERT_TRUE(stopped);
  context = debugged.next<Context>([](const Context& c) { return c.epoch == 2; });
  ASSERT_TRUE(context && !context->frames.empty());
  EXPECT_NE(context->frames[0].function.find("main"), std::string::npos) << context->frames[0].function;
  debugged.order(Continue{});
  EXPECT_TRUE(ticker.runs());
}

TEST_P(Guarded, WhatStandsCanBeLookedIntoAndWhatHasRunOnCannot) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  debugged.order(SetAll{{at(GetParam(), kLine)}});
  ASSERT_TRUE(debugged.next<Context>());
  debugged.order(Inspect{1, Look::Threads, 0, 0, 0, 0, ""});
  const auto threads = debugged.next<Seen>();
  ASSERT_TRUE(threads);
  EXPECT_EQ(threads->error, "");
  EXPECT_TRUE(std::any_of(threads->threads.begin(), threads->threads.end(), [](const auto& t) { return t.current; }));
  debugged.order(Inspect{2, Look::Stack, threads->epoch, 0, 0, 0, ""});
  const auto stack = debugged.next<Seen>();
  ASSERT_TRUE(stack && stack->frames.size() >= 2);
  const auto other =
      std::find_if(threads->threads.begin(), threads->threads.end(), [](const auto& t) { return !t.current; });
  ASSERT_NE(other, threads->threads.end());
  debugged.order(Inspect{20, Look::Stack, threads->epoch, other->id, 0, 0, ""});
  const auto elsewhere = debugged.next<Seen>();
  ASSERT_TRUE(elsewhere && !elsewhere->frames.empty()) << (elsewhere ? elsewhere->error : "");
  EXPECT_NE(elsewhere->frames[0].function, stack->frames[0].function);
  debugged.order(Inspect{3, Look::Variables, threads->epoch, 0, stack->frames[0].id, 0, ""});
  const auto locals = debugged.next<Seen>();
  ASSERT_TRUE(locals);
  const bool go = GetParam().debugger == DebuggerKind::Delve;
  const auto world = std::find_if(locals->variables.begin(), locals->variables.end(),
                                  [&](const auto& v) { return v.name == (go ? "w" : "world"); });
  ASSERT_NE(world, locals->variables.end());
  ASSERT_NE(world->reference, 0);
  // Down to a number, however many pointers lie between.
  std::int64_t reference = world->reference;
  std::string tick;
  for (std::uint64_t request = 4; request < 8 && reference != 0 && tick.empty(); ++request) {
    debugged.order(Inspect{request, Look::Variables, threads->epoch, 0, 0, reference, ""});
    const auto fields = debugged.next<Seen>();
    ASSERT_TRUE(fields && !fields->variables.empty());
    reference = fields->variables.front().reference;
    if (fields->variables.front().name == "tick") tick = fields->variables.front().value;
  }
  EXPECT_EQ(tick, std::to_string(ticker.ticks() + 1));
  debugged.order(Inspect{9, Look::Evaluate, threads->epoch, 0, stack->frames[0].id, 0, go ? "w.tick" : "world.tick"});
  const auto value = debugged.next<Seen>();
  ASSERT_TRUE(value && !value->variables.empty());
  EXPECT_NE(value->variables[0].value.find(tick), std::string::npos) << value->variables[0].value;
  debugged.order(Continue{});
  ASSERT_TRUE(debugged.next<Stopped>());
  debugged.order(Inspect{10, Look::Stack, threads->epoch, 0, 0, 0, ""});
  const auto stale = debugged.next<Seen>();
  ASSERT_TRUE(stale);
  EXPECT_NE(stale->error, "");
  EXPECT_TRUE(stale->frames.empty());
}

TEST_P(Guarded, StopsWhereSomethingIsThrownOrPanics) {
  Ticker ticker(GetParam());
  Debugged debugged(GetParam(), ticker);
  ASSERT_TRUE(debugged.next<Attached>());
  SourceBreakpoint thrown;
  thrown.id = "b9";
  thrown.revision = 1;
  thrown.exception = true;
  debugged.order(SetAll{{thrown}});
  const auto bound = debugged.next<Bound>();
  ASSERT_TRUE(bound && bound->ok) << (bound ? bound->reason : "");
  EXPECT_TRUE(ticker.runs());
  ticker.wantThrow();
  const auto stopped = debugged.next<Stopped>();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->cause, StopCause::Exception) << stopped->text;
  EXPECT_EQ(stopped->breakpoints, std::vector<std::string>{"b9"});
  const auto context = debugged.next<Context>();
  ASSERT_TRUE(context);
  EXPECT_TRUE(std::any_of(context->frames.begin(), context->frames.end(),
                          [](const auto& f) { return f.function.find("maybe") != std::string::npos; }));
  debugged.order(Continue{});
  if (GetParam().debugger == DebuggerKind::Lldb) {
    EXPECT_TRUE(ticker.runs());
  }
}

// The agent goes while the game runs with a breakpoint inserted, and while it stands at one.
TEST_P(Guarded, WhenTheAgentGoesTheGameRunsFree) {
  for (const bool stands : {false, true}) {
    Ticker ticker(GetParam());
    Debugged debugged(GetParam(), ticker);
    SourceBreakpoint one = at(GetParam(), kLine);
    if (!stands) one.condition = GetParam().debugger == DebuggerKind::Delve ? "w.tick < 0" : "world.tick < 0";
    debugged.order(SetAll{{one}});
    ASSERT_TRUE(debugged.next<Bound>());
    if (stands) {
      ASSERT_TRUE(debugged.next<Stopped>());
    } else {
      ASSERT_TRUE(ticker.runs());
    }
    debugged.letGo();
    EXPECT_TRUE(testing::within(std::chrono::seconds(30), [&] { return ticker.tracer() == 0; }));
    EXPECT_TRUE(ticker.runs()) << (stands ? "it stood" : "it ran");
  }
}

TEST_P(Guarded, AGameThatIsKilledIsToldAsGone) {
  for (const bool stands : {false, true}) {
    Ticker ticker(GetParam());
    Debugged debugged(GetParam(), ticker);
    ASSERT_TRUE(debugged.next<Attached>());
    if (stands) {
      debugged.order(Stop{1});
      ASSERT_TRUE(debugged.next<Stopped>());
    }
    ::kill(ticker.pid(), SIGKILL);
    std::optional<Gone> gone;
    EXPECT_TRUE(testing::within(std::chrono::seconds(30), [&] {
      auto told = debugged.link().readable();
      if (!told) return true;
      for (auto& one : *told) {
        if (auto* g = std::get_if<Gone>(&one)) gone = *g;
      }
      return gone.has_value();
    }));
    ASSERT_TRUE(gone);
    EXPECT_TRUE(gone->exited);
  }
}

INSTANTIATE_TEST_SUITE_P(Debuggers, Guarded, ::testing::Values(kGo, kCpp),
                         [](const auto& info) { return std::string(nameOf(info.param.debugger)); });

// What traces it ends, its adapter does not: the breakpoint that was in it is out before it comes there.
TEST(Guardian, AGameWhoseDebuggerLosesItComesToItsLinesUnharmed) {
  constexpr int kWhereItCatches = 35;
  for (const int by : {SIGTERM, SIGKILL}) {
    Ticker ticker(kCpp);
    Debugged debugged(kCpp, ticker);
    debugged.order(SetAll{{at(kCpp, kWhereItCatches)}});
    const auto bound = debugged.next<Bound>();
    ASSERT_TRUE(bound && bound->ok);
    EXPECT_EQ(bound->line, kWhereItCatches);
    ASSERT_TRUE(debugged.next<Attached>());
    ASSERT_GT(ticker.tracer(), 0);
    ::kill(ticker.tracer(), by);
    const auto gone = debugged.next<Gone>();
    ASSERT_TRUE(gone);
    EXPECT_FALSE(gone->exited) << gone->reason;
    EXPECT_EQ(ticker.tracer(), 0);
    ticker.wantThrow();
    EXPECT_TRUE(testing::within(std::chrono::seconds(10), [&] { return ticker.hasCaught() || ticker.dead(); }));
    EXPECT_FALSE(ticker.dead()) << by;
    EXPECT_TRUE(ticker.runs());
  }
}

TEST(Guardian, AProcessThatIsNotThereIsOneSentence) {
  auto link = GuardianLink::start(paths::kBinDir + "/quarterdeck-guardian", DebuggerKind::Delve, 4194200);
  ASSERT_TRUE(link);
  std::optional<Gone> gone;
  EXPECT_TRUE(testing::within(std::chrono::seconds(20), [&] {
    auto told = (*link)->readable();
    for (auto& one : told.value_or(std::vector<Told>())) {
      if (auto* g = std::get_if<Gone>(&one)) gone = *g;
    }
    return gone.has_value();
  }));
  ASSERT_TRUE(gone);
  EXPECT_NE(gone->reason.find("4194200"), std::string::npos);
  EXPECT_FALSE(GuardianLink::start("/nowhere/quarterdeck-guardian", DebuggerKind::Lldb, 1));
}

}  // namespace
}  // namespace qd::debug
