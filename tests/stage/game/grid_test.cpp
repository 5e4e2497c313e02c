// SPDX-License-Identifier: Apache-2.0
// The whole condition grid in virtual time. Every cell of it runs, each for two virtual seconds by default;
// QD_GRID_SECONDS=10 gives the longer form whose table stands in docs/netcode-results.md.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "stage/sim/conditions.h"

namespace qd::stage {
namespace {

CellOptions shortCells() {
  const char* seconds = std::getenv("QD_GRID_SECONDS");
  CellOptions options;
  options.players = seconds != nullptr ? 12 : 6;
  options.seconds = seconds != nullptr ? std::atof(seconds) : 2;
  options.settleSeconds = 2;
  return options;
}

}  // namespace

TEST(Grid, HasEveryConditionOnce) {
  EXPECT_EQ(gridConditions().size(), 100u);
  std::set<std::string> names;
  for (const auto& condition : gridConditions()) names.insert(condition.name);
  EXPECT_EQ(names.size(), 100u);
}

TEST(Grid, EveryCellKeepsTheProperties) {
  const auto options = shortCells();
  for (const auto& condition : gridConditions()) {
    SCOPED_TRACE(condition.name);
    auto result = runCell(condition, options);
    auto& f = result.figures;
    ASSERT_GT(f.frames, 100u);
    ASSERT_GT(f.interpError.count(), 100u);
    EXPECT_EQ(f.viewBackwards, 0u);
    EXPECT_EQ(f.predictBackwards, 0u);
    EXPECT_EQ(result.reconnects, 0u);
    // The view is at least as old as the way down, and never older than the way, the longest delay and the jitter.
    EXPECT_GE(f.viewAge.quantile(0.5), condition.rttMs / 2);
    EXPECT_LE(f.viewAge.quantile(0.99), condition.rttMs / 2 + 200 + 17 + 6 * condition.jitterMs + 60);
    // What was rewound is what was drawn, whatever the path did.
    if (f.rewindError.count() > 0) {
      EXPECT_LE(f.rewindError.max(), 0.004);
    }
    if (condition.jitterMs == 0 && condition.loss == 0) {
      EXPECT_EQ(f.extrapolated + f.held, 0u);
      EXPECT_EQ(f.inputsMissing, 0u);
      // 30 snapshots a second, drawn by the line; sharp turns of 40 m/s² bend it most.
      EXPECT_LE(f.interpError.quantile(0.95), 0.04);
    }
    if (f.agreement.judged() > 50) {
      EXPECT_GE(f.agreement.share(), 0.9);
    }
  }
}

TEST(Grid, SpecialPathsKeepTheProperties) {
  const auto options = shortCells();
  for (const auto& condition : specialConditions()) {
    SCOPED_TRACE(condition.name);
    auto result = runCell(condition, options);
    EXPECT_EQ(result.figures.viewBackwards, 0u);
    EXPECT_EQ(result.figures.predictBackwards, 0u);
    EXPECT_EQ(result.reconnects, 0u);
    if (condition.lagcompMethod == 0) {
      EXPECT_LE(result.figures.rewindError.max(), 0.004);
    }
  }
}

TEST(Grid, OneSeedGivesOneResult) {
  const auto condition = gridConditions().at(73);
  auto options = shortCells();
  options.seconds = 1;
  auto first = runCell(condition, options), second = runCell(condition, options);
  EXPECT_EQ(tableRow(first, TableFormat::Jsonl), tableRow(second, TableFormat::Jsonl));
  options.seed = 2;
  EXPECT_NE(runCell(condition, options).checksum, first.checksum);
}

}  // namespace qd::stage
