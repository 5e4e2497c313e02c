// SPDX-License-Identifier: Apache-2.0
#include "core/serve/interest_filter.h"

#include <algorithm>

namespace qd::serve {

Result<InterestFilter> InterestFilter::make(const ingest::Interest& interest) {
  InterestFilter out;
  out.rollups_ = interest.rollups;
  for (const ingest::Selector& selector : interest.full) {
    auto processes = GlobSet::make(selector.processGlobs, "process");
    if (!processes) return std::unexpected(processes.error());
    auto series = GlobSet::make(selector.seriesGlobs, "series");
    if (!series) return std::unexpected(series.error());
    out.all_ = out.all_ || (processes->all() && series->all() && selector.dimensions.empty());
    out.full_.push_back({std::move(*processes), std::move(*series), selector.dimensions});
  }
  auto poses = GlobSet::make(interest.poseGlobs, "process");
  if (!poses) return std::unexpected(poses.error());
  out.poses_ = std::move(*poses);
  out.anyPoses_ = !interest.poseGlobs.empty();
  return out;
}

bool InterestFilter::wants(const ProcessId& process, const ingest::SeriesInfo& series) const {
  if (all_) return true;
  const auto carries = [&](const std::pair<std::string, std::string>& wanted) {
    return std::ranges::any_of(series.dimensions, [&](const auto& dimension) {
      return dimension.first == wanted.first && globMatches(wanted.second, dimension.second);
    });
  };
  return std::ranges::any_of(full_, [&](const One& one) {
    return one.processes.matches(process.value) && one.series.matches(series.name) &&
           std::ranges::all_of(one.dimensions, carries);
  });
}

}  // namespace qd::serve
