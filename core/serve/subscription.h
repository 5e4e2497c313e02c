// SPDX-License-Identifier: Apache-2.0
// What one subscriber gets of the log: globs on processes and series, tiers, entity frames. Pull it: next() takes
// entries out of the cursor until one passes. First comes the state as of now (sequence 0), then the log; the first
// time that there is nothing more, caughtUp() turns true once. The backend outlives it. One thread at a time.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "core/link/wire/messages.h"
#include "core/serve/backend.h"
#include "core/serve/glob.h"
#include "core/serve/rollup.h"

namespace qd::serve {

class Subscription {
 public:
  // Errors: InvalidArgument for patterns or times that make no sense.
  static Result<std::unique_ptr<Subscription>> open(Backend& backend, const link::SubscribeOrder& order,
                                                    std::function<void()> wake);

  // Null: nothing for now, wake comes when there is. `previous` is set as the subscriber must see it.
  ingest::EnvelopePtr next();
  bool caughtUp();  // true exactly once
  const std::string& agentId() const { return agentId_; }
  std::uint64_t position() const { return position_; }  // the newest log entry looked at

 private:
  Subscription(GlobSet processes, GlobSet series, const link::SubscribeOrder& order);
  void state(const Snapshot& snapshot, bool backfills);
  void put(ingest::Event event);
  void learn(const ingest::ProcessInfo& info);
  bool wantsProcess(const ingest::Event& event) const;
  ingest::EnvelopePtr pass(const ingest::EnvelopePtr& entry);
  ingest::EnvelopePtr passSamples(const ingest::EnvelopePtr& entry, const ingest::SampleBlock& block);
  ingest::EnvelopePtr stamped(const ingest::EnvelopePtr& entry);
  void emitRollups(std::vector<ingest::Rollup> rollups);

  const GlobSet processes_, series_;
  const link::Tier tier_;
  const bool entityFrames_;
  std::string agentId_;
  std::unique_ptr<Cursor> cursor_;
  std::deque<ingest::EnvelopePtr> ready_;
  std::unordered_map<InstanceId, std::unordered_set<std::uint32_t>> wantedSeries_;
  RollupMaker rollups_;
  std::uint64_t position_ = 0, lastSent_ = 0;
  enum class Phase { Backlog, Reached, Live } phase_ = Phase::Backlog;
};

}  // namespace qd::serve
