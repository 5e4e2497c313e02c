// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/session_core.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/link/cluster.h"
#include "core/recording/live_samples.h"
#include "core/recording/recorded_samples.h"
#include "core/recording/recorder.h"
#include "core/recording/recording.h"
#include "core/recording/replay_feed.h"
#include "core/recording/replay_source.h"
#include "core/recording/rolling.h"

namespace qd::console {
namespace {

constexpr TimeNs kMostLag = 2 * kNsPerSecond;
constexpr Duration kBackfill{1800 * kNsPerSecond};

// About 15 minutes and an hour of the stage's shots and kills.
constexpr std::size_t kLiveEvents = std::size_t{64} << 20, kReplayedEvents = std::size_t{256} << 20;

ingest::InterestRules rulesOf(const session::Context& context) {
  ingest::InterestRules rules;
  if (!context.record.empty()) rules.recorded = {ingest::Selector{{}, context.record, {}}};
  rules.always = {
      ingest::Selector{{}, {"tick.duration", "tick.rate", "tick.overruns", "frame.duration", "players.online"}, {}}};
  // The stage is this computer's own: nothing of it is given up.
  const bool stage = context.environment == session::Environment::Stage;
  rules.mostPointsPerSecond = stage ? 0 : static_cast<double>(context.maxPointsPerSecond);
  return rules;
}

// What the recorder gets: roll-ups only while they say what the samples beside them do not.
class Recorded final : public ingest::EventSink {
 public:
  explicit Recorded(ingest::EventSink& recorder) : recorder_(recorder) {}
  void on(const ingest::EnvelopePtr& envelope) override {
    if (samplesSayAll && std::holds_alternative<ingest::Rollup>(envelope->event)) return;
    recorder_.on(envelope);
  }
  std::atomic<bool> samplesSayAll{true};

 private:
  ingest::EventSink& recorder_;
};

}  // namespace

// One thread that does what it is given, in order; what is left when it ends is not done.
class SessionCore::Worker {
 public:
  void post(std::function<void()> task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

 private:
  void run(const std::stop_token& stop) {
    while (true) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [this] { return !tasks_.empty(); })) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> tasks_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

// Members go in the reverse order: the source stops before the recorder closes.
struct SessionCore::Source {
  std::unique_ptr<recording::Recorder> recorder;
  std::unique_ptr<Recorded> recorded;
  std::string noRecorder;          // why there is none in a live session
  std::vector<std::string> files;  // closed ones of this session; under the mutex
  std::mutex fetching;             // of the next one
  link::Cluster* fetchFrom = nullptr;
  std::unique_ptr<link::Cluster> cluster;
  std::optional<ingest::InterestPlanner> planner;
  ingest::Interest asked;

  recording::RecorderOptions recorderOptions(const std::string& name, const std::string& path);
  recording::LiveSamples::Files recordedTo() const;  // the files of this session
  void fetch(const std::vector<recording::MissingRange>& ranges);
  void crossed(const ingest::Breakpoint& breakpoint, const control::MetricWatch::Crossed& at, const std::string& domain,
               ingest::EventSink& marks);
  std::unique_ptr<breakpoints::DerivedTrigger> triggers;

  std::unique_ptr<recording::ReplayFeed> feed;
  std::shared_ptr<recording::RecordedSamples> samples;
  std::unique_ptr<Worker> worker;  // loads samples

  // Of format 1.
  std::unique_ptr<recording::Recording> file;
  mutable std::mutex mutex;
  Loading loading;
  std::jthread reader;

