// SPDX-License-Identifier: Apache-2.0
// Writes a .qdrec: one commit a second puts that second's sample blocks into a tail blob per process and everything
// else into rows; full tails are folded into chunks. After an error the file keeps what was committed and the writer
// must only be destroyed. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::recording {

// A process's tails are folded into chunks at this many points or tails; the blocks of all tails are held in RAM.
struct WriterLimits {
  std::uint64_t foldPoints = 262'144;
  std::size_t foldTails = 300;
  std::size_t pendingBytes = std::size_t{64} << 20;  // beyond that the biggest process is folded early
};

// Part of what is said when the disk refuses.
inline constexpr std::string_view kKept = "what it holds so far is kept";

class Writer {
 public:
  // Creates the file; one that exists is never touched (Conflict). `program`: who writes, for meta.
  static Result<std::unique_ptr<Writer>> create(const std::string& path, const std::string& program,
                                                const WriterLimits& limits = {});
  ~Writer();

  // One transaction: all of it or nothing.
  Result<> commit(const std::vector<ingest::EnvelopePtr>& second);
  // Folds the tails, marks the recording complete, leaves one file without -wal and -shm. The last call.
  Result<> finish();

  std::uint64_t points() const;

 private:
  struct Impl;
  explicit Writer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::recording
