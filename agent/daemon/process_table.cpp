// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/process_table.h"

#include <algorithm>

namespace qd::daemon {
namespace {

constexpr std::size_t kMostEarlier = 64;
constexpr std::size_t kMostChangesOver = 100;

}  // namespace

ProcessTable::Row* ProcessTable::rowOf(const ProcessId& id) {
  const auto found = at_.find(id.value);
  return found == at_.end() ? nullptr : &rows_[found->second];
}

const ProcessTable::Row* ProcessTable::rowOf(const ProcessId& id) const {
  return const_cast<ProcessTable*>(this)->rowOf(id);
}

void ProcessTable::put(const ingest::ProcessInfo& info) {
  const std::lock_guard lock(mutex_);
  Row* row = rowOf(info.id);
  if (!row) {
    at_[info.id.value] = rows_.size();
    rows_.push_back({info, 0, {}});
    row = &rows_.back();
  } else if (row->info.instance != info.instance) {
    row->info.state = ingest::ProcessState::Gone;
    if (row->goneAt == 0) row->goneAt = utcNowNs();
    earlier_.push_back(std::move(*row));
    if (earlier_.size() > kMostEarlier) earlier_.erase(earlier_.begin());
    *row = Row{info, 0, {}};
  } else {
    row->info = info;
  }
  row->goneAt = info.state == ingest::ProcessState::Gone ? utcNowNs() : 0;
}

void ProcessTable::setTick(const ProcessId& id, Tick tick) {
  const std::lock_guard lock(mutex_);
  if (Row* row = rowOf(id)) row->info.tick = tick;
}

void ProcessTable::setParameters(const ingest::ProcessRef& process, const std::vector<ingest::ParameterValue>& values) {
  const std::lock_guard lock(mutex_);
  Row* row = rowOf(process.id);
  if (!row || row->info.instance != process.instance) return;
  for (const auto& value : values) row->parameters[value.name] = value;
}

void ProcessTable::setBreakpoint(const ingest::Breakpoint& breakpoint) {
  const std::lock_guard lock(mutex_);
  if (breakpoint.removed) {
    breakpoints_.erase(breakpoint.id);
  } else {
    breakpoints_[breakpoint.id] = breakpoint;
  }
}

void ProcessTable::setGroup(const ingest::LinkGroup& group) {
  const std::lock_guard lock(mutex_);
  if (group.removed) {
    groups_.erase(group.id);
    hits_.erase(group.id);
  } else {
    groups_[group.id] = group;
    if (group.hitId.empty()) hits_.erase(group.id);
  }
}

void ProcessTable::setHit(const ingest::Hit& hit) {
  const std::lock_guard lock(mutex_);
  const auto group = groups_.find(hit.group);
  if (group != groups_.end() && group->second.hitId == hit.id) hits_[hit.group] = hit;
}

void ProcessTable::setChange(const ingest::ChangeState& change) {
  const std::lock_guard lock(mutex_);
  const auto known = std::find_if(changes_.begin(), changes_.end(),
                                  [&](const auto& other) { return other.plan.id == change.plan.id; });
  known == changes_.end() ? void(changes_.push_back(change)) : void(*known = change);
  const auto over = [](const auto& other) { return ingest::isOver(other.phase); };
  if (static_cast<std::size_t>(std::count_if(changes_.begin(), changes_.end(), over)) <= kMostChangesOver) return;
  changes_.erase(std::find_if(changes_.begin(), changes_.end(), over));
}

void ProcessTable::setShared(const ingest::SharedItem& item) {
  const std::lock_guard lock(mutex_);
  item.removed ? void(shared_.erase(item.key)) : void(shared_[item.key] = item);
}

void ProcessTable::forgetGone(TimeNs now) {
  const std::lock_guard lock(mutex_);
  const auto old = [&](const Row& row) { return row.goneAt != 0 && row.goneAt + keep_.ns < now; };
  std::erase_if(earlier_, old);
  if (std::erase_if(rows_, old) == 0) return;
  at_.clear();
  for (std::size_t i = 0; i < rows_.size(); ++i) at_[rows_[i].info.id.value] = i;
}

std::optional<ingest::ProcessInfo> ProcessTable::find(const ProcessId& id) const {
  const std::lock_guard lock(mutex_);
  const Row* row = rowOf(id);
  if (!row) return std::nullopt;
  return row->info;
}

std::optional<ingest::ProcessInfo> ProcessTable::find(const ingest::ProcessRef& process) const {
  const std::lock_guard lock(mutex_);
  if (const Row* row = rowOf(process.id); row && row->info.instance == process.instance) return row->info;
  for (const Row& row : earlier_) {
    if (row.info.id == process.id && row.info.instance == process.instance) return row.info;
  }
  return std::nullopt;
}

std::vector<ingest::ParameterValue> ProcessTable::parameters(const ProcessId& id) const {
  const std::lock_guard lock(mutex_);
  std::vector<ingest::ParameterValue> out;
  if (const Row* row = rowOf(id)) {
    for (const auto& [name, value] : row->parameters) out.push_back(value);
  }
  return out;
}

std::optional<ingest::ParameterValue> ProcessTable::parameter(const ProcessId& id, const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const Row* row = rowOf(id);
  if (!row || row->info.state == ingest::ProcessState::Gone) return std::nullopt;
  const auto found = row->parameters.find(name);
  return found == row->parameters.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ingest::ChangeState> ProcessTable::change(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto known =
      std::find_if(changes_.begin(), changes_.end(), [&](const auto& other) { return other.plan.id == id; });
  return known == changes_.end() ? std::nullopt : std::optional(*known);
}

std::vector<ingest::ProcessInfo> ProcessTable::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<ingest::ProcessInfo> out;
  for (const Row& row : rows_) out.push_back(row.info);
  return out;
}

void ProcessTable::fill(serve::Snapshot& snapshot) const {
  const std::lock_guard lock(mutex_);
  for (const Row& row : earlier_) snapshot.earlier.push_back(row.info);
  for (const Row& row : rows_) {
    snapshot.processes.push_back(row.info);
    if (row.parameters.empty()) continue;
    auto& change = snapshot.parameters.emplace_back();
    change.process = {row.info.id, row.info.instance};
    for (const auto& [name, value] : row.parameters) change.values.push_back(value);
  }
  for (const auto& [id, breakpoint] : breakpoints_) snapshot.breakpoints.push_back(breakpoint);
  for (const auto& [id, group] : groups_) snapshot.groups.push_back(group);
  for (const auto& [group, hit] : hits_) snapshot.hits.push_back(hit);
  for (const auto& change : changes_) snapshot.changes.push_back(change);
  for (const auto& [key, item] : shared_) snapshot.shared.push_back(item);
}

}  // namespace qd::daemon
