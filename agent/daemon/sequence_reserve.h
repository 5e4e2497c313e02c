// SPDX-License-Identifier: Apache-2.0
// The file "sequence" of a data folder: up to which sequence the log may have handed entries out. It is written before
// they are, in large steps, and exactly at an orderly end, so that an agent that comes back after a kill -9 begins
// above everything that a console may have seen of entries that never reached the disk: none is taken for another.
// What is skipped then is remembered as a hole, which is nothing missing. One thread at a time. Errors: Io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace qd::daemon {

class SequenceReserve {
 public:
  static constexpr std::uint64_t kStep = std::uint64_t{1} << 20;

  // `last`: of what is on disk. A folder of an agent that kept no such file is taken for one that was killed.
  Result<> open(const std::filesystem::path& folder, std::uint64_t last);
  Result<> reserve(std::uint64_t upTo);

  std::uint64_t begin() const { return begin_; }  // the sequence after which this agent's begin
  std::uint64_t upTo() const { return upTo_; }
  using Hole = std::pair<std::uint64_t, std::uint64_t>;  // first and last, never handed out or never on disk
  const std::vector<Hole>& holes() const { return holes_; }

 private:
  Result<> write() const;

  std::filesystem::path file_;
  std::uint64_t begin_ = 0, upTo_ = 0;
  std::vector<Hole> holes_;
};

}  // namespace qd::daemon
