// SPDX-License-Identifier: Apache-2.0
#include "app/cli/replay_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace qd::cli {
namespace {

using namespace ingest;

const Error kNoChange{ErrorCode::Unsupported, "This is a recording: it can be looked at, not changed."};

// What only a console makes has no place in an agent's log.
bool isLogged(const Event& event) {
  return !std::holds_alternative<ClockSample>(event) && !std::holds_alternative<AgentChange>(event) &&
         !std::holds_alternative<Mark>(event) && !std::holds_alternative<DerivedSeries>(event);
}

template <class T>
void replaceById(std::vector<T>& list, const T& item) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const T& other) { return other.id == item.id; });
  if (found != list.end()) list.erase(found);
  if (!item.removed) list.push_back(item);
}

}  // namespace

// Walks the log in order, with its own view of the file. One thread at a time.
class ReplayBackend::Reader {
 public:
  Reader(std::unique_ptr<recording::Recording> file, std::unique_ptr<recording::Cursor> cursor, const Derived& derived)
      : file_(std::move(file)), cursor_(std::move(cursor)), derived_(derived) {
    step();
  }

  bool atEnd() const { return !next_; }
  TimeNs at() const { return next_->at; }
  std::uint64_t sequence() const { return sequence_; }  // of the entry that take() gives
  EnvelopePtr take() {
    auto out = std::make_shared<Envelope>(*next_->envelope);
    out->agent = {};
    out->sequence = sequence_;
    out->previous = sequence_ - 1;
    if (auto* change = std::get_if<ProcessChange>(&out->event)) addDerived(change->info);
    step();
    return out;
  }
  void skip() { step(); }

 private:
  void step() {
    ++sequence_;
    do {
      next_ = cursor_->next();
    } while (next_ && !isLogged(next_->envelope->event));
  }
  void addDerived(ProcessInfo& info) const {
    const auto found = derived_.find(info.instance);
    if (found == derived_.end()) return;
    for (const SeriesInfo& series : found->second) {
      const bool known = std::any_of(info.series.begin(), info.series.end(),
                                     [&](const SeriesInfo& s) { return s.index == series.index; });
      if (!known) info.series.push_back(series);
    }
  }

  std::unique_ptr<recording::Recording> file_;
  std::unique_ptr<recording::Cursor> cursor_;
  const Derived& derived_;
  std::optional<recording::Placed> next_;
  std::uint64_t sequence_ = 0;
};

class ReplayBackend::LogCursor final : public serve::Cursor {
 public:
  LogCursor(ReplayBackend& backend, std::unique_ptr<Reader> reader, std::function<void()> wake)
      : backend_(backend), reader_(std::move(reader)), wake_(std::move(wake)), after_(reader_->sequence() - 1) {}
  ~LogCursor() override { backend_.forget(this); }

  EnvelopePtr next() override {
    if (reader_->atEnd()) return nullptr;
    if (reader_->at() <= backend_.now()) return reader_->take();
    backend_.wakeAt(this, reader_->at(), wake_);
    return nullptr;
  }
  std::uint64_t startedAfter() const override { return after_; }

 private:
  ReplayBackend& backend_;
  std::unique_ptr<Reader> reader_;
  std::function<void()> wake_;
  const std::uint64_t after_;
};

ReplayBackend::ReplayBackend(std::string path, double speed, std::string version)
    : path_(std::move(path)), speed_(speed), began_(monotonicNs()) {
  state_.version = std::move(version);
}

ReplayBackend::~ReplayBackend() = default;

Result<std::unique_ptr<ReplayBackend>> ReplayBackend::open(const std::string& path, double speed, std::string version) {
  std::unique_ptr<ReplayBackend> self(new ReplayBackend(path, speed, std::move(version)));
  if (Result<> scanned = self->scan(); !scanned) return std::unexpected(scanned.error());
  if (self->info_.start <= 0) {
    return fail(ErrorCode::InvalidArgument, fmt::format("{} is empty: there is nothing to replay.", path));
  }
  Result<std::unique_ptr<Reader>> head = self->openReader();
  if (!head) return std::unexpected(head.error());
  self->head_ = std::move(*head);
  self->clock_ = std::jthread([raw = self.get()](std::stop_token stop) { raw->runClock(std::move(stop)); });
  return self;
}

Result<> ReplayBackend::scan() {
  auto file = recording::Recording::open(path_);
  if (!file) return std::unexpected(file.error());
  const Result<recording::RecordingInfo> info = (*file)->info();
  if (!info) return std::unexpected(info.error());
  info_ = *info;
  state_.agentId = fmt::format("recording-{:x}-{:x}", info_.start, info_.points);
  const Result<std::vector<recording::RecordedSeries>> all = (*file)->series();
  if (!all) return std::unexpected(all.error());
  for (const recording::RecordedSeries& series : *all) {
    if (series.info.derived) derived_[series.instance].push_back(series.info);
  }
  return {};
}

