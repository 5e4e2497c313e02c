// SPDX-License-Identifier: Apache-2.0
#include "core/recording/replay_source.h"

namespace qd::recording {

Result<ReplayProgress> ReplaySource::run(ingest::EventSink& sink,
                                         const std::function<void(const ReplayProgress&)>& progress,
                                         std::stop_token stop) {
  constexpr std::uint64_t kReportEvery = 10'000;
  const Result<RecordingInfo> info = file_.info();
  if (!info) return std::unexpected(info.error());
  const Result<std::unique_ptr<Cursor>> cursor = file_.cursor();
  if (!cursor) return std::unexpected(cursor.error());
  ReplayProgress state;
  std::uint64_t reported = 0;
  while (!stop.stop_requested()) {
    const std::optional<Placed> next = (*cursor)->next();
    if (!next) {
      state.finished = true;
      state.share = 1;
      break;
    }
    if (const auto* block = std::get_if<ingest::SampleBlock>(&next->envelope->event)) {
      for (const ingest::Column& column : block->columns) state.points += column.size();
    }
    ++state.envelopes;
    sink.on(next->envelope);
    if (progress && state.points - reported >= kReportEvery) {
      reported = state.points;
      state.share = info->points == 0 ? 0 : static_cast<double>(state.points) / static_cast<double>(info->points);
      progress(state);
    }
  }
  state.damaged = (*cursor)->damaged();
  if (progress) progress(state);
  return state;
}

}  // namespace qd::recording
