// SPDX-License-Identifier: Apache-2.0
#include "core/recording/missing.h"

#include <iterator>

namespace qd::recording {

void Missing::drop(const ingest::Envelope& envelope) {
  if (envelope.sequence == 0) return;
  Ranges& ranges = agents_[envelope.agent];
  // Entries that a filter of the subscription left out lie between `previous` and this one: nobody misses them.
  if (!ranges.empty() && envelope.previous != 0 && std::prev(ranges.end())->second == envelope.previous) {
    std::prev(ranges.end())->second = envelope.sequence;
    return;
  }
  if (ranges.size() < kMostRanges) ranges.emplace(envelope.sequence, envelope.sequence);
}

bool Missing::take(const ingest::Envelope& envelope) {
  const auto agent = agents_.find(envelope.agent);
  if (agent == agents_.end()) return false;
  Ranges& ranges = agent->second;
  const std::uint64_t sequence = envelope.sequence;
  auto range = ranges.upper_bound(sequence);
  if (range == ranges.begin()) return false;
  --range;
  if (range->second < sequence) return false;
  const auto [first, last] = *range;
  ranges.erase(range);
  if (first < sequence) ranges.emplace(first, sequence - 1);
  if (sequence < last) ranges.emplace(sequence + 1, last);
  if (ranges.empty()) agents_.erase(agent);
  return true;
}

void Missing::adopt(const AgentId& agent, Missing& from) {
  const auto found = from.agents_.find(agent);
  if (found == from.agents_.end()) return;
  agents_[agent].merge(found->second);
  from.agents_.erase(found);
}

std::vector<MissingRange> Missing::spans() const {
  std::vector<MissingRange> out;
  for (const auto& [agent, ranges] : agents_) {
    out.push_back({agent, ranges.begin()->first, std::prev(ranges.end())->second});
  }
  return out;
}

}  // namespace qd::recording
