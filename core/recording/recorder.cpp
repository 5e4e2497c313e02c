// SPDX-License-Identifier: Apache-2.0
#include "core/recording/recorder.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/byte_queue.h"
#include "core/recording/writer.h"

namespace qd::recording {
namespace {

using namespace ingest;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kCommitBytes = std::size_t{32} << 20;  // commits earlier than the second when this much waits

std::uint64_t weight(const Event& event) {
  const auto* block = std::get_if<SampleBlock>(&event);
  if (block == nullptr) return 1;
  std::uint64_t n = 0;
  for (const Column& column : block->columns) n += column.size();
  return n;
}

}  // namespace

struct Recorder::Impl {
  RecorderOptions options;
  std::unique_ptr<Writer> writer;
  ByteQueue<EnvelopePtr> queue;
  std::atomic<bool> failed{false};
  mutable std::mutex mutex;  // of what follows
  std::optional<Gap> overflow;
  RecorderStatus status;
  std::optional<Error> error;
  std::thread thread;

  explicit Impl(RecorderOptions o) : options(std::move(o)), queue(options.queueBytes) {}
  void run();
  void commit(std::vector<EnvelopePtr>& batch);
  void finish();
  void note(const Error& e);
};

void Recorder::Impl::note(const Error& e) {
  failed = true;
  {
    const std::lock_guard lock(mutex);
    if (error) return;
    error = e;
    status.state = RecorderStatus::State::Failed;
    status.error = e.message;
  }
  if (options.onFailure) options.onFailure(e);
}

void Recorder::Impl::commit(std::vector<EnvelopePtr>& batch) {
  {
    const std::lock_guard lock(mutex);
    if (overflow) {
      auto gap = std::make_shared<Envelope>();
      gap->event = std::move(*overflow);
      overflow.reset();
      batch.push_back(std::move(gap));
    }
  }
  const Result<> done = failed ? Result<>() : writer->commit(batch);
  if (!done) note(done.error());
  {
    const std::lock_guard lock(mutex);
    (failed ? status.dropped : status.envelopes) += batch.size();
    status.points = writer->points();
  }
  batch.clear();
}

void Recorder::Impl::finish() {
  if (!failed) {
    const Result<> done = writer->finish();
    if (!done) note(done.error());
  }
  writer.reset();
  const std::lock_guard lock(mutex);
  if (!error) status.state = RecorderStatus::State::Closed;
}

void Recorder::Impl::run() {
  std::vector<EnvelopePtr> batch;
  std::size_t bytes = 0;
  Clock::time_point due = Clock::now() + options.commitEvery;
  while (true) {
    std::optional<EnvelopePtr> next = queue.popFor(std::max(due - Clock::now(), Clock::duration(0)));
    if (next) {
      bytes += sizeInBytes(**next);
      batch.push_back(std::move(*next));
    }
    const bool ended = !next && queue.stopped();
    if (Clock::now() >= due || bytes >= kCommitBytes || ended) {
      commit(batch);
      bytes = 0;
      due = Clock::now() + options.commitEvery;
    }
    if (ended) break;
  }
  finish();
}

Result<std::unique_ptr<Recorder>> Recorder::open(RecorderOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  Result<std::unique_ptr<Writer>> writer = Writer::create(impl->options.path, impl->options.program);
  if (!writer) return std::unexpected(writer.error());
  impl->writer = std::move(*writer);
  impl->thread = std::thread([raw = impl.get()] { raw->run(); });
  return std::unique_ptr<Recorder>(new Recorder(std::move(impl)));
}

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Recorder::~Recorder() {
  (void)close();
}

void Recorder::on(const EnvelopePtr& envelope) {
  if (!impl_->failed && impl_->queue.push(envelope, sizeInBytes(*envelope))) return;
  const std::lock_guard lock(impl_->mutex);
  ++impl_->status.dropped;
  if (impl_->failed) return;
  const TimeNs now = utcNowNs();
  std::optional<Gap>& overflow = impl_->overflow;
  if (!overflow) overflow = Gap{{}, now, now, 0, "the recorder could not keep up and its queue was full"};
  overflow->to = now;
  overflow->dropped += weight(envelope->event);
}

Result<> Recorder::close() {
  impl_->queue.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
  const std::lock_guard lock(impl_->mutex);
  if (impl_->error) return std::unexpected(*impl_->error);
  return {};
}

RecorderStatus Recorder::status() const {
  RecorderStatus out;
  {
    const std::lock_guard lock(impl_->mutex);
    out = impl_->status;
  }
  out.queuedBytes = impl_->queue.bytes();
  for (const char* suffix : {"", "-wal"}) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(impl_->options.path + suffix, ignored);
    if (!ignored) out.fileBytes += size;
  }
  return out;
}

const std::string& Recorder::path() const {
  return impl_->options.path;
}

}  // namespace qd::recording