  void read(ingest::EventSink& sink, const std::stop_token& stop);
  void note(double share, std::string problem);
};

recording::RecorderOptions SessionCore::Source::recorderOptions(const std::string& name, const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  recording::RecorderOptions options;
  options.path = path;
  options.program = "quarterdeck " QD_VERSION;
  options.rollEvery = recording::kRollEvery;
  options.nextPath = [folder, name] { return recording::nextRecordingPath(folder, name); };
  options.onRolled = [this, folder](const std::string& closed) {
    {
      const std::lock_guard lock(mutex);
      files.push_back(closed);
    }
    recording::prune(folder, {});
  };
  options.onMissing = [this](const auto& ranges) { fetch(ranges); };
  return options;
}

recording::LiveSamples::Files SessionCore::Source::recordedTo() const {
  recording::LiveSamples::Files all;
  const std::string present = recorder->path();
  {
    const std::lock_guard lock(mutex);
    all.closed = files;
  }
  const bool closed = std::ranges::find(all.closed, present) != all.closed.end();
  if (!closed && recorder->status().state == recording::RecorderStatus::State::Recording) {
    all.written = present;
  } else if (!closed) {
    all.closed.push_back(present);  // it failed: what it has, it has
  }
  return all;
}

// Ordered as a click would be; what came of it is a mark of this session and of what it records.
void SessionCore::Source::crossed(const ingest::Breakpoint& breakpoint, const control::MetricWatch::Crossed& at,
                                  const std::string& domain, ingest::EventSink& marks) {
  const bool stopsThere = breakpoint.kind == ingest::BreakpointKind::Metric;
  control::BreakpointOrder order;
  order.wanted = breakpoint;
  for (const auto& member : breakpoint.members) order.members.push_back(member.process);
  if (stopsThere) {
    order.wanted.enabled = false;  // once
  } else {
    order.wanted.armWhen.clear();
  }
  const auto said = [&marks,
                     text = fmt::format("{} in {} ({:.4g} at tick {})", breakpoint.armWhen, at.process.value, at.value,
                                        at.tick),
                     domain, tick = at.tick, id = breakpoint.id](const Result<std::string>& done) {
    auto mark = std::make_shared<ingest::Envelope>();
    const TimeNs now = utcNowNs();
    mark->received = now;
    mark->event =
        ingest::Mark{now, tick, domain,
                     done ? fmt::format("{}: {}", id, text) : fmt::format("{}: {}: {}", id, text, done.error().message),
                     "this console"};
    marks.on(mark);
  };
  if (stopsThere) cluster->pause(breakpoint.group, [](const auto&) {});
  cluster->setBreakpoint(std::move(order), said);
}

// The recorder outlives the cluster, but asks on a thread of its own.
void SessionCore::Source::fetch(const std::vector<recording::MissingRange>& ranges) {
  const std::lock_guard lock(fetching);
  if (fetchFrom == nullptr) return;
  for (const recording::MissingRange& range : ranges) {
    fetchFrom->fetch(
        range.agent, range.first, range.last,
        [to = recorder.get()](const ingest::EnvelopePtr& envelope) { to->refill(envelope); },
        [to = recorder.get(), agent = range.agent] { to->refilled(agent); });
  }
}

void SessionCore::Source::note(double share, std::string problem) {
  const std::lock_guard lock(mutex);
  loading.share = share;
  if (!problem.empty()) loading.problem = std::move(problem);
}

void SessionCore::Source::read(ingest::EventSink& sink, const std::stop_token& stop) {
  const auto progress = [this](const recording::ReplayProgress& now) {
    std::string problem;
    if (!now.damaged.empty()) {
      problem = fmt::format("{} rows of the recording are damaged and left out: run qdctl verify.", now.damaged.size());
    }
    note(now.finished ? 1 : std::min(now.share, 0.999), std::move(problem));
  };
  const auto done = recording::ReplaySource(*file).run(sink, progress, stop);
  if (!done) note(1, done.error().message);
}

// A live store has exact samples alone: what comes as roll-ups only is the roll-up book's, and is filled in exactly
// when it is shown. In a recording there is nobody to ask, so that the store takes them as they are.
class SessionCore::ExactSamples final : public ingest::EventSink {
 public:
  explicit ExactSamples(series::Store& store) : store_(store) {}
  void on(const ingest::EnvelopePtr& envelope) override {
    if (!std::holds_alternative<ingest::Rollup>(envelope->event)) store_.on(envelope);
  }

