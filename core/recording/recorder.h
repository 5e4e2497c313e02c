// SPDX-License-Identifier: Apache-2.0
// The sink that records everything that flows into .qdrec files. on() only enqueues (bounded in bytes, never blocks);
// an own thread encodes and commits about once a second, so that a kill -9 loses at most the last second. When the
// queue is full the entries are dropped, counted, and a gap row says so; once there is room again, onMissing asks for
// them and refill() takes them, each once. With rollEvery a new file is begun from time to time, without losing an
// entry in between; it stands alone: it begins with what is declared and set. An error of the disk is reported
// (status(), onFailure) and ends the file only: it keeps what it has, on() goes on being harmless. With rollEvery the
// next file is begun as soon as the disk takes one again, and what came meanwhile is missing like what found the queue
// full: told in a gap row, asked for again.
// on(), refill(), refilled(), status(), path(): any thread. Callbacks come on the recorder's thread and must not
// block; they may call any of these but close().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/event_sink.h"
#include "core/recording/missing.h"

namespace qd::recording {

struct RecorderOptions {
  std::string path;     // must not exist yet
  std::string program;  // who records, e.g. "qdctl 0.1.0"
  std::size_t queueBytes = std::size_t{128} << 20;
  std::chrono::milliseconds commitEvery{750};
  std::function<void(const Error&)> onFailure{};  // once a file

  // Rolling: after this long the next file is begun, whose name nextPath gives. 0: one file.
  std::chrono::milliseconds rollEvery{0};
  std::function<std::string()> nextPath{};
  std::function<void(const std::string&)> onRolled{};  // this file is closed, or has failed
  std::chrono::milliseconds retryEvery{10'000};        // after a failure

  // Entries that found the queue full. The owner fetches them from the agent, gives each to refill() (more than are
  // missing do no harm), and calls refilled() when the fetch is over, however it ended.
  std::function<void(const std::vector<MissingRange>&)> onMissing{};
};

struct RecorderStatus {
  enum class State { Recording, Failed, Closed };
  State state = State::Recording;
  std::string error;            // one sentence, of Failed
  std::string warning;          // one sentence: rolling did not work, or it stood still; the recording goes on
  std::uint64_t points = 0;     // committed, in all files
  std::uint64_t envelopes = 0;  // committed
  std::uint64_t dropped = 0;    // envelopes that found the queue full or the recording failed
  std::uint64_t refilled = 0;   // of those, how many came again
  std::uint64_t files = 1;
  std::size_t queuedBytes = 0;
  std::uint64_t fileBytes = 0;  // of the present file, with its write-ahead log
};

class Recorder final : public ingest::EventSink {
 public:
  static Result<std::unique_ptr<Recorder>> open(RecorderOptions options);
  ~Recorder() override;  // closes

  void on(const ingest::EnvelopePtr& envelope) override;
  void refill(const ingest::EnvelopePtr& envelope);
  void refilled(const AgentId& agent);
  // Writes what is queued, folds, leaves one complete file. Blocks; idempotent. Errors: the first that there was.
  Result<> close();
  RecorderStatus status() const;
  std::string path() const;  // of the present file

 private:
  struct Impl;
  explicit Recorder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::recording
