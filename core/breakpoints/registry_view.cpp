// SPDX-License-Identifier: Apache-2.0
#include "core/breakpoints/registry_view.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <unordered_map>

namespace qd::breakpoints {
namespace {

constexpr std::size_t kMostStates = 256;  // of one breakpoint or group, for asOf
constexpr std::size_t kMostThings = 4096;
constexpr std::size_t kMostHits = 1000;

std::uint64_t orderOf(const ingest::Breakpoint& breakpoint) {
  return breakpoint.revision;
}
std::uint64_t orderOf(const ingest::LinkGroup& group) {
  return group.epoch;
}

// What one id was over time.
template <class T>
struct History {
  AgentId agent;             // that told it last
  std::uint64_t attach = 0;  // and in which of its attaches
  std::deque<std::pair<TimeNs, T>> states;
};

template <class T>
class Histories {
 public:
  // False: an older copy than what is here, from another agent.
  bool put(const AgentId& agent, std::uint64_t attach, TimeNs time, const T& state) {
    const auto [found, isNew] = byId_.try_emplace(state.id);
    History<T>& history = found->second;
    if (isNew) order_.push_back(state.id);
    if (!isNew && history.agent != agent && orderOf(state) < orderOf(history.states.back().second)) return false;
    history.agent = agent;
    history.attach = attach;
    const TimeNs from = history.states.empty() ? time : std::max(time, history.states.back().first);
    history.states.emplace_back(from, state);
    if (history.states.size() > kMostStates) history.states.pop_front();
    if (order_.size() > kMostThings) {
      byId_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }

  // The agent was attached anew: what it did not tell again since it was lost is no more.
  void forget(const AgentId& agent, std::uint64_t attach, TimeNs time) {
    for (auto& [id, history] : byId_) {
      if (history.agent != agent || history.attach >= attach || history.states.back().second.removed) continue;
      T last = history.states.back().second;
      last.removed = true;
      history.states.emplace_back(std::max(time, history.states.back().first), std::move(last));
    }
  }

  std::vector<T> at(TimeNs asOf) const {
    std::vector<T> result;
    for (const std::string& id : order_) {
      const auto& states = byId_.at(id).states;
      const auto after = std::upper_bound(states.begin(), states.end(), asOf,
                                          [](TimeNs t, const auto& state) { return t < state.first; });
      if (after != states.begin() && !std::prev(after)->second.removed) result.push_back(std::prev(after)->second);
    }
    return result;
  }

  // When something first was as `is` says.
  template <class Is>
  std::optional<TimeNs> first(const Is& is) const {
    std::optional<TimeNs> earliest;
    for (const auto& [id, history] : byId_) {
      for (const auto& [time, state] : history.states) {
        if (is(state) && (!earliest || time < *earliest)) earliest = time;
      }
    }
    return earliest;
  }

 private:
  std::deque<std::string> order_;
  std::unordered_map<std::string, History<T>> byId_;
};

}  // namespace

struct RegistryView::Impl {
  mutable std::mutex mutex;
  std::atomic<std::uint64_t> revision{0};
  Histories<ingest::Breakpoint> breakpoints;
  Histories<ingest::LinkGroup> groups;
  std::deque<ingest::Hit> hits;
  std::unordered_map<AgentId, std::uint64_t> attaches;
  TimeNs newest = 0;

  void put(const ingest::Hit& hit) {
    const auto known = std::find_if(hits.rbegin(), hits.rend(), [&](const ingest::Hit& h) { return h.id == hit.id; });
    if (known != hits.rend()) {
      *known = hit;
      return;
    }
    hits.push_back(hit);
    if (hits.size() > kMostHits) hits.pop_front();
  }
};

RegistryView::RegistryView() : impl_(std::make_unique<Impl>()) {}
RegistryView::~RegistryView() = default;

void RegistryView::on(const ingest::EnvelopePtr& envelope) {
  const auto* block = std::get_if<ingest::SampleBlock>(&envelope->event);
  const auto* breakpoint = std::get_if<ingest::Breakpoint>(&envelope->event);
  const auto* group = std::get_if<ingest::LinkGroup>(&envelope->event);
  const auto* hit = std::get_if<ingest::Hit>(&envelope->event);
  const auto* agent = std::get_if<ingest::AgentChange>(&envelope->event);
  if (!block && !breakpoint && !group && !hit && !agent) return;
  const std::lock_guard lock(impl_->mutex);
  const TimeNs known = block && !block->times.empty() ? block->times.back() : ingest::momentOf(*envelope);
  impl_->newest = std::max(impl_->newest, known);
  if (block) return;  // only its time is of use here, where events carry none
  const TimeNs time = envelope->received != 0 ? envelope->received : impl_->newest;
  std::uint64_t& attach = impl_->attaches[envelope->agent];
  bool changed = true;
  if (breakpoint) {
    changed = impl_->breakpoints.put(envelope->agent, attach, time, *breakpoint);
  } else if (group) {
    changed = impl_->groups.put(envelope->agent, attach, time, *group);
  } else if (hit) {
    impl_->put(*hit);
  } else if (agent->state == ingest::AgentState::Lost) {
    ++attach;
  } else if (agent->state == ingest::AgentState::Connected) {
    impl_->breakpoints.forget(envelope->agent, attach, time);
    impl_->groups.forget(envelope->agent, attach, time);
  }
  if (changed) impl_->revision.fetch_add(1, std::memory_order_release);
}

std::uint64_t RegistryView::revision() const {
  return impl_->revision.load(std::memory_order_acquire);
}

std::vector<ingest::Breakpoint> RegistryView::breakpoints(TimeNs asOf) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->breakpoints.at(asOf);
}

std::vector<ingest::LinkGroup> RegistryView::groups(TimeNs asOf) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->groups.at(asOf);
}

std::optional<ingest::LinkGroup> RegistryView::stopped(TimeNs asOf) const {
  for (ingest::LinkGroup& group : groups(asOf)) {
    if (group.state != ingest::GroupState::Running) return std::move(group);
  }
  return std::nullopt;
}

std::vector<ingest::Hit> RegistryView::hits() const {
  const std::lock_guard lock(impl_->mutex);
  return {impl_->hits.begin(), impl_->hits.end()};
}

std::optional<ingest::Hit> RegistryView::hit(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found =
      std::find_if(impl_->hits.rbegin(), impl_->hits.rend(), [&](const ingest::Hit& h) { return h.id == id; });
  return found == impl_->hits.rend() ? std::nullopt : std::optional(*found);
}

std::optional<TimeNs> RegistryView::standsAt(const std::string& hitId) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->groups.first([&](const ingest::LinkGroup& group) {
    const bool stands = group.state == ingest::GroupState::Stopped || group.state == ingest::GroupState::Partial;
    return stands && group.hitId == hitId;
  });
}

}  // namespace qd::breakpoints
