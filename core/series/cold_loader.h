// SPDX-License-Identifier: Apache-2.0
// Brings what queries missed: a queue that is bounded in requests, worked off newest first on the executor's thread,
// one load at a time, each bounded in bytes, for which the room is claimed first: where there is none, what was asked
// for is asked for again later. request() is called on any thread and never waits; stop() waits for the load that runs.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <tuple>

#include "core/series/cold.h"
#include "core/series/track.h"

namespace qd::series {

class ColdLoader final : public std::enable_shared_from_this<ColdLoader> {
 public:
  struct Job {
    Track* track = nullptr;
    std::uint32_t series = 0;  // kClock: of the process
    ProcessId process;
    Wanted wanted;
  };
  static constexpr std::uint32_t kClock = UINT32_MAX;
  struct Order {
    ColdRequest request;
    std::uint32_t firstSegment = 0;
  };
  struct Owner {
    std::function<std::optional<Order>(const Job&)> resolve;
    std::function<Claim(std::size_t bytes)> room;
    std::function<void(const Job&, const ColdLoad&, std::uint32_t firstSegment)> apply;  // the room is claimed
  };

  ColdLoader(std::shared_ptr<ColdSource> source, Executor executor, ColdOptions options, Meter& meter, Owner owner);
  static std::size_t ownBytes(const ColdOptions& options);  // what it takes itself at most
  bool request(const Job& job);                             // false: it will not come
  void stop();

 private:
  using Key = std::tuple<const Track*, TimeNs, TimeNs, std::uint64_t>;
  static Key keyOf(const Job& job);
  void drain();
  void run(const Job& job);
  Result<void> bring(const Job& job);
  Result<ColdLoad> load(const Order& order);
  Result<ColdLoad> loadInParts(const Order& order, std::uint64_t parts);

  const std::shared_ptr<ColdSource> source_;
  const Executor executor_;
  const ColdOptions options_;
  Meter& meter_;
  const Owner owner_;
  std::optional<Metered> metered_;  // until stop(): a task that comes late keeps this alive longer than the store
  std::mutex mutex_;                // guards what follows
  std::condition_variable idle_;
  std::deque<Job> queue_;
  std::set<Key> known_;                  // in the queue or under way
  std::map<Key, std::int64_t> missing_;  // not to be asked for again before this (monotonic ns)
  std::set<Key> lost_;                   // the source failed
  bool running_ = false, working_ = false, stopped_ = false;
};

}  // namespace qd::series
