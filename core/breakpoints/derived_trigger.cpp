// SPDX-License-Identifier: Apache-2.0
#include "core/breakpoints/derived_trigger.h"

#include <algorithm>

namespace qd::breakpoints {

void DerivedTrigger::on(const ingest::EnvelopePtr& envelope) {
  if (const auto* block = std::get_if<ingest::SampleBlock>(&envelope->event)) {
    if (block->ring == ingest::kDerivedRing && !watch_.idle()) samples(*block);
  } else if (const auto* derived = std::get_if<ingest::DerivedSeries>(&envelope->event)) {
    learn(*derived);
  } else if (const auto* group = std::get_if<ingest::LinkGroup>(&envelope->event)) {
    std::vector<ProcessId> members;
    for (const auto& member : group->members) members.push_back(member.process);
    if (group->removed) members.clear();
    if (auto& known = groups_[group->id]; known != members) {
      known = std::move(members);
      watch();
    }
  } else if (const auto* breakpoint = std::get_if<ingest::Breakpoint>(&envelope->event)) {
    const bool waits = breakpoint->waiting && !breakpoint->removed && !breakpoint->armWhen.empty();
    if (waits) waiting_[breakpoint->id] = *breakpoint;
    if (waits || waiting_.erase(breakpoint->id) > 0) watch();
  }
}

void DerivedTrigger::learn(const ingest::DerivedSeries& derived) {
  ingest::ProcessInfo& process = derived_[derived.process.id];
  if (process.instance != derived.process.instance) process = {};
  process.id = derived.process.id;
  process.instance = derived.process.instance;
  std::erase_if(process.series, [&](const auto& known) { return known.index == derived.info.index; });
  process.series.push_back(derived.info);
  watch_.up(process);
}

void DerivedTrigger::watch() {
  std::vector<ingest::Breakpoint> all;
  for (const auto& [id, breakpoint] : waiting_) {
    all.push_back(breakpoint);
    const auto group = groups_.find(breakpoint.group);
    if (group == groups_.end()) continue;
    all.back().members.clear();
    for (const ProcessId& process : group->second) all.back().members.push_back({process});
  }
  // It keeps what it watches already, with the members that it had then.
  watch_.watch({});
  watch_.watch(all);
}

void DerivedTrigger::samples(const ingest::SampleBlock& block) {
  bool any = false;
  for (const auto& crossing : watch_.samples(block)) {
    const auto found = waiting_.find(crossing.breakpoint);
    if (found == waiting_.end()) continue;
    const ingest::Breakpoint breakpoint = std::move(found->second);
    waiting_.erase(found);  // until the agent tells of it anew
    any = true;
    crossed_(breakpoint, crossing);
  }
  if (any) watch();
}

}  // namespace qd::breakpoints
