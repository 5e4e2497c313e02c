// SPDX-License-Identifier: Apache-2.0
// What to ask the agents for, out of what is recorded by rule, what is shown, and a cap on samples a second. Over the
// cap the recording rule gives way first, then what is shown: both to roll-ups, which always come. It comes back when
// there is room to spare for a while, so that it does not swing. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/ingest/interest.h"
#include "core/ingest/rollup_book.h"

namespace qd::ingest {

struct InterestRules {
  std::vector<Selector> recorded{Selector{}};  // at full rate, whatever is shown; one empty selector: everything
  std::vector<Selector> always;                // what alerts and the timeline look at; never given up
  double mostPointsPerSecond = 0;              // 0: no cap
};

class InterestPlanner {
 public:
  enum class Level { Everything, ShownOnly, RollupsOnly };
  static constexpr TimeNs kCalm = 10 * kNsPerSecond;
  static constexpr double kRoom = 0.8;  // of the cap

  explicit InterestPlanner(InterestRules rules) : rules_(std::move(rules)) {}

  // Call it about once a second, and when what is shown changes.
  const Interest& plan(const RollupBook& book, const std::vector<Selector>& shown,
                       const std::vector<std::string>& poses, TimeNs now);
  Level level() const { return level_; }
  double wanted() const { return wanted_; }    // samples a second if nothing had to give way
  double planned() const { return planned_; }  // as asked for
  double cap() const { return rules_.mostPointsPerSecond; }

 private:
  std::vector<Selector> selectorsAt(Level level, const std::vector<Selector>& shown) const;

  const InterestRules rules_;
  Level level_ = Level::Everything;
  TimeNs roomSince_ = 0;
  double wanted_ = 0, planned_ = 0;
  Interest interest_;
};

}  // namespace qd::ingest
