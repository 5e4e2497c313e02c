// SPDX-License-Identifier: Apache-2.0
#include "app/cli/coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::cli {
namespace {

// A process needs this long to have its first samples on their way.
constexpr TimeNs kGrace = 2 * kNsPerSecond;

}  // namespace

std::string describe(const Missing& m) {
  std::string who = m.agent.value.empty() ? std::string("everything") : "agent " + m.agent.value;
  if (!m.process.value.empty()) who = m.process.value + " at " + m.agent.value;
  if (m.from > 0) who += fmt::format(", {} to {}", utcText(m.from), utcText(m.to));
  return who + ": " + m.what;
}

void Coverage::miss(Missing missing) {
  const std::lock_guard lock(mutex_);
  missing_.push_back(std::move(missing));
}

void Coverage::add(const ingest::Envelope& envelope, const ingest::SampleBlock& block) {
  if (block.times.empty() || block.ring == ingest::kDerivedRing) return;
  Process& process = processes_[block.process.instance];
  process.agent = envelope.agent;
  process.id = block.process.id;
  const auto [low, high] = std::minmax_element(block.times.begin(), block.times.end());
  process.first = process.first == 0 ? *low : std::min(process.first, *low);
  process.last = std::max(process.last, *high);
  process.dropped += block.dropped;
  for (const ingest::Column& column : block.columns) process.points += column.size();
}

void Coverage::on(const ingest::EnvelopePtr& envelope) {
  const ingest::Event& event = envelope->event;
  if (const auto* block = std::get_if<ingest::SampleBlock>(&event)) {
    add(*envelope, *block);
  } else if (const auto* change = std::get_if<ingest::ProcessChange>(&event)) {
    Process& process = processes_[change->info.instance];
    process.agent = envelope->agent;
    process.id = change->info.id;
    process.started = change->info.started;
  } else if (const auto* gap = std::get_if<ingest::Gap>(&event)) {
    const std::string lost = gap->dropped > 0 ? fmt::format(" ({} points)", gap->dropped) : std::string();
    miss({envelope->agent, gap->process, gap->from, gap->to, gap->cause + lost, false});
  } else if (std::holds_alternative<ingest::AgentChange>(event) && onAgentChange) {
    onAgentChange();
  }
}

void Coverage::end() {
  for (const auto& [instance, p] : processes_) {
    const TimeNs wanted = std::max(asked_, p.started);
    if (p.first > wanted + kGrace) {
      miss({p.agent, p.id, wanted, p.first, "the flight recorder does not go back so far", false});
    }
    if (p.dropped > 0) {
      miss({p.agent, p.id, p.first, p.last,
            fmt::format("{} samples were dropped by a full ring in the game", p.dropped), false});
    }
  }
}

std::size_t Coverage::failures() const {
  return static_cast<std::size_t>(std::ranges::count(missing_, true, &Missing::failure));
}

Json Coverage::agentsJson() const {
  std::map<std::string, Json> agents;
  for (const auto& [instance, p] : processes_) {
    if (p.points == 0) continue;
    agents.try_emplace(p.agent.value, Json::array())
        .first->second.push_back({{"id", p.id.value}, {"from", p.first}, {"to", p.last}, {"points", p.points}});
  }
  Json out = Json::array();
  for (auto& [agent, processes] : agents) out.push_back({{"agent", agent}, {"processes", std::move(processes)}});
  return out;
}

Json Coverage::missingJson() const {
  Json out = Json::array();
  for (const Missing& m : missing_) {
    out.push_back({{"agent", m.agent.value},
                   {"process", m.process.value},
                   {"from", m.from},
                   {"to", m.to},
                   {"what", m.what},
                   {"failure", m.failure}});
  }
  return out;
}

}  // namespace qd::cli
