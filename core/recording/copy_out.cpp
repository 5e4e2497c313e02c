// SPDX-License-Identifier: Apache-2.0
#include "core/recording/copy_out.h"

#include <unistd.h>

#include <string_view>

namespace qd::recording {
namespace {

// So much at a time becomes one transaction: large enough that whole chunks are written at once.
constexpr std::size_t kBatchBytes = std::size_t{24} << 20;

}  // namespace

void removeRecording(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((path + suffix).c_str());
}

Result<CopyOut> CopyOut::create(const std::string& path, const std::string& program) {
  Result<std::unique_ptr<Writer>> writer = Writer::create(path, program);
  if (!writer) return std::unexpected(writer.error());
  return CopyOut(path, std::move(*writer));
}

CopyOut::~CopyOut() {
  if (!writer_) return;
  writer_.reset();
  removeRecording(path_);
}

// The writer's own sentence says that what is there is kept, as a recorder's is; half a copy is not.
Result<> CopyOut::orNothing(Result<> done) {
  if (done) return done;
  std::string said = done.error().message;
  if (const std::size_t at = said.find(kKept); at != std::string::npos)
    said.replace(at, kKept.size(), "it was removed again");
  return fail(done.error().code, std::move(said));
}

Result<> CopyOut::flush() {
  Result<> done = orNothing(writer_->commit(batch_));
  batch_.clear();
  bytes_ = 0;
  points_ = writer_->points();
  return done;
}

Result<> CopyOut::put(ingest::EnvelopePtr envelope) {
  bytes_ += ingest::sizeInBytes(*envelope);
  ++envelopes_;
  batch_.push_back(std::move(envelope));
  return bytes_ < kBatchBytes ? Result<>() : flush();
}

Result<> CopyOut::finish() {
  if (Result<> done = flush(); !done) return done;
  if (Result<> done = orNothing(writer_->finish()); !done) return done;
  writer_.reset();
  return {};
}

}  // namespace qd::recording
