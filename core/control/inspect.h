// SPDX-License-Identifier: Apache-2.0
// Looking into a process that stands by its debugger, and at its sources: what is asked and what comes back. Thread,
// frame and variable numbers are the debugger's own and hold for one stop, which `epoch` names. Values only; any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::control {

enum class InspectWhat { Threads, Stack, Variables, Source, Evaluate };

struct InspectOrder {
  ProcessId process;
  InspectWhat what = InspectWhat::Threads;
  std::uint64_t epoch = 0;                // of the stop that the numbers are of; 0: none are given
  std::int64_t thread = 0;                // Stack; 0: the one that stopped
  std::int64_t frame = 0;                 // Variables, Evaluate
  std::int64_t reference = 0;             // Variables: what is expanded; 0: the locals and arguments of the frame
  std::string text;                       // Source: the file; Evaluate: the expression
  std::int32_t firstLine = 1, count = 0;  // Source; count 0: to the end
};

struct DebugThread {
  std::int64_t id = 0;
  std::string name;
  bool current = false;  // it is the one that stopped
};
struct DebugFrame {
  std::int64_t id = 0;
  ingest::StackFrame at;
};
struct DebugVariable {
  std::string name, value, type;
  std::int64_t reference = 0;  // 0: has nothing below
};
struct Inspected {
  std::uint64_t epoch = 0;
  std::vector<DebugThread> threads;
  std::vector<DebugFrame> frames;
  std::vector<DebugVariable> variables;
  std::optional<ingest::SourceText> source;
};
using InspectDone = std::function<void(Result<Inspected>)>;

// How a source step goes on. Tick: to the next boundary.
enum class StepHow { Tick, Over, Into, Out };

}  // namespace qd::control
