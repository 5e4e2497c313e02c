// SPDX-License-Identifier: Apache-2.0
// One reader's place in the flight log; see serve::Cursor. Owned by one reader thread at a time.
#pragma once

#include <memory>
#include <optional>

#include "agent/daemon/flight_log.h"

namespace qd::daemon {

// What the log knows of a cursor: shared, because a wake may be under way while the cursor goes.
struct FlightLog::Waker {
  std::mutex callMutex;  // held while `wake` runs, so that a destroyed cursor is never called
  std::function<void()> wake;
  std::uint32_t kinds = serve::kEverything;
  bool waiting = false;        // under the log's mutex
  std::uint64_t position = 0;  // next sequence wanted; under the log's mutex
  void call();
};

class LogCursor final : public serve::Cursor {
 public:
  LogCursor(FlightLog& log, std::uint64_t next, const serve::CursorStart& start, std::function<void()> wake);
  ~LogCursor() override;

  ingest::EnvelopePtr next() override;
  void want(std::uint32_t kinds) override;
  std::uint64_t startedAfter() const override { return startedAfter_; }

 private:
  enum class Source { Found, Disk, Nothing };
  Source fromRam(ingest::EnvelopePtr& out);
  ingest::EnvelopePtr fromDisk();
  bool openReader();
  ingest::EnvelopePtr gapUntil(std::uint64_t next, const char* cause);
  std::uint64_t ramFirst() const;

  FlightLog& log_;
  const std::uint64_t startedAfter_;
  std::uint64_t next_;
  std::shared_ptr<FlightLog::Waker> waker_;
  std::optional<SegmentReader> reader_;
};

}  // namespace qd::daemon
