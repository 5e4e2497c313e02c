// SPDX-License-Identifier: Apache-2.0
#include "core/params/change_book.h"

#include <algorithm>

namespace qd::params {
namespace {

constexpr std::string_view kMember = "/member";

bool isMember(const ingest::ChangeState& change) {
  return change.plan.id.ends_with(kMember);
}

}  // namespace

void ChangeBook::on(const ingest::EnvelopePtr& envelope) {
  const auto* change = std::get_if<ingest::ChangeState>(&envelope->event);
  const auto* item = std::get_if<ingest::SharedItem>(&envelope->event);
  if (change == nullptr && item == nullptr) return;
  const std::lock_guard lock(mutex_);
  if (change != nullptr) put(*change);
  if (item != nullptr) {
    const auto known = shared_.find(item->key);
    const bool newer = known == shared_.end() || item->revision >= known->second.revision;
    if (newer) item->removed ? void(shared_.erase(item->key)) : void(shared_[item->key] = *item);
  }
  revision_.fetch_add(1, std::memory_order_release);
}

void ChangeBook::put(const ingest::ChangeState& change) {
  const auto known = std::find_if(changes_.begin(), changes_.end(),
                                  [&](const auto& other) { return other.plan.id == change.plan.id; });
  if (known != changes_.end()) {
    if (change.revision >= known->revision) *known = change;
    return;
  }
  changes_.push_back(change);
  if (changes_.size() <= kMost) return;
  const auto over = std::find_if(changes_.begin(), changes_.end(),
                                 [](const auto& other) { return ingest::isOver(other.phase) || isMember(other); });
  changes_.erase(over == changes_.end() ? changes_.begin() : over);
}

std::vector<ingest::ChangeState> ChangeBook::changes() const {
  const std::lock_guard lock(mutex_);
  std::vector<ingest::ChangeState> out;
  std::copy_if(changes_.begin(), changes_.end(), std::back_inserter(out), [](const auto& c) { return !isMember(c); });
  return out;
}

std::optional<ingest::ChangeState> ChangeBook::change(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto known =
      std::find_if(changes_.begin(), changes_.end(), [&](const auto& other) { return other.plan.id == id; });
  return known == changes_.end() ? std::nullopt : std::optional(*known);
}

std::size_t ChangeBook::running() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      changes_.begin(), changes_.end(), [](const auto& c) { return !ingest::isOver(c.phase) && !isMember(c); }));
}

std::vector<ingest::SharedItem> ChangeBook::shared(const std::string& prefix) const {
  const std::lock_guard lock(mutex_);
  std::vector<ingest::SharedItem> out;
  for (auto it = shared_.lower_bound(prefix); it != shared_.end() && it->first.starts_with(prefix); ++it) {
    out.push_back(it->second);
  }
  return out;
}

}  // namespace qd::params