 private:
  series::Store& store_;
};

// The samples of a recording come and go as one looks; its events are read once, and are to reach over the whole of it.
SessionCore::SessionCore(bool isReplay, std::size_t budget)
    : store(budget),
      log(isReplay ? kReplayedEvents : kLiveEvents),
      exact_(std::make_unique<ExactSamples>(store)),
      join(fan),
      rewindJoin(fan),
      isReplay_(isReplay),
      source_(std::make_unique<Source>()) {
  ingest::EventSink& storeSink = isReplay ? static_cast<ingest::EventSink&>(store) : *exact_;
  for (ingest::EventSink* sink :
       std::initializer_list<ingest::EventSink*>{&directory, &storeSink, &log, &world, &params, &changes, &breakpoints,
                                                 &alerts, &rollups, &join, &rewindJoin}) {
    fan.add(*sink);
  }
}

SessionCore::~SessionCore() {
  source_->feed.reset();
  store.setColdSource(nullptr, {});
  source_->worker.reset();
  source_->reader = {};  // stops and joins
  {
    const std::lock_guard lock(source_->fetching);
    source_->fetchFrom = nullptr;
  }
  source_->cluster.reset();
  source_->recorder.reset();
}

Result<std::unique_ptr<SessionCore>> SessionCore::live(const session::Context& context,
                                                       const std::string& recordingPath, std::size_t budget) {
  link::ClusterOptions options;
  options.endpoints = context.agents;
  options.tls = {context.caFile, context.certFile, context.keyFile, context.serverName};
  if (options.tls.enabled()) {
    if (auto ok = security::check(options.tls); !ok) return std::unexpected(ok.error());
  }
  std::unique_ptr<SessionCore> core(new SessionCore(false, budget));
  Source& source = *core->source_;
  // Who cannot record can still watch.
  auto recorder = recording::Recorder::open(source.recorderOptions(context.name, recordingPath));
  if (recorder) {
    source.recorder = std::move(*recorder);
    source.recorded = std::make_unique<Recorded>(*source.recorder);
    core->fan.add(*source.recorded);
    source.worker = std::make_unique<Worker>();
    core->store.setColdSource(
        std::make_shared<recording::LiveSamples>([&source] { return source.recordedTo(); }),
        [worker = source.worker.get()](std::function<void()> task) { worker->post(std::move(task)); });
  } else {
    source.noRecorder = recorder.error().message;
  }
  ingest::InterestRules rules = rulesOf(context);
  options.interest = ingest::Interest{true, rules.recorded, {"*"}};
  options.interest->full.insert(options.interest->full.end(), rules.always.begin(), rules.always.end());
  options.mostLag = Duration{kMostLag};
  source.asked = *options.interest;
  if (source.recorded) source.recorded->samplesSayAll = context.record.empty();
  source.planner.emplace(std::move(rules));
  source.cluster = std::make_unique<link::Cluster>(std::move(options), core->fan);
  source.triggers =
      std::make_unique<breakpoints::DerivedTrigger>([&source, &core = *core](const auto& breakpoint, const auto& at) {
        // Its ticks are those of its server.
        const auto info = core.directory.process(at.process);
        source.crossed(breakpoint, at, info && !info->domain.empty() ? info->domain : at.process.value, core.fan);
      });
  core->fan.add(*source.triggers);
  {
    const std::lock_guard lock(source.fetching);
    source.fetchFrom = source.cluster.get();
  }
  core->source_->cluster->start();
  return core;
}

Result<std::unique_ptr<SessionCore>> SessionCore::replay(const std::string& path, std::size_t budget) {
  auto samples = recording::RecordedSamples::open(path);
  if (samples) return replay(path, budget, std::move(*samples));
  if (samples.error().code != ErrorCode::Unsupported) return std::unexpected(samples.error());
  auto file = recording::Recording::open(path);
  if (!file) return std::unexpected(file.error());
  std::unique_ptr<SessionCore> core(new SessionCore(true, budget));
  Source& source = *core->source_;
  source.file = std::move(*file);
  source.loading.share = 0;
  source.reader = std::jthread([&source, &fan = core->fan](std::stop_token stop) { source.read(fan, stop); });
  return core;
}

Result<std::unique_ptr<SessionCore>> SessionCore::replay(const std::string& path, std::size_t budget,
                                                         std::shared_ptr<recording::RecordedSamples> samples) {
  std::unique_ptr<SessionCore> core(new SessionCore(true, budget));
  Source& source = *core->source_;
  source.worker = std::make_unique<Worker>();
  source.samples = std::move(samples);
  core->store.setColdSource(
      source.samples, [worker = source.worker.get()](std::function<void()> task) { worker->post(std::move(task)); });
  source.samples->adoptInto(core->store);
  recording::ReplayFeedSinks sinks;
  sinks.events = &core->fan;
  sinks.frames = &core->world;
  sinks.forgetFrames = [world = &core->world] { world->forget(); };
  sinks.alerts = &core->alerts;
  auto feed = recording::ReplayFeed::open(path, std::move(sinks));
  if (!feed) return std::unexpected(feed.error());
  source.feed = std::move(*feed);
  return core;
}

void SessionCore::look(TimeNs now, double speed) {
  if (source_->feed != nullptr) source_->feed->look(now, speed);
}

control::CommandPort* SessionCore::commands() {
  return source_->cluster.get();
}

void SessionCore::adjustInterest(const ingest::InterestSet& shown) {
  if (!source_->planner || !source_->cluster) return;
  const ingest::Interest& wanted = source_->planner->plan(rollups, shown.series(), shown.poses(), monotonicNs());
  if (wanted == source_->asked) return;
  source_->asked = wanted;
  const bool all = std::ranges::find(wanted.full, ingest::Selector{}) != wanted.full.end();
  if (source_->recorded) source_->recorded->samplesSayAll = all;
  source_->cluster->setInterest(wanted, kBackfill);
}

SessionCore::Cost SessionCore::cost() const {
  Cost out;
  if (!source_->planner || !source_->cluster) return out;
  out.level = source_->planner->level();
  out.wanted = source_->planner->wanted();
  out.cap = source_->planner->cap();
  for (const link::AgentStatus& agent : source_->cluster->status()) {
    out.bytes += agent.bytes;
    out.tiers = out.tiers || agent.tiers;
  }
  return out;
}

SessionCore::Recording SessionCore::recording() const {
  if (source_->recorder == nullptr) return {{}, 0, 0, source_->noRecorder, {}};
  const auto status = source_->recorder->status();
  return {source_->recorder->path(), status.fileBytes, status.dropped - std::min(status.refilled, status.dropped),
          status.error, status.warning};
}

std::vector<std::string> SessionCore::recordedFiles() const {
  const std::lock_guard lock(source_->mutex);
  std::vector<std::string> out = source_->files;
  if (source_->recorder != nullptr) out.push_back(source_->recorder->path());
  return out;
}

SessionCore::Loading SessionCore::loading() const {
  if (source_->feed != nullptr) {
    const recording::ReplayFeedProgress progress = source_->feed->progress();
    const std::size_t damaged = progress.damaged.size() + source_->samples->damaged().size();
    std::string problem;
    if (damaged > 0)
      problem = fmt::format("{} rows of the recording are damaged and left out: run qdctl verify.", damaged);
    return {progress.share, std::move(problem)};
  }
  const std::lock_guard lock(source_->mutex);
  return source_->loading;
}

}  // namespace qd::console