Result<std::unique_ptr<ReplayBackend::Reader>> ReplayBackend::openReader() const {
  auto file = recording::Recording::open(path_);
  if (!file) return std::unexpected(file.error());
  auto cursor = (*file)->cursor();
  if (!cursor) return std::unexpected(cursor.error());
  return std::make_unique<Reader>(std::move(*file), std::move(*cursor), derived_);
}

TimeNs ReplayBackend::now() {
  return info_.start + static_cast<TimeNs>(static_cast<double>(monotonicNs() - began_) * speed_);
}

void ReplayBackend::advance() {
  const TimeNs until = now();
  while (!head_->atEnd() && head_->at() <= until) {
    state_.logLast = head_->sequence();
    const EnvelopePtr entry = head_->take();
    if (const auto* change = std::get_if<ProcessChange>(&entry->event)) {
      auto& all = state_.processes;
      const auto found = std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.id == change->info.id; });
      if (found == all.end()) {
        all.push_back(change->info);
      } else {
        if (found->instance != change->info.instance) state_.earlier.push_back(*found);
        *found = change->info;
      }
    } else if (const auto* values = std::get_if<ParameterChange>(&entry->event)) {
      auto& all = state_.parameters;
      auto found = std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.process == values->process; });
      if (found == all.end()) found = all.insert(all.end(), {values->process, {}});
      for (const ParameterValue& value : values->values) {
        std::erase_if(found->values, [&](const ParameterValue& v) { return v.name == value.name; });
        found->values.push_back(value);
      }
    } else if (const auto* breakpoint = std::get_if<Breakpoint>(&entry->event)) {
      replaceById(state_.breakpoints, *breakpoint);
    } else if (const auto* group = std::get_if<LinkGroup>(&entry->event)) {
      replaceById(state_.groups, *group);
    } else if (const auto* block = std::get_if<SampleBlock>(&entry->event); block && !block->ticks.empty()) {
      for (ProcessInfo& info : state_.processes) {
        if (info.instance == block->process.instance) info.tick = std::max(info.tick, block->ticks.back());
      }
    }
  }
}

serve::Snapshot ReplayBackend::snapshot() {
  const std::lock_guard lock(snapshotMutex_);
  advance();
  serve::Snapshot out = state_;
  if (out.logLast > 0) out.logFirst = 1;
  return out;
}

Result<std::unique_ptr<serve::Cursor>> ReplayBackend::openCursor(const serve::CursorStart& start,
                                                                 std::function<void()> wake) {
  Result<std::unique_ptr<Reader>> reader = openReader();
  if (!reader) return std::unexpected(reader.error());
  Reader& r = **reader;
  if (!start.agentId.empty() && start.agentId == state_.agentId) {
    while (!r.atEnd() && r.sequence() <= start.after) r.skip();
  } else {
    const TimeNs from = now() - std::min(start.backfill.ns, now());
    while (!r.atEnd() && r.at() < from) r.skip();
  }
  return std::make_unique<LogCursor>(*this, std::move(*reader), std::move(wake));
}

void ReplayBackend::push(control::PushOrder, control::PushDone done) {
  done(std::unexpected(kNoChange));
}

void ReplayBackend::queryPush(const std::string&, bool, control::PushDone done) {
  done(std::unexpected(kNoChange));
}

void ReplayBackend::runAction(control::ActionOrder, control::ActionDone done) {
  done(std::unexpected(kNoChange));
}

Result<std::unique_ptr<serve::DebugSession>> ReplayBackend::openDebug(const std::string&) {
  return std::unexpected(kNoChange);
}

void ReplayBackend::wakeAt(const void* who, TimeNs at, std::function<void()> wake) {
  const std::lock_guard lock(clockMutex_);
  sleepers_[who] = {at, std::move(wake)};
  ++clockRevision_;
  clockChanged_.notify_one();
}

void ReplayBackend::forget(const void* who) {
  const std::lock_guard lock(clockMutex_);
  sleepers_.erase(who);
}

void ReplayBackend::runClock(std::stop_token stop) {
  std::unique_lock lock(clockMutex_);
  while (!stop.stop_requested()) {
    const TimeNs at = now();
    TimeNs soonest = INT64_MAX;
    for (auto it = sleepers_.begin(); it != sleepers_.end();) {
      if (it->second.at <= at) {
        it->second.wake();  // only hands over to another thread
        it = sleepers_.erase(it);
      } else {
        soonest = std::min(soonest, it->second.at);
        ++it;
      }
    }
    const auto changed = [&, seen = clockRevision_] { return clockRevision_ != seen; };
    if (soonest == INT64_MAX) {
      clockChanged_.wait(lock, stop, changed);
    } else {
      const std::chrono::nanoseconds wait(static_cast<std::int64_t>(static_cast<double>(soonest - at) / speed_) + 1);
      const auto longest = std::min<std::chrono::nanoseconds>(wait, std::chrono::hours(1));
      clockChanged_.wait_until(lock, stop, std::chrono::system_clock::now() + longest, changed);
    }
  }
}

}  // namespace qd::cli
