// SPDX-License-Identifier: Apache-2.0
// What the files of RecordedSamples share: the pieces that a series is made of, and the keys that name them. Private to
// the room.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <tuple>

#include "core/recording/recorded_samples.h"
#include "core/recording/recording_impl.h"

namespace qd::recording {

// What a key names: the kind in the highest byte, then a byte for the part (below), an id in the rest.
enum class KeyKind : std::uint8_t {
  None = 0,    // by series and time alone
  Root,        // all of a series, or of a process's clock
  Summary,     // a row of `summaries`
  Column,      // a chunk's column of integers of that series; or a chunk, for the clock
  ColumnReal,  // of doubles
  Tail,        // what is not folded yet
  Group,       // several of these, which overlap in time
};
inline constexpr int kIdBits = 48;
inline constexpr std::size_t kMostParts = 256;
inline std::uint64_t keyOf(KeyKind kind, std::uint64_t id) {
  return static_cast<std::uint64_t>(kind) << 56 | (id & ((std::uint64_t{1} << kIdBits) - 1));
}
inline std::uint64_t ofPart(std::uint64_t key, std::size_t part) {
  return key | static_cast<std::uint64_t>(part) << kIdBits;
}
inline std::size_t partOf(std::uint64_t key) {
  return static_cast<std::size_t>(key >> kIdBits & (kMostParts - 1));
}
inline KeyKind kindOf(std::uint64_t key) {
  return static_cast<KeyKind>(key >> 56);
}
inline std::int64_t idOf(std::uint64_t key) {
  return static_cast<std::int64_t>(key & ((std::uint64_t{1} << kIdBits) - 1));
}

struct RecordedSamples::Piece {
  std::uint64_t key = 0;
  Summary summary;
  Extent extent;
  std::string sketch{};  // as it stands in the file; empty: not known
};

// A row of `processes`, with what is recorded under it.
struct RecordedSamples::Part {
  std::int64_t row = 0;
  std::vector<SeriesTotal> totals;
  std::vector<DecodedChunk> tails;
  std::map<std::string, ingest::SeriesInfo> series;  // by label, as this start declared it

  const SeriesTotal* total(std::uint32_t series, bool isDouble) const;
  std::uint64_t columns(std::uint32_t series) const;
  const ingest::SeriesInfo* find(const std::string& label) const;
};

// One start of a process. It has a row, so a part, for each agent that it was seen through.
struct RecordedSamples::Process {
  ingest::ProcessRef ref;
  std::vector<Part> parts;
  std::vector<TimeNs> breaks;  // ascending: where something is missing

  // Whether a break lies in (from, to].
  bool breaksIn(TimeNs from, TimeNs to) const;
  std::map<std::string, ingest::SeriesInfo> series() const;  // of all parts
};

// The places of a chunk, and the ring that they are of.
struct RecordedSamples::RingHead {
  std::uint32_t ring = 0;
  ChunkHead head;
};

// The tree of summaries above the columns of one series.
class RecordedSamples::Tree {
 public:
  using Note = std::function<void(std::string, std::int64_t, std::string)>;
  Tree(const Recording::Impl& file, std::int64_t process, std::uint32_t series, Note note)
      : file_(file), process_(process), series_(series), note_(std::move(note)) {}

  // All of it in pieces of at most `most` (more where even the highest level has more), the fewest levels deep.
  std::vector<Piece> pieces(std::uint64_t columns, std::size_t most);
  std::vector<Piece> below(std::int64_t summary);
  // The columns of chunks [first, last].
  std::vector<Piece> columns(std::int64_t first, std::int64_t last);

 private:
  // One kind's rows of `level` that begin after `after`; returns the last chunk that they cover.
  std::int64_t level(int level, bool open, bool isDouble, std::int64_t after, std::vector<Piece>& out);
  void columns(bool isDouble, std::int64_t first, std::int64_t last, std::vector<Piece>& out);
  void open(const std::vector<Node>& nodes, std::vector<Piece>& out);

  const Recording::Impl& file_;
  std::int64_t process_;
  std::uint32_t series_;
  Note note_;
};

// Rows of one or more columns, in time order, in runs that no break and no step back in ticks interrupts. A block that
// was recorded in an earlier part of the process is not taken again.
class RunBuilder {
 public:
  RunBuilder(const ingest::SeriesInfo& info, const std::vector<TimeNs>& breaks, std::size_t parts)
      : info_(info), breaks_(breaks), parts_(parts) {}
  void add(std::size_t part, std::uint32_t ring, const ChunkHead& head, const DecodedColumn& column);
  void addClock(std::size_t part, std::uint32_t ring, const ChunkHead& head);
  series::ColdLoad take(const series::Extent& extent);

 private:
  struct Placed {
    series::Row row;
    bool integer = true;
    bool breakBefore = false;
  };
  // `first`: the time of its first row.
  bool isNew(std::size_t part, std::uint32_t ring, const BlockHead& block, TimeNs first);

  const ingest::SeriesInfo& info_;
  const std::vector<TimeNs>& breaks_;
  std::vector<Placed> rows_;
  // What a block is known by, and the part that it was taken from. Its time is part of it because two agents may count
  // records of their own from the same number.
  std::map<std::tuple<std::uint32_t, std::uint64_t, TimeNs>, std::size_t> taken_;
  const std::size_t parts_;
};

}  // namespace qd::recording
