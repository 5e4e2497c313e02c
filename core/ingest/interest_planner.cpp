// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/interest_planner.h"

#include <algorithm>

namespace qd::ingest {
namespace {

bool isEverything(const std::vector<Selector>& selectors) {
  return std::ranges::find(selectors, Selector{}) != selectors.end();
}

}  // namespace

std::vector<Selector> InterestPlanner::selectorsAt(Level level, const std::vector<Selector>& shown) const {
  std::vector<Selector> out = rules_.always;
  const auto add = [&out](const std::vector<Selector>& more) { out.insert(out.end(), more.begin(), more.end()); };
  if (level != Level::RollupsOnly) add(shown);
  if (level == Level::Everything) add(rules_.recorded);
  return out;
}

const Interest& InterestPlanner::plan(const RollupBook& book, const std::vector<Selector>& shown,
                                      const std::vector<std::string>& poses, TimeNs now) {
  const auto costAt = [&](Level level) {
    const auto selectors = selectorsAt(level, shown);
    return selectors.empty() ? 0.0 : book.pointsPerSecond(selectors);
  };
  const double costs[] = {costAt(Level::Everything), costAt(Level::ShownOnly), costAt(Level::RollupsOnly)};
  wanted_ = costs[0];
  const auto cost = [&](Level level) { return costs[static_cast<int>(level)]; };
  const double cap = rules_.mostPointsPerSecond;
  if (cap <= 0) {
    level_ = Level::Everything;
  } else {
    while (level_ != Level::RollupsOnly && cost(level_) > cap) {
      level_ = static_cast<Level>(static_cast<int>(level_) + 1);
      roomSince_ = 0;
    }
    const auto better = level_ == Level::Everything ? level_ : static_cast<Level>(static_cast<int>(level_) - 1);
    const bool room = better != level_ && cost(better) <= kRoom * cap;
    if (!room) roomSince_ = 0;
    if (room && roomSince_ == 0) roomSince_ = now;
    if (room && now - roomSince_ >= kCalm) {
      level_ = better;
      roomSince_ = 0;
    }
  }
  planned_ = cost(level_);
  interest_.rollups = true;
  interest_.full = selectorsAt(level_, shown);
  const bool everything = isEverything(interest_.full);
  if (everything) interest_.full = {Selector{}};
  interest_.poseGlobs = everything ? std::vector<std::string>{"*"} : poses;
  return interest_;
}

}  // namespace qd::ingest
