// SPDX-License-Identifier: Apache-2.0
// The requests and answers of the service that are not events, as plain structs: core/link sends them, core/serve's
// backend answers them, nobody else needs to see protobuf. Values only; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ingest/events.h"
#include "core/ingest/interest.h"

namespace qd::link {

inline constexpr std::uint32_t kProtocol = 1;
inline constexpr std::size_t kMaxMessageBytes = std::size_t{4} << 20;

struct AgentDescription {
  std::uint32_t protocol = kProtocol;
  std::string version;
  TimeNs now = 0;
  std::vector<ingest::ProcessInfo> processes;
  std::vector<ingest::ParameterChange> parameters;
  std::uint64_t logFirst = 0, logLast = 0;
  std::string agentId;
  bool interests = false;  // knows SubscribeRequest.interest and UpdateInterest
};

enum class Tier { Full, Rollup, Events };

// What to send, and from where: after `after` if `agentId` is still the agent's own, else from `backfill` ago.
struct SubscribeOrder {
  std::vector<std::string> processGlobs, seriesGlobs;  // empty: all
  Tier tier = Tier::Full;
  bool entityFrames = true;
  std::uint64_t after = 0;
  std::string agentId;
  Duration backfill;
  std::string subscriptionId;                // by which UpdateInterest names it
  std::optional<ingest::Interest> interest;  // takes the place of tier and entityFrames
  Duration mostLag;                          // further behind than this, samples are left out and told; 0: never
};

struct InterestOrder {
  std::string subscriptionId;
  ingest::Interest interest;
  Duration backfill;  // of what was not wanted before
};

}  // namespace qd::link
