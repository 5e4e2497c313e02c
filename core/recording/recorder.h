// SPDX-License-Identifier: Apache-2.0
// Records everything that flows into one .qdrec file. on() only enqueues (bounded in bytes, never blocks); an own
// thread encodes and commits about once a second, so that a kill -9 loses at most the last second. When the queue is
// full the events are dropped, counted, and a gap row says so. An error of the disk is reported once (status(),
// onFailure) and ends the recording only: the file keeps what it has, on() goes on being harmless. on(), status(): any
// thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/ingest/event_sink.h"

namespace qd::recording {

struct RecorderOptions {
  std::string path;     // must not exist yet
  std::string program;  // who records, e.g. "qdctl 0.1.0"
  std::size_t queueBytes = std::size_t{128} << 20;
  std::chrono::milliseconds commitEvery{900};
  std::function<void(const Error&)> onFailure{};  // at most once, on the recorder's thread
};

struct RecorderStatus {
  enum class State { Recording, Failed, Closed };
  State state = State::Recording;
  std::string error;            // one sentence, of Failed
  std::uint64_t points = 0;     // committed
  std::uint64_t envelopes = 0;  // committed
  std::uint64_t dropped = 0;    // envelopes that found the queue full or the recording failed
  std::size_t queuedBytes = 0;
  std::uint64_t fileBytes = 0;  // with its write-ahead log
};

class Recorder final : public ingest::EventSink {
 public:
  static Result<std::unique_ptr<Recorder>> open(RecorderOptions options);
  ~Recorder() override;  // closes

  void on(const ingest::EnvelopePtr& envelope) override;
  // Writes what is queued, folds, leaves one complete file. Blocks; idempotent. Errors: the first that there was.
  Result<> close();
  RecorderStatus status() const;
  const std::string& path() const;

 private:
  struct Impl;
  explicit Recorder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::recording
