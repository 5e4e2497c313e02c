// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/directory.h"

#include <algorithm>
#include <atomic>
#include <shared_mutex>
#include <unordered_map>

namespace qd::ingest {
namespace {

// States of one process that are remembered for `asOf`; the oldest go first, but never the very first.
constexpr std::size_t kMostStates = 256;
constexpr std::size_t kMostDerived = 4096;  // series of one process, all instances together

struct State {
  TimeNs from = 0;
  ProcessInfoPtr info;
};

struct Entry {
  std::vector<State> states;  // ascending
  TimeNs newest = 0;          // of the process's own events
};

ProcessInfoPtr at(const Entry& entry, TimeNs asOf) {
  if (asOf == Directory::kNow) return entry.states.back().info;
  const auto after = std::upper_bound(entry.states.begin(), entry.states.end(), asOf,
                                      [](TimeNs time, const State& state) { return time < state.from; });
  return after == entry.states.begin() ? nullptr : std::prev(after)->info;
}

// `series` replaces the one of its index, or comes last.
void put(std::vector<SeriesInfo>& all, const SeriesInfo& series) {
  const auto same = std::find_if(all.begin(), all.end(), [&](const SeriesInfo& s) { return s.index == series.index; });
  if (same == all.end()) {
    all.push_back(series);
  } else {
    *same = series;
  }
}

}  // namespace

struct Directory::Impl {
  mutable std::shared_mutex mutex;
  std::atomic<std::uint64_t> revision{0};
  std::vector<ProcessId> order;
  std::unordered_map<ProcessId, Entry> processes;
  std::vector<AgentInfo> agents;
  // What was derived for each instance; a replay may tell it before the process itself.
  std::unordered_map<ProcessId, std::vector<std::pair<InstanceId, SeriesInfo>>> derived;

  AgentInfo& agent(const AgentId& id) {
    const auto known = std::find_if(agents.begin(), agents.end(), [&](const AgentInfo& a) { return a.id == id; });
    if (known != agents.end()) return *known;
    return agents.emplace_back(AgentInfo{.id = id, .version = {}, .reason = {}, .clock = {}});
  }

  void change(const EnvelopePtr& envelope, const ProcessChange& change) {
    const ProcessInfo& info = change.info;
    const auto [found, isNew] = processes.try_emplace(info.id);
    Entry& entry = found->second;
    if (isNew) order.push_back(info.id);
    const bool restarted = isNew || entry.states.back().info->instance != info.instance;
    const ProcessInfoPtr kept = withDerived(ProcessInfoPtr(envelope, &info));
    const TimeNs happened = envelope->received != 0 ? envelope->received : std::max(entry.newest, info.started);
    TimeNs from = restarted && info.started != 0 ? info.started : happened;
    if (!entry.states.empty()) from = std::max(from, entry.states.back().from);
    entry.states.push_back({from, kept});
    if (entry.states.size() > kMostStates) entry.states.erase(entry.states.begin() + 1);
  }

  ProcessInfoPtr withDerived(const ProcessInfoPtr& info) const {
    const auto known = derived.find(info->id);
    if (known == derived.end()) return info;
    std::shared_ptr<ProcessInfo> copy;
    for (const auto& [instance, series] : known->second) {
      if (instance != info->instance) continue;
      if (!copy) copy = std::make_shared<ProcessInfo>(*info);
      put(copy->series, series);
    }
    return copy ? ProcessInfoPtr(std::move(copy)) : info;
  }

  void derive(const DerivedSeries& event) {
    auto& all = derived[event.process.id];
    std::erase_if(
        all, [&](const auto& d) { return d.first == event.process.instance && d.second.index == event.info.index; });
    if (all.size() >= kMostDerived) all.erase(all.begin());
    all.emplace_back(event.process.instance, event.info);
    const auto found = processes.find(event.process.id);
    if (found == processes.end()) return;
    for (State& state : found->second.states) {
      if (state.info->instance == event.process.instance) state.info = withDerived(state.info);
    }
  }

  void seen(const ProcessId& process, TimeNs time) {
    const auto found = processes.find(process);
    if (found != processes.end()) found->second.newest = std::max(found->second.newest, time);
  }
};

Directory::Directory() : impl_(std::make_unique<Impl>()) {}
Directory::~Directory() = default;

void Directory::on(const EnvelopePtr& envelope) {
  const std::unique_lock lock(impl_->mutex);
  bool changed = true;
  if (const auto* change = std::get_if<ProcessChange>(&envelope->event)) {
    impl_->change(envelope, *change);
  } else if (const auto* derived = std::get_if<DerivedSeries>(&envelope->event)) {
    impl_->derive(*derived);
  } else if (const auto* agent = std::get_if<AgentChange>(&envelope->event)) {
    AgentInfo& info = impl_->agent(envelope->agent);
    info.state = agent->state;
    if (!agent->version.empty()) info.version = agent->version;
    info.reason = agent->reason;
  } else if (const auto* clock = std::get_if<ClockSample>(&envelope->event)) {
    impl_->agent(envelope->agent).clock = *clock;
  } else {
    changed = false;
    if (const auto* block = std::get_if<SampleBlock>(&envelope->event)) {
      if (!block->times.empty()) impl_->seen(block->process.id, block->times.back());
    } else if (const TimeNs time = timeOf(envelope->event); time != 0) {
      impl_->seen(processOf(envelope->event), time);
    }
  }
  if (changed) impl_->revision.fetch_add(1, std::memory_order_release);
}

std::uint64_t Directory::revision() const {
  return impl_->revision.load(std::memory_order_acquire);
}

std::vector<ProcessInfoPtr> Directory::processes(TimeNs asOf) const {
  const std::shared_lock lock(impl_->mutex);
  std::vector<ProcessInfoPtr> result;
  result.reserve(impl_->order.size());
  for (const ProcessId& id : impl_->order) {
    if (auto info = at(impl_->processes.at(id), asOf)) result.push_back(std::move(info));
  }
  return result;
}

ProcessInfoPtr Directory::process(const ProcessId& id, TimeNs asOf) const {
  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->processes.find(id);
  return found == impl_->processes.end() ? nullptr : at(found->second, asOf);
}

std::vector<ProcessId> Directory::editorsOf(const ProcessId& server) const {
  std::vector<ProcessId> result;
  for (const ProcessInfoPtr& info : processes()) {
    if (info->kind == ProcessKind::Editor && info->domain == server.value) result.push_back(info->id);
  }
  return result;
}

std::vector<AgentInfo> Directory::agents() const {
  const std::shared_lock lock(impl_->mutex);
  return impl_->agents;
}

}  // namespace qd::ingest
