// SPDX-License-Identifier: Apache-2.0
// Writes a new recording out of envelopes that come in replay order, as cut, merge and redact do: in bounded memory, at
// the speed of the disk. A file that was not finished is removed again; one that exists is never touched. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/events.h"
#include "core/recording/writer.h"

namespace qd::recording {

class CopyOut {
 public:
  static Result<CopyOut> create(const std::string& path, const std::string& program);
  CopyOut(CopyOut&&) = default;
  ~CopyOut();

  Result<> put(ingest::EnvelopePtr envelope);
  Result<> finish();  // the last call
  std::uint64_t points() const { return points_; }
  std::uint64_t envelopes() const { return envelopes_; }

 private:
  CopyOut(std::string path, std::unique_ptr<Writer> writer) : path_(std::move(path)), writer_(std::move(writer)) {}
  Result<> flush();
  static Result<> orNothing(Result<> done);

  std::string path_;
  std::unique_ptr<Writer> writer_;  // null: finished
  std::vector<ingest::EnvelopePtr> batch_;
  std::size_t bytes_ = 0;
  std::uint64_t points_ = 0, envelopes_ = 0;
};

// Removes a recording with what may lie beside it.
void removeRecording(const std::string& path);

}  // namespace qd::recording
