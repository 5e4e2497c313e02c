// SPDX-License-Identifier: Apache-2.0
#include "core/recording/summary_tree.h"

#include "core/recording/stored_sketch.h"

namespace qd::recording {
namespace {

void extend(Node& node, const Node& later) {
  node.summary.add(later.summary);
  node.extent.add(later.extent);
}

}  // namespace

Result<> SummaryTree::add(const Node& column, const std::string& sketch, const Put& put) {
  if (++columns_ == 1) {
    total_ = column;
  } else {
    extend(total_, column);
  }
  Node node = column;
  std::string together = sketch;
  for (std::size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    auto& [nodes, of] = levels_[level];
    of = nodes.empty() ? std::move(together) : mergedSketches(of, together);
    nodes.push_back(node);
    if (nodes.size() < kFanOut) return {};
    Group group{static_cast<int>(level) + 1, std::move(nodes), {}, column.chunk, std::move(of)};
    nodes.clear();
    group.all = group.children.front();
    for (std::size_t i = 1; i < group.children.size(); ++i) extend(group.all, group.children[i]);
    node = group.all;
    together = group.sketch;
    if (Result<> done = put(group); !done) return done;
  }
}

}  // namespace qd::recording
