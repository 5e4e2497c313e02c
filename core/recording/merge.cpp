// SPDX-License-Identifier: Apache-2.0
#include "core/recording/merge.h"

#include <algorithm>
#include <deque>
#include <tuple>
#include <unordered_map>

#include "core/recording/copy_out.h"
#include "core/recording/event_json.h"
#include "core/recording/event_names.h"
#include "core/recording/merge_blocks.h"
#include "core/recording/merge_names.h"
#include "core/recording/sqlite.h"

namespace qd::recording {

using namespace ingest;

namespace {

// The same entry stands at nearly the same place in every recording: so long it is waited for, at most so many bytes.
constexpr TimeNs kWindow = 5 * kNsPerSecond;
constexpr std::size_t kWindowBytes = std::size_t{96} << 20;

// An entry whose turn to be written has not come yet.
struct Waiting {
  TimeNs at = 0;
  std::size_t bytes = 0;
  std::shared_ptr<Envelope> envelope;
};

std::uint64_t fingerprint(const Envelope& e) {
  const std::string body =
      std::holds_alternative<ProcessChange>(e.event)
          ? declarationJson(std::get<ProcessChange>(e.event).info) + processJson(std::get<ProcessChange>(e.event), 0)
          : toJson(e.event);
  // What a console saw of an agent is its own, apart from what it was given.
  const TimeNs received = std::holds_alternative<AgentChange>(e.event) ? e.received : 0;
  return static_cast<std::uint64_t>(
      rowHash(std::vector<Cell>{kindOf(e.event), std::string_view(e.agent.value), static_cast<std::int64_t>(e.sequence),
                                std::string_view(body), received}));
}

class Merger {
 public:
  Merger(const MergeNames& names, CopyOut& out) : names_(names), out_(out) {}

  Result<> take(std::size_t file, const Placed& placed) {
    auto envelope = std::make_shared<Envelope>(*placed.envelope);
    rename(file, *envelope);
    if (isDuplicate(file, *envelope)) {
      ++duplicates_;
      return {};
    }
    const std::size_t bytes = sizeInBytes(*envelope);
    if (const auto* block = std::get_if<SampleBlock>(&envelope->event)) open_[keyOf(*block)] = envelope;
    waiting_.push_back({placed.at, bytes, std::move(envelope)});
    bytes_ += bytes;
    return release(placed.at - kWindow);
  }

  Result<> end() { return release(INT64_MAX); }
  std::uint64_t duplicates() const { return duplicates_; }

 private:
  void rename(std::size_t file, Envelope& envelope) const {
    if (!names_.renames(file)) return;
    const AgentId agent = envelope.agent;
    renameProcesses(envelope.event, [&](const ProcessId& id) { return names_.process(file, agent, id); });
    envelope.agent = names_.agent(file, agent);
  }

  bool isDuplicate(std::size_t file, Envelope& envelope) {
    Event& event = envelope.event;
    if (auto* block = std::get_if<SampleBlock>(&event)) return isDuplicateBlock(file, *block);
    if (const auto* frame = std::get_if<EntityFrame>(&event)) {
      return wasSeen(file, {frame->process.instance, frame->rendered ? 1U : 0U, frame->tick, frame->time});
    }
    if (const auto* frames = std::get_if<FrameBlock>(&event)) {
      const Tick first = frames->frames.empty() ? 0 : frames->frames.front();
      return wasSeen(file, {frames->process.instance, 2, first, static_cast<std::int64_t>(frames->frames.size())});
    }
    if (const auto* rollup = std::get_if<Rollup>(&event)) {
      return wasSeen(file, {rollup->process.instance, 3, rollup->from, static_cast<std::int64_t>(rollup->rows.size())});
    }
    if (std::holds_alternative<ClockSample>(event)) {
      return clockOwner_.try_emplace(envelope.agent, file).first->second != file;
    }
    if (auto* derived = std::get_if<DerivedSeries>(&event)) return !derived_.declare(file, *derived);
    return isDuplicateEvent(file, envelope);
  }

