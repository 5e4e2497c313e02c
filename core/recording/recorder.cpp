// SPDX-License-Identifier: Apache-2.0
#include "core/recording/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/byte_queue.h"
#include "core/recording/copy_out.h"
#include "core/recording/preamble.h"
#include "core/recording/writer.h"

namespace qd::recording {
namespace {

using namespace ingest;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kCommitBytes = std::size_t{32} << 20;      // commits earlier than the second when this much waits
constexpr std::uintmax_t kLeastRoom = std::uintmax_t{64} << 20;  // before a recording that failed goes on
constexpr const char* kQueueFull = "the recorder could not keep up and its queue was full";
constexpr const char* kNotWritten = "the recording could not be written";
constexpr int kRefillRounds = 3;  // then what is still missing is given up

std::uint64_t weight(const Event& event) {
  const auto* block = std::get_if<SampleBlock>(&event);
  if (block == nullptr) return 1;
  std::uint64_t n = 0;
  for (const Column& column : block->columns) n += column.size();
  return n;
}

EnvelopePtr gapOf(const AgentId& agent, Gap gap) {
  auto out = std::make_shared<Envelope>();
  out->agent = agent;
  out->event = std::move(gap);
  return out;
}

// What is known of the entries that found no room.
struct Overflow {
  std::map<AgentId, Gap> gaps;  // not yet in the file
  Missing missing;              // not yet asked for
  Missing asked;                // on their way
  struct Round {
    int number = 0;
    bool underWay = false;
    std::uint64_t came = 0;
  };
  std::map<AgentId, Round> rounds;
};

}  // namespace

struct Recorder::Impl {
  RecorderOptions options;
  std::unique_ptr<Writer> writer;
  Preamble preamble;
  std::uint64_t pointsBefore = 0;  // in files that are closed
  Clock::time_point rollAt = Clock::time_point::max(), retryAt{};
  TimeNs stoodFrom = 0;  // since when nothing is written
  ByteQueue<EnvelopePtr> queue;
  std::atomic<bool> failed{false};
  mutable std::mutex mutex;  // of what follows
  std::string path;
  Overflow overflow;
  RecorderStatus status;
  std::optional<Error> error;
  std::thread thread;

