// SPDX-License-Identifier: Apache-2.0
// The changes over time and the shared items of a session, as its agents tell of them. A change that another agent
// carries out as a member only is left out where its coordinator is heard. on() on the source thread; the rest on any.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"

namespace qd::params {

class ChangeBook final : public ingest::EventSink {
 public:
  static constexpr std::size_t kMost = 500;  // changes; the oldest that are over go first

  void on(const ingest::EnvelopePtr& envelope) override;

  std::uint64_t revision() const { return revision_.load(std::memory_order_acquire); }
  std::vector<ingest::ChangeState> changes() const;  // oldest first
  std::optional<ingest::ChangeState> change(const std::string& id) const;
  std::size_t running() const;  // not over
  std::vector<ingest::SharedItem> shared(const std::string& prefix) const;

 private:
  void put(const ingest::ChangeState& change);

  mutable std::mutex mutex_;
  std::vector<ingest::ChangeState> changes_;
  std::map<std::string, ingest::SharedItem> shared_;
  std::atomic<std::uint64_t> revision_{0};
};

}  // namespace qd::params