  bool isDuplicateBlock(std::size_t file, SampleBlock& block) {
    if (block.ring == kDerivedRing) return !derived_.take(file, block);
    const BlockKey key = keyOf(block);
    // Series by series: a console that asked for more later got the same block again with the other series of it.
    const auto first = static_cast<std::int64_t>(key.first);
    const std::int64_t last = first + static_cast<std::int64_t>(std::max<std::uint64_t>(block.count, 1)) - 1;
    if (const auto open = open_.find(key); open != open_.end()) {
      for (const Column& column : block.columns) {
        written_[{key.instance, key.ring, column.series.value}].add(first, last);
      }
      unite(std::get<SampleBlock>(open->second->event), block);
      return true;
    }
    std::erase_if(block.columns, [&](const Column& column) {
      SeenRanges& seen = written_[{key.instance, key.ring, column.series.value}];
      if (seen.contains(first)) return true;
      seen.add(first, last);
      return false;
    });
    return block.columns.empty();
  }

  // Frames have no sequence of their own: the tick or frame that they show, once in the window.
  struct FrameKey {
    InstanceId instance;
    std::uint32_t kind = 0;
    std::int64_t a = 0, b = 0;
    auto operator<=>(const FrameKey&) const = default;
  };
  bool wasSeen(std::size_t file, const FrameKey& key) {
    const auto [known, fresh] = frames_.try_emplace(key, file);
    if (!fresh) return known->second != file;
    recentFrames_.push_back(key);
    if (recentFrames_.size() > kMostFrames) {
      frames_.erase(recentFrames_.front());
      recentFrames_.pop_front();
    }
    return false;
  }

  // An entry of a log is one entry however often it was told; a state that a console was given at its attach counts as
  // known only if another console was given the same.
  bool isDuplicateEvent(std::size_t file, const Envelope& envelope) {
    const auto [known, fresh] = events_.try_emplace(fingerprint(envelope), file);
    return !fresh && (envelope.sequence != 0 || known->second != file);
  }

  Result<> release(TimeNs until) {
    while (!waiting_.empty() && (waiting_.front().at < until || until == INT64_MAX || bytes_ > kWindowBytes)) {
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      bytes_ -= next.bytes;
      if (const auto* block = std::get_if<SampleBlock>(&next.envelope->event)) open_.erase(keyOf(*block));
      if (Result<> done = out_.put(std::move(next.envelope)); !done) return done;
    }
    return {};
  }

  static constexpr std::size_t kMostFrames = 200'000;

  const MergeNames& names_;
  CopyOut& out_;
  std::deque<Waiting> waiting_;
  std::size_t bytes_ = 0;
  std::map<BlockKey, std::shared_ptr<Envelope>> open_;                                  // blocks that wait
  std::map<std::tuple<InstanceId, std::uint32_t, std::uint32_t>, SeenRanges> written_;  // by ring and series
  DerivedMerge derived_;
  std::map<FrameKey, std::size_t> frames_;
  std::deque<FrameKey> recentFrames_;
  std::unordered_map<std::uint64_t, std::size_t> events_;
  std::map<AgentId, std::size_t> clockOwner_;
  std::uint64_t duplicates_ = 0;
};

// One recording's next entry.
struct Head {
  std::unique_ptr<Cursor> cursor;
  std::optional<Placed> next;
};

// Of the entries that come next the earliest one's file; of equal ones the first file's.
std::optional<std::size_t> earliest(const std::vector<Head>& heads) {
  std::optional<std::size_t> out;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    if (heads[i].next && (!out || heads[i].next->at < heads[*out].next->at)) out = i;
  }
  return out;
}

}  // namespace

Result<MergeReport> merge(const std::vector<const Recording*>& files, const std::string& out,
                          const std::string& program, std::stop_token stop) {
  std::vector<Head> heads(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    Result<std::unique_ptr<Cursor>> cursor = files[i]->cursor();
    if (!cursor) return std::unexpected(cursor.error());
    heads[i] = {std::move(*cursor), {}};
    heads[i].next = heads[i].cursor->next();
  }
  Result<CopyOut> copy = CopyOut::create(out, program);
  if (!copy) return std::unexpected(copy.error());
  const MergeNames names(files);
  Merger merger(names, *copy);
  while (const std::optional<std::size_t> file = earliest(heads)) {
    if (stop.stop_requested()) return fail(ErrorCode::Unavailable, "Interrupted; nothing was written.");
    if (Result<> done = merger.take(*file, *heads[*file].next); !done) return std::unexpected(done.error());
    heads[*file].next = heads[*file].cursor->next();
  }
  if (Result<> done = merger.end(); !done) return std::unexpected(done.error());
  if (Result<> done = copy->finish(); !done) return std::unexpected(done.error());
  MergeReport report{copy->points(), copy->envelopes(), merger.duplicates(), {}};
  for (const Head& head : heads) report.damaged.push_back(head.cursor->damaged());
  return report;
}

}  // namespace qd::recording
