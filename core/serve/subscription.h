// SPDX-License-Identifier: Apache-2.0
// What one subscriber gets of the log: globs on processes and series, then tiers or an interest that may change while
// it runs. Pull it: next() takes entries out of the cursor until one passes. First comes the state as of now (sequence
// 0), then the log; the first time that there is nothing more, caughtUp() turns true once. Series that an update adds
// are read again from an earlier place by a cursor of their own (catch-up), beside the live ones, and join these when
// it has come as far. The backend outlives it. One thread at a time.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "core/link/wire/messages.h"
#include "core/serve/backend.h"
#include "core/serve/glob.h"
#include "core/serve/interest_filter.h"
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

  // From here on. What was not wanted before comes again from `backfill` ago (0: not at all). InvalidArgument:
  // patterns.
  Result<> update(const ingest::Interest& interest, Duration backfill);

 private:
  using Wanted = std::unordered_map<InstanceId, std::unordered_set<std::uint32_t>>;
  struct CatchUp {
    std::unique_ptr<Cursor> cursor;
    Wanted wanted;
  };

  Subscription(Backend& backend, GlobSet processes, GlobSet series, InterestFilter filter,
               const link::SubscribeOrder& order, std::function<void()> wake);
  void state(const Snapshot& snapshot, bool backfills);
  void put(ingest::Event event);
  void learn(const ingest::ProcessInfo& info);
  void wantFrom(const ingest::ProcessInfo& info, Wanted& wanted) const;
  std::uint32_t kinds() const;
  bool everySample() const { return filter_.allSamples() && series_.all() && catchUps_.empty(); }
  bool wantsProcess(const ingest::Event& event) const;
  ingest::EnvelopePtr fromLog();
  ingest::EnvelopePtr pass(const ingest::EnvelopePtr& entry);
  ingest::EnvelopePtr passSamples(const ingest::EnvelopePtr& entry, const ingest::SampleBlock& block);
  ingest::EnvelopePtr passRollup(const ingest::EnvelopePtr& entry, const ingest::Rollup& rollup);
  ingest::EnvelopePtr stamped(const ingest::EnvelopePtr& entry);
  ingest::EnvelopePtr restamped(const ingest::EnvelopePtr& like, ingest::Event event);
  void makeRollups(const ingest::SampleBlock& block);
  void emitRollups(std::vector<ingest::Rollup> rollups);

  // subscription_catch_up.cpp
  void beginCatchUp(Wanted added, Duration backfill);
  ingest::EnvelopePtr fromCatchUp();
  bool shed(const ingest::EnvelopePtr& entry);
  ingest::EnvelopePtr shedGap();

  Backend& backend_;
  const GlobSet processes_, series_;
  InterestFilter filter_;
  const bool framesAnyway_;  // as the tiers of old have it
  const Duration mostLag_;
  const std::function<void()> wake_;
  bool logHasRollups_ = false;
  std::string agentId_;
  std::unique_ptr<Cursor> cursor_;
  std::deque<ingest::EnvelopePtr> ready_;
  std::unordered_map<InstanceId, ingest::ProcessInfo> declared_;
  Wanted wanted_;  // at full rate, live; of use unless everySample()
  RollupMaker rollups_;
  std::uint64_t position_ = 0, lastSent_ = 0;
  enum class Phase { Backlog, Reached, Live } phase_ = Phase::Backlog;
  std::deque<CatchUp> catchUps_;
  unsigned turn_ = 0;

  bool shedding_ = false;
  ingest::Gap shedGap_;
};

// Null when none of its columns is wanted and nothing was dropped before it.
std::optional<ingest::SampleBlock> onlyWanted(const ingest::SampleBlock& block,
                                              const std::unordered_set<std::uint32_t>& wanted);

}  // namespace qd::serve
