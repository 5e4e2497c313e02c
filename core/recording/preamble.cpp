// SPDX-License-Identifier: Apache-2.0
#include "core/recording/preamble.h"

namespace qd::recording {
namespace {

using namespace ingest;

template <class Map, class Key>
void keep(Map& map, const Key& key, bool removed, const EnvelopePtr& envelope) {
  if (removed) {
    map.erase(key);
  } else {
    map[key] = envelope;
  }
}

}  // namespace

EnvelopePtr outsideTheLog(const EnvelopePtr& envelope) {
  auto copy = std::make_shared<Envelope>(*envelope);
  copy->sequence = copy->previous = 0;
  return copy;
}

void Preamble::on(const EnvelopePtr& envelope) {
  const AgentId& agent = envelope->agent;
  if (const auto* change = std::get_if<ProcessChange>(&envelope->event)) {
    if (change->info.state == ProcessState::Gone) {
      processes_.erase({agent, change->info.id});
      return;
    }
    Process& process = processes_[{agent, change->info.id}];
    const bool restarted = process.change != nullptr &&
                           std::get<ProcessChange>(process.change->event).info.instance != change->info.instance;
    if (restarted) process = {};
    process.change = envelope;
  } else if (const auto* derived = std::get_if<DerivedSeries>(&envelope->event)) {
    processes_[{agent, derived->process.id}].derived[derived->info.index] = envelope;
  } else if (const auto* parameters = std::get_if<ParameterChange>(&envelope->event)) {
    Process& process = processes_[{agent, parameters->process.id}];
    for (const ParameterValue& value : parameters->values) process.parameters[value.name] = value;
    process.parametersFrom = envelope;
  } else if (const auto* group = std::get_if<LinkGroup>(&envelope->event)) {
    keep(groups_, std::pair(agent, group->id), group->removed, envelope);
  } else if (const auto* breakpoint = std::get_if<Breakpoint>(&envelope->event)) {
    keep(breakpoints_, std::pair(agent, breakpoint->id), breakpoint->removed, envelope);
  } else if (const auto* changing = std::get_if<ChangeState>(&envelope->event)) {
    keep(changes_, std::pair(agent, changing->plan.id), isOver(changing->phase), envelope);
  } else if (const auto* item = std::get_if<SharedItem>(&envelope->event)) {
    keep(shared_, std::pair(agent, item->key), item->removed, envelope);
  } else if (std::holds_alternative<AgentChange>(envelope->event)) {
    agents_[agent] = envelope;
  } else if (std::holds_alternative<ClockSample>(envelope->event)) {
    clocks_[agent] = envelope;
  }
}

std::vector<EnvelopePtr> Preamble::envelopes() const {
  std::vector<EnvelopePtr> out;
  for (const auto* map : {&agents_, &clocks_}) {
    for (const auto& [agent, envelope] : *map) out.push_back(outsideTheLog(envelope));
  }
  for (const auto& [key, process] : processes_) {
    if (process.change != nullptr) out.push_back(outsideTheLog(process.change));
    for (const auto& [index, derived] : process.derived) out.push_back(outsideTheLog(derived));
    if (process.parametersFrom == nullptr) continue;
    auto envelope = std::make_shared<Envelope>(*process.parametersFrom);
    envelope->sequence = envelope->previous = 0;
    ParameterChange all{std::get<ParameterChange>(envelope->event).process, {}};
    for (const auto& [name, value] : process.parameters) all.values.push_back(value);
    envelope->event = std::move(all);
    out.push_back(std::move(envelope));
  }
  for (const auto* map : {&groups_, &breakpoints_, &changes_, &shared_}) {
    for (const auto& [key, envelope] : *map) out.push_back(outsideTheLog(envelope));
  }
  return out;
}

}  // namespace qd::recording
