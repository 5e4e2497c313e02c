// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/session_core.h"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/link/cluster.h"
#include "core/recording/recorder.h"
#include "core/recording/recording.h"
#include "core/recording/replay_source.h"

namespace qd::console {

// Members go in the reverse order: the source stops before the recorder closes.
struct SessionCore::Source {
  std::unique_ptr<recording::Recorder> recorder;
  std::unique_ptr<link::Cluster> cluster;

  std::unique_ptr<recording::Recording> file;
  mutable std::mutex mutex;
  Loading loading;
  std::jthread reader;

  void read(ingest::EventSink& sink, const std::stop_token& stop);
  void note(double share, std::string problem);
};

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

SessionCore::SessionCore(bool isReplay)
    : join(fan), rewindJoin(fan), isReplay_(isReplay), source_(std::make_unique<Source>()) {
  for (ingest::EventSink* sink : std::initializer_list<ingest::EventSink*>{&directory, &store, &log, &world, &params,
                                                                           &breakpoints, &alerts, &join, &rewindJoin}) {
    fan.add(*sink);
  }
}

SessionCore::~SessionCore() {
  source_->reader = {};  // stops and joins
  source_->cluster.reset();
  source_->recorder.reset();
}

Result<std::unique_ptr<SessionCore>> SessionCore::live(const session::Context& context,
                                                       const std::string& recordingPath) {
  link::ClusterOptions options;
  options.endpoints = context.agents;
  options.tls = {context.caFile, context.certFile, context.keyFile, context.serverName};
  if (options.tls.enabled()) {
    if (auto ok = security::check(options.tls); !ok) return std::unexpected(ok.error());
  }
  recording::RecorderOptions recorderOptions;
  recorderOptions.path = recordingPath;
  recorderOptions.program = "quarterdeck " QD_VERSION;
  auto recorder = recording::Recorder::open(std::move(recorderOptions));
  if (!recorder) return std::unexpected(recorder.error());
  std::unique_ptr<SessionCore> core(new SessionCore(false));
  core->source_->recorder = std::move(*recorder);
  core->fan.add(*core->source_->recorder);
  core->source_->cluster = std::make_unique<link::Cluster>(std::move(options), core->fan);
  core->source_->cluster->start();
  return core;
}

Result<std::unique_ptr<SessionCore>> SessionCore::replay(const std::string& path) {
  auto file = recording::Recording::open(path);
  if (!file) return std::unexpected(file.error());
  std::unique_ptr<SessionCore> core(new SessionCore(true));
  Source& source = *core->source_;
  source.file = std::move(*file);
  source.loading.share = 0;
  source.reader = std::jthread([&source, &fan = core->fan](std::stop_token stop) { source.read(fan, stop); });
  return core;
}

control::CommandPort* SessionCore::commands() {
  return source_->cluster.get();
}

std::uint64_t SessionCore::droppedOnTheWay() const {
  return source_->recorder == nullptr ? 0 : source_->recorder->status().dropped;
}

SessionCore::Recording SessionCore::recording() const {
  if (source_->recorder == nullptr) return {};
  const auto status = source_->recorder->status();
  return {source_->recorder->path(), status.fileBytes, status.dropped, status.error};
}

SessionCore::Loading SessionCore::loading() const {
  const std::lock_guard lock(source_->mutex);
  return source_->loading;
}

}  // namespace qd::console
