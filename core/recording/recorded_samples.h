// SPDX-License-Identifier: Apache-2.0
// The samples of a recording without reading them: what each series comes to is adopted at once, out of one row a
// process, so that opening takes the same time at any size; a store asks for what it is looked at, level by level down
// to the samples of a chunk. Format 2; what is damaged is left out and noted. adoptInto() before the store asks;
// load(), reach() and still() on the store's worker; damaged() on any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/recording/chunk_codec.h"
#include "core/recording/recording.h"
#include "core/recording/summary.h"
#include "core/series/cold.h"

namespace qd::series {
class Store;
}

namespace qd::recording {

class RecordedSamples final : public series::ColdSource {
 public:
  // With a connection of its own. Errors: as Recording::open(); Unsupported for format 1, which has no summaries.
  static Result<std::shared_ptr<RecordedSamples>> open(const std::string& path);
  ~RecordedSamples() override;

  void adoptInto(series::Store& store);
  Result<series::ColdLoad> load(const series::ColdRequest& request) override;
  // From when to when it has samples of that start of a process: its own, or those that were joined in the console.
  struct Reach {
    TimeNs from = 0, to = 0;
  };
  std::optional<Reach> reach(const ingest::ProcessRef& ref, bool derived) const;
  // While somebody holds it, the file is read as it was when it was opened here: one that is being written to changes
  // under its readers. Null: it has changed since, open it anew. On the store's worker.
  std::shared_ptr<void> still();
  std::vector<Damage> damaged() const;

 private:
  struct Part;
  struct Process;
  struct Piece;
  struct RingHead;
  class Search;
  class Tree;

  explicit RecordedSamples(std::unique_ptr<Recording> file);
  void readTails();
  void readBreaks();
  void adopt(series::Store& store, const Process& process);
  Part* part(std::int64_t row);
  // each(what it comes to, its bounds) for every column of the series that is not folded yet.
  static void eachTail(const Part& part, std::uint32_t series,
                       const std::function<void(const Summary&, const Extent&)>& each);
  const Process* find(const ingest::ProcessRef& ref) const;

  series::ColdLoad loadClock(const Process& process, const series::ColdRequest& request);
  series::ColdLoad loadSeries(const Process& process, const series::ColdRequest& request);
  series::ColdLoad runsOf(const Process& process, const series::ColdRequest& request,
                          const std::vector<std::uint64_t>& keys);
  Tree tree(const Part& part, std::uint32_t series);
  std::vector<Piece> stretch(Tree& tree, const Part& part, const series::Extent& extent);
  std::vector<Piece> clockPieces(const Part& part, TimeNs from, TimeNs to);
  series::ColdLoad childrenOf(const Process& process, std::vector<Piece> pieces, const series::ColdRequest& request);
  series::ColdExtent coldOf(const Process& process, const Piece& piece, const ingest::SeriesInfo& info) const;
  std::uint64_t groupOf(std::vector<std::uint64_t> keys);

  // One chunk's places, kept while neighbouring series are asked for.
  std::shared_ptr<const RingHead> head(std::int64_t chunk);
  void note(std::string table, std::int64_t row, std::string what);

  std::unique_ptr<Recording> file_;
  std::int64_t version_ = 0;        // of what was read at the opening
  std::vector<Process> processes_;  // in the order of their first rows
  std::deque<std::pair<std::int64_t, std::shared_ptr<const RingHead>>> heads_;
  std::vector<std::vector<std::uint64_t>> groups_;  // pieces that overlap in time, as one
  std::map<std::vector<std::uint64_t>, std::uint64_t> groupIds_;
  mutable std::mutex mutex_;  // of damaged_
  std::vector<Damage> damaged_;
};

}  // namespace qd::recording
