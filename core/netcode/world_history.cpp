// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/world_history.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "core/netcode/tick_history.h"

namespace qd::netcode {
namespace {

struct Kept {
  EntityFramePtr frame;
  std::size_t bytes = 0;
};

struct Process {
  std::deque<Kept> byTime;  // ascending
  InstanceId instance;
  TickHistory byTick;  // authoritative frames of the newest instance
};

}  // namespace

struct WorldHistory::Impl {
  std::size_t budget = 0;
  mutable std::mutex mutex;
  std::unordered_map<ProcessId, Process> processes;
  std::size_t bytes = 0;

  bool keep(Process& process, const EntityFramePtr& frame, std::size_t size) {
    auto& all = process.byTime;
    const auto place = std::upper_bound(all.begin(), all.end(), frame->time,
                                        [](TimeNs t, const Kept& k) { return t < k.frame->time; });
    if (place != all.begin()) {
      const ingest::EntityFrame& before = *std::prev(place)->frame;
      if (before.time == frame->time && before.tick == frame->tick && before.rendered == frame->rendered) return false;
    }
    all.insert(place, Kept{frame, size});
    bytes += size;
    return true;
  }

  void index(Process& process, const EntityFramePtr& frame) {
    if (process.instance != frame->process.instance) {
      // A late frame of the instance before must not take the place of the newest.
      if (!process.byTime.empty() && process.byTime.back().frame != frame) return;
      process.instance = frame->process.instance;
      process.byTick.clear();
    }
    process.byTick.add(frame);
    process.byTick.trim(process.byTime.size());
  }

  void shrink() {
    while (bytes > budget) {
      Process* oldest = nullptr;
      for (auto& [id, process] : processes) {
        if (process.byTime.empty()) continue;
        if (oldest == nullptr || process.byTime.front().frame->time < oldest->byTime.front().frame->time)
          oldest = &process;
      }
      if (oldest == nullptr) return;
      bytes -= oldest->byTime.front().bytes;
      oldest->byTime.pop_front();
      oldest->byTick.trim(oldest->byTime.size());
    }
  }
};

WorldHistory::WorldHistory(std::size_t budgetBytes) : impl_(std::make_unique<Impl>()) {
  impl_->budget = budgetBytes;
}
WorldHistory::~WorldHistory() = default;

void WorldHistory::on(const ingest::EnvelopePtr& envelope) {
  if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope->event)) {
    const std::lock_guard lock(impl_->mutex);
    impl_->processes[change->info.id].byTick.nominalHz(change->info.tickHz);
    return;
  }
  const auto* frame = std::get_if<ingest::EntityFrame>(&envelope->event);
  if (frame == nullptr || !sound(*frame)) return;
  const EntityFramePtr kept(envelope, frame);
  const std::size_t size = ingest::sizeInBytes(*envelope);
  const std::lock_guard lock(impl_->mutex);
  Process& process = impl_->processes[frame->process.id];
  if (!impl_->keep(process, kept, size)) return;
  if (!frame->rendered) impl_->index(process, kept);
  impl_->shrink();
}

void WorldHistory::forget() {
  const std::lock_guard lock(impl_->mutex);
  for (auto& [id, process] : impl_->processes) {
    process.byTime.clear();
    process.byTick.clear();
  }
  impl_->bytes = 0;
}

EntityFramePtr WorldHistory::frameAt(const ProcessId& process, TimeNs time) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->processes.find(process);
  if (found == impl_->processes.end()) return nullptr;
  const auto& all = found->second.byTime;
  const auto after =
      std::upper_bound(all.begin(), all.end(), time, [](TimeNs t, const Kept& k) { return t < k.frame->time; });
  return after == all.begin() ? nullptr : std::prev(after)->frame;
}

std::vector<EntityFramePtr> WorldHistory::framesBetween(const ProcessId& process, TimeNs from, TimeNs to,
                                                        std::size_t most) const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<EntityFramePtr> out;
  const auto found = impl_->processes.find(process);
  if (found == impl_->processes.end() || from > to || most == 0) return out;
  const auto& all = found->second.byTime;
  const auto begin =
      std::lower_bound(all.begin(), all.end(), from, [](const Kept& k, TimeNs t) { return k.frame->time < t; });
  const auto end = std::upper_bound(begin, all.end(), to, [](TimeNs t, const Kept& k) { return t < k.frame->time; });
  const auto count = static_cast<std::size_t>(end - begin);
  const std::size_t step = std::max<std::size_t>(1, (count + most - 1) / most);
  // Counted from the end, so that the newest is always one of them.
  for (std::size_t i = count == 0 ? 0 : (count - 1) % step; i < count; i += step)
    out.push_back(begin[static_cast<std::ptrdiff_t>(i)].frame);
  return out;
}

std::optional<TimeNs> WorldHistory::nearestTime(const ProcessId& process, TimeNs time) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->processes.find(process);
  if (found == impl_->processes.end() || found->second.byTime.empty()) return std::nullopt;
  const auto& all = found->second.byTime;
  const auto after =
      std::lower_bound(all.begin(), all.end(), time, [](const Kept& k, TimeNs t) { return k.frame->time < t; });
  if (after == all.end()) return all.back().frame->time;
  if (after == all.begin()) return after->frame->time;
  const TimeNs later = after->frame->time, earlier = std::prev(after)->frame->time;
  return later - time < time - earlier ? later : earlier;
}

EntityFramePtr WorldHistory::frameAtTick(const ProcessId& server, Tick tick) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->processes.find(server);
  return found == impl_->processes.end() ? nullptr : found->second.byTick.atOrBefore(tick);
}

std::optional<Pose> WorldHistory::authoritativeAt(const ProcessId& server, std::uint32_t entity,
                                                  std::uint64_t tick48_16) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->processes.find(server);
  if (found == impl_->processes.end()) return std::nullopt;
  return TickHistory::pose(found->second.byTick.around(tick48_16), entity);
}

}  // namespace qd::netcode
