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

// Walks the log in order from a replay time on, with its own view of the file. One thread at a time.
class ReplayBackend::Reader {
 public:
  Reader(const ReplayBackend& backend, std::unique_ptr<recording::Recording> file,
         std::unique_ptr<recording::Cursor> cursor, TimeNs from)
      : backend_(backend), file_(std::move(file)), cursor_(std::move(cursor)) {
    sequence_ = from <= backend.info_.start ? 0 : backend.sequenceAt(from) - 1;
    noteAt_ = from;
    step();
  }

  bool atEnd() const { return !next_; }
  TimeNs at() {
    note_ = backend_.bookmarkIn(noteAt_, next_->at);
    return note_ ? note_->time : next_->at;
  }
  std::uint64_t sequence() const { return sequence_; }  // of the entry that take() gives
  std::uint64_t before() const { return before_; }
  // What at() told of.
  EnvelopePtr take() {
    if (note_) return takeNote(*std::exchange(note_, std::nullopt));
    auto out = std::make_shared<Envelope>(*next_->envelope);
    out->agent = {};
    out->sequence = sequence_;
    out->previous = before_;
    if (auto* change = std::get_if<ProcessChange>(&out->event)) backend_.addDerived(change->info);
    step();
    return out;
  }
  void skip() {
    noteAt_ = next_->at;
    step();
  }

 private:
  EnvelopePtr takeNote(const recording::Note& note) {
    noteAt_ = note.time;
    auto out = std::make_shared<Envelope>();
    out->previous = before_;
    out->sequence = before_ = std::max(before_ + 1, backend_.sequenceAt(note.time));
    sequence_ = std::max(before_ + 1, backend_.sequenceAt(next_->at));
    out->event = GameEvent{backend_.processOf(note),
                           note.tick,
                           note.time,
                           "bookmark",
                           {{"text", Value(note.text)}, {"who", Value(note.who)}}};
    return out;
  }
  void step() {
    before_ = sequence_;
    do {
      next_ = cursor_->next();
    } while (next_ && !isLogged(next_->envelope->event));
    if (next_) sequence_ = std::max(before_ + 1, backend_.sequenceAt(next_->at));
  }

  const ReplayBackend& backend_;
  std::unique_ptr<recording::Recording> file_;
  std::unique_ptr<recording::Cursor> cursor_;
  std::optional<recording::Placed> next_;
  std::uint64_t sequence_ = 0, before_ = 0;
  std::optional<recording::Note> note_;
  TimeNs noteAt_ = INT64_MIN;  // of the newest one given
};

class ReplayBackend::LogCursor final : public serve::Cursor {
 public:
  LogCursor(ReplayBackend& backend, std::unique_ptr<Reader> reader, std::function<void()> wake)
      : backend_(backend), reader_(std::move(reader)), wake_(std::move(wake)), after_(reader_->before()) {}
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

ReplayBackend::ReplayBackend(std::string path, std::string version) : path_(std::move(path)) {
  state_.version = std::move(version);
}

ReplayBackend::~ReplayBackend() = default;

Result<std::unique_ptr<ReplayBackend>> ReplayBackend::open(const std::string& path, double speed, std::string version,
                                                           TimeNs from, TimeNs to) {
  std::unique_ptr<ReplayBackend> self(new ReplayBackend(path, std::move(version)));
  if (Result<> scanned = self->scan(from, to, speed); !scanned) return std::unexpected(scanned.error());
  if (self->info_.start <= 0) {
    return fail(ErrorCode::InvalidArgument, fmt::format("{} is empty: there is nothing to replay.", path));
  }
  self->clock_ = std::jthread([raw = self.get()](std::stop_token stop) { raw->runClock(std::move(stop)); });
  return self;
}

Result<> ReplayBackend::scan(TimeNs from, TimeNs to, double speed) {
  auto file = recording::Recording::open(path_);
  if (!file) return std::unexpected(file.error());
  file_ = std::move(*file);
  const Result<recording::RecordingInfo> info = file_->info();
  if (!info) return std::unexpected(info.error());
  info_ = *info;
  pace_ = ReplayPace(std::clamp(from, info_.start, std::max(info_.start, info_.end)), to, speed, monotonicNs());
  processes_ = file_->processes();
  // Bookmarks that cannot be read are no reason not to replay; they are not overwritten either (notes.h).
  if (auto notes = recording::loadNotes(path_)) notes_ = std::move(*notes);
  std::ranges::sort(notes_, {}, &recording::Note::time);
  state_.agentId = fmt::format("recording-{:x}-{:x}", info_.start, info_.points);
  const Result<std::vector<recording::RecordedSeries>> all = file_->series();
  if (!all) return std::unexpected(all.error());
  for (const recording::RecordedSeries& series : *all) {
    if (series.info.derived) derived_[series.instance].push_back(series.info);
  }
  events_ = std::make_unique<recording::EventCursor>(*file_, recording::stateKinds());
  next_ = events_->next();
  return {};
}

Result<std::unique_ptr<ReplayBackend::Reader>> ReplayBackend::openReader(TimeNs from) const {
  auto file = recording::Recording::open(path_);
  if (!file) return std::unexpected(file.error());
  const TimeNs begin = from <= info_.start ? INT64_MIN : from;  // states of the attach stand before the start
  auto cursor = (*file)->cursor(begin);
  if (!cursor) return std::unexpected(cursor.error());
  return std::make_unique<Reader>(*this, std::move(*file), std::move(*cursor), from);
}

// The same whichever entry a reader begins at: the replay time since the start, and room for entries of the same time.
std::uint64_t ReplayBackend::sequenceAt(TimeNs at) const {
  constexpr unsigned kSameTime = 12;  // bits
  const TimeNs since = std::max<TimeNs>(at - info_.start + 1, 0);
  return (static_cast<std::uint64_t>(since) << kSameTime) + 1;
}

TimeNs ReplayBackend::now() {
  const std::lock_guard lock(paceMutex_);
  return pace_.at(monotonicNs());
}

void ReplayBackend::addDerived(ProcessInfo& info) const {
  const auto found = derived_.find(info.instance);
  if (found == derived_.end()) return;
  for (const SeriesInfo& series : found->second) {
    const bool known = std::any_of(info.series.begin(), info.series.end(),
                                   [&](const SeriesInfo& s) { return s.index == series.index; });
    if (!known) info.series.push_back(series);
  }
}

void ReplayBackend::advance() {
  const TimeNs until = now();
  if (until < advancedTo_) {
    state_.processes.clear();
    state_.earlier.clear();
    state_.parameters.clear();
    state_.breakpoints.clear();
    state_.groups.clear();
    events_ = std::make_unique<recording::EventCursor>(*file_, recording::stateKinds());
    next_ = events_->next();
  }
  advancedTo_ = until;
  for (; next_ && next_->at <= until; next_ = events_->next()) take(next_->envelope);
  state_.logFirst = 1;
  state_.logLast = sequenceAt(until + 1) - 1;  // at least that of every entry up to now
  for (ProcessInfo& info : state_.processes) {
    info.tick = std::max(info.tick, file_->tickAt({info.id, info.instance}, until).value_or(0));
  }
}

void ReplayBackend::take(const EnvelopePtr& entry) {
  if (const auto* change = std::get_if<ProcessChange>(&entry->event)) {
    ProcessInfo info = change->info;
    addDerived(info);
    auto& all = state_.processes;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.id == info.id; });
    if (found == all.end()) {
      all.push_back(std::move(info));
    } else {
      if (found->instance != info.instance) state_.earlier.push_back(*found);
      *found = std::move(info);
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
  }
}

