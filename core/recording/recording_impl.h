// SPDX-License-Identifier: Apache-2.0
// What the parts of the reader share: the connection, and rows read with their checksum. Private to the room.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/recording/chunk_codec.h"
#include "core/recording/recording.h"
#include "core/recording/schema.h"
#include "core/recording/sqlite.h"

namespace qd::recording {

struct ProcessEntry {
  AgentId agent;
  ingest::ProcessRef ref;
};

struct Recording::Impl {
  std::string path;
  std::vector<std::string> notes;
  Database db;
  int format = kFormat;
  bool complete = false;
  std::map<std::int64_t, AgentId> agents;
  std::map<std::int64_t, ProcessEntry> processes;

  Result<> load();
  const Layout& layout() const { return recording::layout(format); }
};

// Of a file as it lies there, together with its write-ahead log; never writes.
Result<Database> openReadOnly(const std::string& path);

// Whether the current row of `SELECT * FROM table` carries the checksum that its columns have.
bool hashMatches(const Statement& row);

// A chunk and its columns by id, checked; damage is appended, a damaged column is left out, a damaged head is empty.
struct LoadedChunk {
  std::int64_t process = 0;
  DecodedChunk chunk;
};
std::optional<LoadedChunk> loadChunk(const Recording::Impl& file, std::int64_t id, std::vector<Damage>& damaged);

}  // namespace qd::recording
