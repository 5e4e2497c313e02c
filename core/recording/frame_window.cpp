// SPDX-License-Identifier: Apache-2.0
#include "core/recording/frame_window.h"

#include <algorithm>

#include "core/recording/frame_codec.h"

namespace qd::recording {

bool FrameWindow::show(TimeNs now, double speed, const std::stop_token& stop) {
  if (sink_ == nullptr) return false;
  const auto ahead = static_cast<TimeNs>(static_cast<double>(kAhead) * std::max(1.0, speed));
  const TimeNs from = now - kBefore, to = now + std::min(ahead, kAheadMost);
  // A place that does not touch what is there: begin anew.
  if (!loaded_ || from > loaded_->to || to < loaded_->from) {
    if (loaded_ && forget_) forget_();
    loaded_ = Loaded{from, to};
    return give(from, to, stop);
  }
  bool gave = false;
  if (from < loaded_->from) {
    gave = give(from, loaded_->from - 1, stop);
    loaded_->from = from;
  }
  // Half of it at least, so that rows are not opened for a few frames.
  if (now + (to - now) / 2 > loaded_->to) {
    gave = give(loaded_->to + 1, to, stop) || gave;
    loaded_->to = to;
  }
  return gave;
}

bool FrameWindow::give(TimeNs from, TimeNs to, const std::stop_token& stop) {
  bool gave = false;
  Result<Statement> rows = file_.db.prepare(
      "SELECT * FROM frames WHERE process = ?1 AND kind = ?2 AND time_max >= ?3 AND time_min <= ?4 ORDER BY time_max");
  if (!rows) return false;
  for (const auto& [process, entry] : file_.processes) {
    for (const char* kind : {"entities", "frames"}) {
      rows->reset();
      rows->bind(1, Cell(process)).bind(2, Cell(std::string_view(kind))).bind(3, Cell(from)).bind(4, Cell(to));
      while (!stop.stop_requested() && rows->step().value_or(false)) {
        giveRow(*rows, kind, entry, from, to);
        gave = true;
      }
    }
  }
  return gave;
}

void FrameWindow::giveRow(const Statement& row, const std::string& kind, const ProcessEntry& entry, TimeNs from,
                          TimeNs to) {
  Result<std::vector<Placed>> all = fail(ErrorCode::Corrupt, "its checksum does not match");
  if (hashMatches(row)) {
    const ByteView body = row.blob(file_.layout().frames.body);
    all =
        kind == "entities" ? decodeEntities(entry.agent, entry.ref, body) : decodeFrames(entry.agent, entry.ref, body);
  }
  if (!all) {
    damaged_.push_back({"frames", row.integer(0), all.error().message});
    return;
  }
  for (const Placed& placed : *all) {
    const TimeNs time = ingest::timeOf(placed.envelope->event);
    if (time >= from && time <= to) sink_->on(placed.envelope);
  }
}

}  // namespace qd::recording