serve::Snapshot ReplayBackend::snapshot() {
  const std::lock_guard lock(snapshotMutex_);
  advance();
  return state_;
}

Result<std::unique_ptr<serve::Cursor>> ReplayBackend::openCursor(const serve::CursorStart& start,
                                                                 std::function<void()> wake) {
  // With nothing received yet there is nothing to go on after: time stands where it stands.
  const bool resumed = start.after > 0 && !start.agentId.empty() && start.agentId == state_.agentId;
  TimeNs from = now() - std::min(start.backfill.ns, now());
  if (resumed) from = info_.start - 1 + static_cast<TimeNs>(start.after >> 12);
  Result<std::unique_ptr<Reader>> reader = openReader(from);
  if (!reader) return std::unexpected(reader.error());
  while (resumed && !(*reader)->atEnd() && (*reader)->sequence() <= start.after) (*reader)->skip();
  return std::make_unique<LogCursor>(*this, std::move(*reader), std::move(wake));
}

void ReplayBackend::push(control::PushOrder, control::PushDone done) {
  done(std::unexpected(kNoChange));
}

void ReplayBackend::queryPush(const std::string&, bool, control::PushDone done) {
  done(std::unexpected(kNoChange));
}

Result<std::unique_ptr<serve::DebugSession>> ReplayBackend::openDebug(const std::string&) {
  return std::unexpected(kNoChange);
}

std::optional<recording::Note> ReplayBackend::bookmarkIn(TimeNs after, TimeNs upTo) const {
  const std::lock_guard lock(notesMutex_);
  const auto next = std::ranges::upper_bound(notes_, after, {}, &recording::Note::time);
  return next != notes_.end() && next->time <= upTo ? std::optional(*next) : std::nullopt;
}

ProcessRef ReplayBackend::processOf(const recording::Note& note) const {
  for (const recording::RecordedProcess& process : processes_) {
    if (process.ref.id.value == note.domain) return process.ref;
  }
  return processes_.empty() ? ProcessRef() : processes_.front().ref;
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
    std::optional<std::int64_t> soonest;
    for (auto it = sleepers_.begin(); it != sleepers_.end();) {
      if (it->second.at <= at) {
        it->second.wake();  // only hands over to another thread
        it = sleepers_.erase(it);
        continue;
      }
      const std::lock_guard pace(paceMutex_);
      const auto wait = pace_.until(it->second.at, monotonicNs());
      if (wait) soonest = std::min(soonest.value_or(*wait), *wait);
      ++it;
    }
    const auto changed = [&, seen = clockRevision_] { return clockRevision_ != seen; };
    if (!soonest) {
      clockChanged_.wait(lock, stop, changed);
    } else {
      const auto longest =
          std::min<std::chrono::nanoseconds>(std::chrono::nanoseconds(*soonest), std::chrono::hours(1));
      clockChanged_.wait_until(lock, stop, std::chrono::system_clock::now() + longest, changed);
    }
  }
}

}  // namespace qd::cli