  explicit Impl(RecorderOptions o) : options(std::move(o)), queue(options.queueBytes), path(options.path) {}
  void run();
  void commit(std::vector<EnvelopePtr> batch);
  void takeGaps(std::vector<EnvelopePtr>& batch);
  void askForMissing();
  void miss(const Envelope& envelope, const char* cause);
  bool goesOn() const { return options.rollEvery.count() > 0 && options.nextPath; }
  void roll();
  void goOn();
  Result<std::unique_ptr<Writer>> begin(const std::string& next) const;
  void finish();
  void note(const Error& e);
  void warn(std::string sentence);
};

void Recorder::Impl::note(const Error& e) {
  failed = true;
  retryAt = Clock::now() + options.retryEvery;
  stoodFrom = utcNowNs();
  {
    const std::lock_guard lock(mutex);
    if (error) return;
    error = e;
    status.state = RecorderStatus::State::Failed;
    status.error = e.message;
  }
  if (options.onFailure) options.onFailure(e);
}

void Recorder::Impl::warn(std::string sentence) {
  const std::lock_guard lock(mutex);
  status.warning = std::move(sentence);
}

void Recorder::Impl::takeGaps(std::vector<EnvelopePtr>& batch) {
  const std::lock_guard lock(mutex);
  for (auto& [agent, gap] : overflow.gaps) batch.push_back(gapOf(agent, std::move(gap)));
  overflow.gaps.clear();
}

// Under the lock.
void Recorder::Impl::miss(const Envelope& envelope, const char* cause) {
  const TimeNs now = utcNowNs();
  overflow.missing.drop(envelope);
  Gap& gap = overflow.gaps.try_emplace(envelope.agent, Gap{{}, now, now, 0, ""}).first->second;
  gap.to = now;
  gap.dropped += weight(envelope.event);
  gap.cause = cause;
}

void Recorder::Impl::commit(std::vector<EnvelopePtr> batch) {
  if (!failed) takeGaps(batch);
  if (options.rollEvery.count() > 0) {
    for (const EnvelopePtr& envelope : batch) preamble.on(envelope);
  }
  const Result<> done = failed ? Result<>() : writer->commit(batch);
  if (!done) note(done.error());
  {
    const std::lock_guard lock(mutex);
    (failed ? status.dropped : status.envelopes) += batch.size();
    status.points = pointsBefore + writer->points();
    if (!failed || !goesOn()) return;
    for (const EnvelopePtr& envelope : batch) miss(*envelope, kNotWritten);
  }
}

// Once there is room again.
void Recorder::Impl::askForMissing() {
  if (failed || !options.onMissing || queue.bytes() > options.queueBytes / 4) return;
  std::vector<MissingRange> wanted;
  {
    const std::lock_guard lock(mutex);
    for (MissingRange& range : overflow.missing.spans()) {
      Overflow::Round& round = overflow.rounds[range.agent];
      if (std::exchange(round.underWay, true)) continue;
      ++round.number;
      overflow.asked.adopt(range.agent, overflow.missing);
      wanted.push_back(std::move(range));
    }
  }
  if (!wanted.empty()) options.onMissing(wanted);
}

// Makes the next file with what it begins with; leaves none when the disk does not take it.
Result<std::unique_ptr<Writer>> Recorder::Impl::begin(const std::string& next) const {
  Result<std::unique_ptr<Writer>> fresh = Writer::create(next, options.program);
  if (!fresh) return fresh;
  if (const Result<> begun = (*fresh)->commit(preamble.envelopes()); !begun) {
    fresh->reset();
    removeRecording(next);
    return std::unexpected(begun.error());
  }
  return fresh;
}

// Begins the next file where the present one ends; on any trouble the present one simply goes on.
void Recorder::Impl::roll() {
  rollAt = Clock::now() + options.rollEvery;
  const std::string next = options.nextPath();
  Result<std::unique_ptr<Writer>> fresh = begin(next);
  if (!fresh) return warn(fresh.error().message);
  std::unique_ptr<Writer> full = std::exchange(writer, std::move(*fresh));
  pointsBefore += full->points();
  if (const Result<> closed = full->finish(); !closed) warn(closed.error().message);
  std::string before;
  {
    const std::lock_guard lock(mutex);
    before = std::exchange(path, next);
    ++status.files;
  }
  if (options.onRolled) options.onRolled(before);
}

// Somebody made room, or the volume is back: a file of its own, and what is missing is asked for.
void Recorder::Impl::goOn() {
  if (Clock::now() < retryAt) return;
  retryAt = Clock::now() + options.retryEvery;
  const std::string next = options.nextPath();
  std::error_code trouble;
  const auto space = std::filesystem::space(std::filesystem::path(next).parent_path(), trouble);
  if (trouble || space.available < kLeastRoom) return;
  Result<std::unique_ptr<Writer>> fresh = begin(next);
  if (!fresh) return;
  pointsBefore += writer->points();
  writer = std::move(*fresh);
  std::string before;
  {
    const std::lock_guard lock(mutex);
    before = std::exchange(path, next);
    ++status.files;
    status.state = RecorderStatus::State::Recording;
    status.warning = fmt::format("Nothing could be written to {} for {:.0f} s; {} goes on from there.", before,
                                 static_cast<double>(utcNowNs() - stoodFrom) / kNsPerSecond, next);
    status.error.clear();
    error.reset();
  }
  rollAt = Clock::now() + options.rollEvery;
  failed = false;
  if (options.onRolled) options.onRolled(before);
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
  if (options.rollEvery.count() > 0) rollAt = Clock::now() + options.rollEvery;
  for (bool ended = false; !ended;) {
    ended = queue.stopped();  // asked first, so that what came before is taken below
    commit(queue.takeAll(kCommitBytes, options.commitEvery));
    if (ended) break;
    if (!failed && Clock::now() + options.commitEvery > rollAt) roll();
    if (failed && goesOn()) goOn();
    askForMissing();
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
  // While nothing can be written the thread takes them all the same: the next file begins with what they say.
  const bool wanted = !impl_->failed || impl_->goesOn();
  if (wanted && impl_->queue.push(envelope, sizeInBytes(*envelope))) return;
  const std::lock_guard lock(impl_->mutex);
  ++impl_->status.dropped;
  if (wanted) impl_->miss(*envelope, impl_->failed ? kNotWritten : kQueueFull);
}

void Recorder::refill(const EnvelopePtr& envelope) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->failed || !impl_->overflow.asked.take(*envelope)) return;
  }
  const bool fits = impl_->queue.push(envelope, sizeInBytes(*envelope));
  const std::lock_guard lock(impl_->mutex);
  if (fits) {
    ++impl_->status.refilled;
    ++impl_->overflow.rounds[envelope->agent].came;
  } else {
    impl_->overflow.missing.drop(*envelope);  // for the next round
  }
}

void Recorder::refilled(const AgentId& agent) {
  const std::lock_guard lock(impl_->mutex);
  Overflow& overflow = impl_->overflow;
  overflow.asked.forget(agent);
  Overflow::Round& round = overflow.rounds[agent];
  round.underWay = false;
  const std::uint64_t came = std::exchange(round.came, 0);
  if (!overflow.missing.has(agent)) {
    round.number = 0;
  } else if (round.number >= kRefillRounds) {
    overflow.missing.forget(agent);  // the gap row stands
    round.number = 0;
  }
  if (came == 0) return;
  const TimeNs now = utcNowNs();
  auto said =
      gapOf(agent, Gap{{}, now, now, 0, fmt::format("{} entries that were missing were fetched from the agent", came)});
  (void)impl_->queue.push(said, sizeInBytes(*said));
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
  std::string path;
  {
    const std::lock_guard lock(impl_->mutex);
    out = impl_->status;
    path = impl_->path;
  }
  out.queuedBytes = impl_->queue.bytes();
  for (const char* suffix : {"", "-wal"}) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(path + suffix, ignored);
    if (!ignored) out.fileBytes += size;
  }
  return out;
}

std::string Recorder::path() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->path;
}

}  // namespace qd::recording
