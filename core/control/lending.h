// SPDX-License-Identifier: Apache-2.0
// What the home agent of a link group and the agent of another member say to each other. The home decides (its
// DebugDesk has the member as if it were its own, under the id ID@HOST:PORT); the agent that lends the process does
// what it is told and tells what happens. A process is lent to one home at a time, and its own agent's desk leaves it
// alone meanwhile. A home that is silent for kLendSilence has let go. Ids are plain ones of the lending agent on this
// way, those of breakpoints and groups are the home's. Values only; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/control/debug_events.h"
#include "core/control/debug_order.h"
#include "core/control/lease_book.h"
#include "core/control/live_guard.h"

namespace qd::control {

inline constexpr std::int64_t kLendBeat = 500 * kNsPerMs;
inline constexpr std::int64_t kLendSilence = 2 * kNsPerSecond;

// "ID@HOST:PORT": something of another agent.
struct FarName {
  std::string raw, endpoint;
};
std::string farName(std::string_view raw, std::string_view endpoint);  // raw itself where it is empty or far already
std::optional<FarName> splitFar(std::string_view name);                // nullopt: it is here
// Whether it looks like HOST:PORT.
bool isAddress(std::string_view text);

// --- from the home ---------------------------------------------------------------------------------------------------

struct Borrow {
  std::string home;                  // the home's address
  std::vector<ProcessId> processes;  // all of them: what is not named is given back
};
struct Hold {
  std::vector<ProcessId> processes;  // stand, and shall go on standing
};
struct Follow {
  ProcessId process;
  bool on = false;  // its debugger is attached, because a source breakpoint of its group may stop it
};
struct ForwardAnswer {
  std::uint64_t request = 0;
  bool ok = false;
  std::string error, id;
};
using LendOrder = std::variant<Borrow, Hold, Follow, OrderStop, OrderResume, OrderStep, OrderSourceStep, ArmSite,
                               DisarmSite, ingest::Breakpoint, ingest::LinkGroup, ingest::Hit, ForwardAnswer>;

// --- to the home -----------------------------------------------------------------------------------------------------

struct LentProcess {
  ProcessUp up;
  std::uint64_t agentRun = 0;  // random at each start of the agent: its count of resumes begins anew with it
  bool domainHere = false;     // the server of that domain is at the agent that lends
  bool mayDebug = false;
  std::optional<LiveProcess> live;
};
struct LendRefused {
  ProcessId process;
  std::string why;
  bool later = false;  // it is lent as soon as it is there
};
struct LentParameters {
  ProcessId process;
  std::vector<ingest::ParameterValue> values;
};
struct LendHere {};  // the answer to each Hold
struct Forward {
  std::uint64_t request = 0;  // 0: no answer is wanted
  SessionId session = 0;
  std::string who;
  DebugOrder order;
};
using LendEvent = std::variant<LentProcess, LendRefused, ProcessDown, ArmAnswer, Disarmed, SiteHit, StopContext, Parked,
                               Resumed, LentParameters, Forward, LendHere>;

}  // namespace qd::control
