// SPDX-License-Identifier: Apache-2.0
#include "core/recording/replay_feed.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/recording/frame_window.h"
#include "core/recording/recording_impl.h"
#include "core/recording/state_events.h"

namespace qd::recording {
namespace {

constexpr std::size_t kAtOnce = 256;  // events between two looks at what is wanted

}  // namespace

struct ReplayFeed::Impl {
  std::unique_ptr<Recording> file;
  ReplayFeedSinks sinks;
  std::unique_ptr<FrameWindow> window;
  std::uint64_t events = 0;  // in the file

  mutable std::mutex mutex;  // of what follows
  std::condition_variable_any changed;
  TimeNs now = 0;
  double speed = 0;
  bool asked = false;
  ReplayFeedProgress progress;
  std::jthread thread;  // last: ends first

  void run(const std::stop_token& stop);
  void readEvents(const std::vector<std::string_view>& kinds, std::uint64_t& read, const std::stop_token& stop);
  void judgeSamples(const std::stop_token& stop);
  bool serve(const std::stop_token& stop);
  void note(std::uint64_t read, bool finished, const std::vector<Damage>& more);
};

void ReplayFeed::Impl::note(std::uint64_t read, bool finished, const std::vector<Damage>& more) {
  const std::lock_guard lock(mutex);
  progress.finished = finished;
  progress.share =
      finished || events == 0 ? 1 : std::min(0.999, static_cast<double>(read) / static_cast<double>(events));
  progress.damaged.insert(progress.damaged.end(), more.begin(), more.end());
}

// One look at which frames are wanted; true: it had something to do.
bool ReplayFeed::Impl::serve(const std::stop_token& stop) {
  if (!sinks.frames) return false;
  TimeNs at = 0;
  double factor = 0;
  {
    const std::lock_guard lock(mutex);
    if (now == 0) return false;
    asked = false;
    at = now;
    factor = speed;
  }
  return window->show(at, factor, stop);
}

void ReplayFeed::Impl::readEvents(const std::vector<std::string_view>& kinds, std::uint64_t& read,
                                  const std::stop_token& stop) {
  EventCursor cursor(*file, kinds);
  while (!stop.stop_requested()) {
    const std::optional<Placed> next = cursor.next();
    if (!next) break;
    sinks.events->on(next->envelope);
    if (++read % kAtOnce != 0) continue;
    note(read, false, {});
    (void)serve(stop);
  }
  note(read, false, cursor.damaged());
}

// Alerts are judged from samples; those that can raise one are few and are read for it.
void ReplayFeed::Impl::judgeSamples(const std::stop_token& stop) {
  if (!sinks.alerts) return;
  const Result<std::vector<RecordedSeries>> all = file->series();
  if (!all) return;
  for (const RecordedSeries& series : *all) {
    if (series.info.name != "tick.overruns" || stop.stop_requested()) continue;
    const auto damaged = file->read(series, true, [&](const SampleRun& run) {
      if (stop.stop_requested() || (run.integers == nullptr && run.doubles == nullptr)) return;
      auto envelope = std::make_shared<ingest::Envelope>();
      ingest::SampleBlock block{{series.process, series.instance}, 0, 0, 0, 0, run.ticks, run.times, {}};
      ingest::Column column{series.info.index, {}, {}};
      if (run.integers) {
        column.values = *run.integers;
      } else {
        column.values = *run.doubles;
      }
      block.columns.push_back(std::move(column));
      envelope->event = std::move(block);
      sinks.alerts->on(envelope);
    });
    if (damaged) note(events, false, *damaged);
  }
}

void ReplayFeed::Impl::run(const std::stop_token& stop) {
  std::uint64_t read = 0;
  readEvents(stateKinds(), read, stop);
  (void)serve(stop);
  readEvents(lineKinds(), read, stop);
  judgeSamples(stop);
  note(read, true, window->takeDamaged());
  while (!stop.stop_requested()) {
    if (serve(stop)) continue;
    std::unique_lock lock(mutex);
    changed.wait(lock, stop, [this] { return asked; });
  }
}

Result<std::unique_ptr<ReplayFeed>> ReplayFeed::open(const std::string& path, ReplayFeedSinks sinks) {
  auto impl = std::make_unique<Impl>();
  Result<std::unique_ptr<Recording>> file = Recording::open(path);
  if (!file) return std::unexpected(file.error());
  impl->file = std::move(*file);
  impl->sinks = std::move(sinks);
  impl->window = std::make_unique<FrameWindow>(impl->file->impl(), impl->sinks.frames, impl->sinks.forgetFrames);
  impl->events = static_cast<std::uint64_t>(impl->file->impl().db.integer("SELECT max(id) FROM events").value_or(0));
  impl->thread = std::jthread([raw = impl.get()](const std::stop_token& stop) { raw->run(stop); });
  return std::unique_ptr<ReplayFeed>(new ReplayFeed(std::move(impl)));
}

ReplayFeed::ReplayFeed(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplayFeed::~ReplayFeed() = default;

void ReplayFeed::look(TimeNs now, double speed) {
  constexpr TimeNs kWorthwhile = kNsPerSecond / 10;
  const std::lock_guard lock(impl_->mutex);
  if (std::abs(now - impl_->now) < kWorthwhile && impl_->speed == speed) return;
  impl_->now = now;
  impl_->speed = speed;
  impl_->asked = true;
  impl_->changed.notify_one();
}

ReplayFeedProgress ReplayFeed::progress() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->progress;
}

}  // namespace qd::recording
