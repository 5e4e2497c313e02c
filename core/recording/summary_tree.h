// SPDX-License-Identifier: Apache-2.0
// Grows the tree of summaries above the columns of one series, column by column: kFanOut nodes of a level make one of
// the level above. What does not fill a node yet is held here and never written: a reader takes it from the level
// below. Beside it the total of everything. Value; one thread (the writer's).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/recording/summary.h"

namespace qd::recording {

// A full group: one row of the table `summaries`.
struct Group {
  int level = 1;
  std::vector<Node> children;
  Node all;  // all.chunk: of the first child
  std::int64_t lastChunk = 0;
  std::string sketch;  // of all of them (stored_sketch.h); empty: not known
};

class SummaryTree {
 public:
  using Put = std::function<Result<>(const Group&)>;
  // `put` is called for each group that this column fills. `sketch`: of the column, empty where it is not known.
  Result<> add(const Node& column, const std::string& sketch, const Put& put);

  std::uint64_t columns() const { return columns_; }
  const Node& total() const { return total_; }  // meaningful once there are columns

 private:
  struct Level {
    std::vector<Node> nodes;
    std::string sketch;  // of them together
  };
  std::vector<Level> levels_;
  std::uint64_t columns_ = 0;
  Node total_;
};

}  // namespace qd::recording
