// SPDX-License-Identifier: Apache-2.0
#include "core/recording/live_samples.h"

#include <algorithm>

namespace qd::recording {
namespace {

constexpr std::chrono::seconds kStale(2);  // a file that is being written has more by then
constexpr std::size_t kMostOpen = 4;
constexpr int kMostLevels = 8;

// Down to the samples: keys are of this file as it is open now, so the store must not keep them.
void samplesOf(RecordedSamples& file, series::ColdRequest request, int levels, series::ColdLoad& into) {
  auto loaded = file.load(request);
  if (!loaded || levels == 0) return;
  for (series::ColdRun& run : loaded->runs) into.runs.push_back(std::move(run));
  for (const series::ColdExtent& child : loaded->children) {
    if (child.extent.t1 < request.extent.t0 || child.extent.t0 > request.extent.t1) continue;
    series::ColdRequest below = request;
    below.extent = child.extent;
    below.key = child.key;
    samplesOf(file, std::move(below), levels - 1, into);
  }
}

std::uint64_t rowsIn(const series::ColdLoad& load, const series::Extent& extent) {
  std::uint64_t rows = 0;
  for (const series::ColdRun& run : load.runs) {
    rows += static_cast<std::uint64_t>(std::ranges::count_if(
        run.rows, [&](const series::Row& row) { return row.time >= extent.t0 && row.time <= extent.t1; }));
  }
  return rows;
}

}  // namespace

std::shared_ptr<RecordedSamples> LiveSamples::open(const std::string& path, bool written) {
  const auto now = std::chrono::steady_clock::now();
  const auto known = open_.find(path);
  if (known != open_.end() && (!written || now - known->second.since < kStale)) return known->second.samples;
  auto opened = RecordedSamples::open(path);
  if (!opened) return nullptr;
  if (open_.size() >= kMostOpen) open_.clear();
  open_[path] = {std::move(*opened), now};
  return open_[path].samples;
}

Result<series::ColdLoad> LiveSamples::load(const series::ColdRequest& request) {
  const std::vector<std::string> files = files_();
  series::ColdRequest asked = request;
  asked.key = 0;
  series::ColdLoad all;
  // The newest file first: what was dropped lately is asked for most.
  for (std::size_t i = files.size(); i-- > 0;) {
    const auto file = open(files[i], i + 1 == files.size());
    if (!file) continue;
    series::ColdLoad part;
    samplesOf(*file, asked, kMostLevels, part);
    all.runs.insert(all.runs.begin(), std::make_move_iterator(part.runs.begin()),
                    std::make_move_iterator(part.runs.end()));
    if (rowsIn(all, request.extent) >= request.extent.summary.total) return all;
  }
  if (all.runs.empty()) return fail(ErrorCode::NotFound, "The recording does not hold these samples (yet).");
  return all;
}

}  // namespace qd::recording
