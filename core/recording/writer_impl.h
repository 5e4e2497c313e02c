// SPDX-License-Identifier: Apache-2.0
// The inside of the writer, shared by its two files: rows into tables, and what is known of each process. Private to
// the room.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/recording/chunk_codec.h"
#include "core/recording/placer.h"
#include "core/recording/sqlite.h"
#include "core/recording/stored_sketch.h"
#include "core/recording/summary_tree.h"
#include "core/recording/writer.h"
#include "core/series/seen_blocks.h"

namespace qd::recording {

inline constexpr std::string_view kColumnarKinds[] = {"entities", "frames", "rollups"};

// One start of a process, through however many agents it is seen.
struct Start {
  std::size_t rows = 0;                                // of `processes`
  std::map<std::uint32_t, series::SeenBlocks> blocks;  // by ring
};

struct ProcessState {
  std::int64_t row = 0;
  Start* start = nullptr;
  ingest::ProcessRef ref;
  std::string declaration;
  std::int64_t declarationId = 0;
  std::map<std::uint32_t, std::pair<std::int64_t, std::string>> series;  // index → its row, what it says
  Scales scales;                                                         // of its series
  std::vector<Placed> fresh;                                             // sample blocks of this second
  std::vector<Placed> pending;                                           // those in tails
  std::uint64_t pendingPoints = 0, freshPoints = 0;
  std::size_t pendingBytes = 0, freshBytes = 0, tails = 0;
  std::array<std::vector<Placed>, std::size(kColumnarKinds)> columnar;  // of this second
  std::map<std::pair<std::uint32_t, bool>, SummaryTree> trees;          // by index and is_double
  std::uint64_t foldedPoints = 0, foldedIntegers = 0, chunks = 0;
  std::uint64_t integerBytes = 0, doubleBytes = 0, headBytes = 0;  // of the bodies of what is folded
  std::int64_t newestFrames = 0;                                   // id
  std::optional<Extent> extent;                                    // of all chunks and frames
};

inline std::uint64_t pointsOf(const ingest::SampleBlock& block) {
  std::uint64_t n = 0;
  for (const ingest::Column& column : block.columns) n += column.size();
  return n;
}

inline Cell text(const std::string& s) {
  return std::string_view(s);
}
inline Cell integer(std::uint64_t v) {
  return static_cast<std::int64_t>(v);
}
inline Cell bytes(const Bytes& b) {
  return ByteView(b);
}
// Null where there is nothing.
inline Cell bytesOrNull(const Bytes& b) {
  return b.empty() ? Cell() : Cell(ByteView(b));
}
// A field of a summary as the series has it; null where no value is finite.
inline Cell number(const Summary& s, std::int64_t field) {
  if (s.count == 0) return {};
  return s.isDouble ? Cell(s.real(field) + 0.0) : Cell(field);
}
inline Cell mean(const Summary& s) {
  return s.count == 0 ? Cell() : Cell(s.mean + 0.0);
}

// Inserts rows into one table; counts them; ids ascend from 1.
struct Table {
  Statement insert;
  std::int64_t rows = 0;

  Result<std::int64_t> add(std::vector<Cell> cells) { return put(++rows, std::move(cells)); }
  Result<std::int64_t> put(std::int64_t id, std::vector<Cell> cells) {
    cells.insert(cells.begin(), Cell(id));
    cells.push_back(rowHash(cells));
    insert.reset();
    for (std::size_t i = 0; i < cells.size(); ++i) insert.bind(static_cast<int>(i) + 1, cells[i]);
    const Result<bool> done = insert.step();
    insert.reset();
    if (!done) return std::unexpected(done.error());
    return id;
  }
};

struct Writer::Impl {
  std::string path;
  std::uint64_t device = 0, inode = 0;  // of the file under that name when it was made
  WriterLimits limits;
  Database db;
  std::map<std::string, Table, std::less<>> tables;
  Packer packer;
  Placer placer;
  std::map<AgentId, std::int64_t> agents;
  std::map<std::pair<ProcessId, InstanceId>, Start> starts;  // outlives `processes`, which point into it
  std::map<std::tuple<AgentId, ProcessId, InstanceId>, ProcessState> processes;
  std::uint64_t points = 0;

  Result<> prepare(const std::string& program);
  Table& table(std::string_view name) { return tables.find(name)->second; }
  Result<> meta(std::int64_t id, std::string_view key, Cell value);
  Result<std::int64_t> agentRow(const AgentId& agent);
  Result<ProcessState*> process(const AgentId& agent, const ingest::ProcessRef& ref);

  Result<> take(const ingest::EnvelopePtr& envelope);
  Result<> takeBlock(const Placed& placed, const ingest::SampleBlock& block);
  Result<> takeColumnar(std::size_t kind, const Placed& placed, const ingest::ProcessRef& ref);
  Result<> takeProcess(const Placed& placed, const ingest::ProcessChange& change);
  Result<> declare(ProcessState& state, const ingest::SeriesInfo& info);
  Result<> refuse(const Placed& placed, const ingest::ProcessRef& ref, std::uint64_t lost);
  Result<> addEvent(const Placed& placed, std::string_view kind, const std::string& body);

  std::vector<EncodedChunk> encode(std::vector<Placed>& blocks, Detail detail, const Scales& scales);
  Result<> flush(ProcessState& state);
  Result<> writeTail(ProcessState& state);
  Result<> writeFrames(ProcessState& state, std::size_t kind);
  Result<> writeChunk(ProcessState& state, const EncodedChunk& chunk);
  Result<> writeGroup(const ProcessState& state, std::uint32_t series, const Group& group);
  Result<> writeTotals(ProcessState& state);
  Result<> fold(ProcessState& state);
  Result<> foldTheBiggest();
  Result<> stillThere() const;
  void compact();
  Result<> transact(const std::vector<ingest::EnvelopePtr>& second);
};

}  // namespace qd::recording
