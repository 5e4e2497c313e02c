// SPDX-License-Identifier: Apache-2.0
// What the verbs on recordings share: picking series by pattern, instances of one process taken together, exact
// numbers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/cli/cli.h"
#include "core/recording/recording.h"

namespace qd::cli {

// One series over all starts of its process.
struct PickedSeries {
  ProcessId process;
  std::string label;
  std::string unit;
  std::vector<recording::RecordedSeries> starts;
};

// Those whose name or label fits one of the globs (none: all). Errors: InvalidArgument for a bad glob, NotFound when
// nothing fits.
Result<std::vector<PickedSeries>> pick(const recording::Recording& file, const std::vector<std::string>& globs);

// raw · 10^-scale, written out exactly.
std::string decimal(std::int64_t raw, std::int32_t scale);
double displayed(std::int64_t raw, std::int32_t scale);
// The shortest text that reads back to the same bits; nan, -nan, inf, -inf, nan(0x…) for other NaN payloads.
std::string shortest(double value);

// "2 damaged rows were left out of F; qdctl verify F lists them." on stderr, where there are any.
void complainOfDamage(const std::string& path, std::size_t rows);

}  // namespace qd::cli
