// SPDX-License-Identifier: Apache-2.0
#include "core/recording/live_samples.h"

#include <algorithm>

namespace qd::recording {
namespace {

constexpr std::size_t kMostOpen = 4;
constexpr std::size_t kMostReaches = 4096;
constexpr int kMostLevels = 8;

// The rows of the extent: what is read are whole columns.
void take(std::vector<series::ColdRun> runs, const series::Extent& extent, series::ColdLoad& into) {
  for (series::ColdRun& run : runs) {
    const auto first = std::ranges::lower_bound(run.rows, extent.t0, {}, &series::Row::time);
    const auto end = std::ranges::upper_bound(run.rows, extent.t1, {}, &series::Row::time);
    if (first == end) continue;
    run.breakBefore = run.breakBefore && first == run.rows.begin();
    into.runs.push_back({run.kind, run.breakBefore, {first, end}});
  }
}

// Down to the samples: keys are of this file as it is open now, so the store must not keep them.
Result<> samplesOf(RecordedSamples& file, const series::ColdRequest& request, int levels, series::ColdLoad& into) {
  Result<series::ColdLoad> loaded = file.load(request);
  if (!loaded) return std::unexpected(loaded.error());
  take(std::move(loaded->runs), request.extent, into);
  for (const series::ColdExtent& child : loaded->children) {
    if (levels == 0 || child.extent.t1 < request.extent.t0 || child.extent.t0 > request.extent.t1) continue;
    series::ColdRequest below = request;
    below.extent = child.extent;
    below.key = child.key;
    if (Result<> done = samplesOf(file, below, levels - 1, into); !done) return done;
  }
  return {};
}

bool meets(const std::optional<RecordedSamples::Reach>& reach, const series::Extent& extent) {
  return reach && reach->from <= extent.t1 && reach->to >= extent.t0;
}

}  // namespace

LiveSamples::SamplesPtr LiveSamples::closed(const std::string& path, const series::ColdRequest& request) {
  const std::tuple key(path, request.process.id.value, request.process.instance.value);
  const auto reach = reaches_.find(key);
  if (reach != reaches_.end() && !meets(reach->second, request.extent)) return nullptr;
  auto found = std::ranges::find(open_, path, [](const auto& open) { return open.first; });
  if (found == open_.end()) {
    auto opened = RecordedSamples::open(path);
    if (!opened) return nullptr;  // was removed for its age, or is damaged: what it had is gone
    open_.emplace_front(path, std::move(*opened));
    if (open_.size() > kMostOpen) open_.pop_back();
  } else {
    open_.splice(open_.begin(), open_, found);
  }
  SamplesPtr samples = open_.front().second;
  if (reach == reaches_.end()) {
    if (reaches_.size() >= kMostReaches) reaches_.clear();
    const auto now = reaches_[key] = samples->reach(request.process, false);
    if (!meets(now, request.extent)) return nullptr;
  }
  return samples;
}

// Null: it does not reach so far yet. `still`: to be held until its rows are read.
LiveSamples::SamplesPtr LiveSamples::written(const std::string& path, const series::ColdRequest& request,
                                             std::shared_ptr<void>& still) {
  constexpr int kTries = 3;  // it may be written to while it is opened
  if (writtenPath_ != path) written_ = nullptr;
  still = written_ ? written_->still() : nullptr;
  for (int tries = 0; !still && tries < kTries; ++tries) {
    auto opened = RecordedSamples::open(path);
    if (!opened) return nullptr;
    written_ = std::move(*opened);
    writtenPath_ = path;
    still = written_->still();
  }
  if (!still) return nullptr;
  const auto reach = written_->reach(request.process, request.series.derived);
  return reach && reach->to >= request.extent.t1 ? written_ : nullptr;
}

Result<series::ColdLoad> LiveSamples::load(const series::ColdRequest& request) {
  series::ColdRequest asked = request;
  asked.key = 0;
  const Files files = files_();
  std::shared_ptr<void> still;  // goes after what reads under it
  std::vector<SamplesPtr> from;
  for (const std::string& path : files.closed) {
    if (SamplesPtr samples = closed(path, asked)) from.push_back(std::move(samples));
  }
  if (files.written) {
    SamplesPtr samples = written(*files.written, asked, still);
    // What a closed file reaches beyond needs none that comes after it.
    const bool enough = std::ranges::any_of(from, [&](const SamplesPtr& file) {
      const auto reach = file->reach(asked.process, false);
      return reach && reach->to >= asked.extent.t1;
    });
    if (!samples && !enough) return fail(ErrorCode::NotFound, "The recording does not reach so far yet.");
    if (samples) from.push_back(std::move(samples));
  }
  series::ColdLoad all;
  for (const SamplesPtr& file : from) {
    Result<> done = samplesOf(*file, asked, kMostLevels, all);
    if (!done && done.error().code != ErrorCode::InvalidArgument) return std::unexpected(done.error());
  }
  if (files.written && mayComeYet(asked, all)) {
    return fail(ErrorCode::NotFound, "The recording does not have all of it yet.");
  }
  return all;
}

// Rings are committed one after the other: where samples are missing although the file reaches beyond them, they may be
// in the next commits.
bool LiveSamples::mayComeYet(const series::ColdRequest& request, const series::ColdLoad& load) {
  constexpr int kTimes = 4;  // half a second apart or more
  constexpr std::size_t kMost = 1024;
  std::uint64_t rows = 0;
  for (const series::ColdRun& run : load.runs) rows += run.rows.size();
  if (rows >= request.extent.summary.total) return false;
  if (incomplete_.size() >= kMost) incomplete_.clear();
  return ++incomplete_[{request.process.id.value, request.series.index.value, request.extent.t0}] <= kTimes;
}

}  // namespace qd::recording
