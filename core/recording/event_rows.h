// SPDX-License-Identifier: Apache-2.0
// Rows of the table `events` as envelopes. Declarations that many process events share are read once. Private to the
// room; one thread.
#pragma once

#include <cstdint>
#include <map>

#include "core/recording/placed.h"
#include "core/recording/recording_impl.h"

namespace qd::recording {

class EventRows {
 public:
  explicit EventRows(const Recording::Impl& file) : file_(file) {}
  // `row`: SELECT * FROM events. Errors: Corrupt, for a checksum or a body that does not read.
  Result<Placed> read(const Statement& row);

 private:
  Result<ingest::Event> readProcess(const std::string& body);

  static constexpr std::size_t kMostKept = 1024;
  const Recording::Impl& file_;
  std::map<std::int64_t, ingest::ProcessInfo> declarations_;
};

}  // namespace qd::recording
