// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "app/cli/session.h"
#include "core/recording/recorder.h"

namespace qd::cli {
namespace {

struct Options {
  std::string out;
  std::optional<Duration> length;
  Duration backfill;
};

using State = recording::RecorderStatus::State;

// The recorder's failure wakes whoever waits, once there is somebody.
struct Alarm {
  std::mutex mutex;
  Waiter* waiter = nullptr;
  void set(Waiter* to) {
    const std::lock_guard lock(mutex);
    waiter = to;
  }
  void ring() {
    const std::lock_guard lock(mutex);
    if (waiter != nullptr) waiter->wake();
  }
};

// What the recorder's queue had no room for comes again from the agents, while there is a session.
struct Refill {
  std::mutex mutex;
  link::Cluster* from = nullptr;
  recording::Recorder* to = nullptr;
  void set(link::Cluster* cluster, recording::Recorder* recorder) {
    const std::lock_guard lock(mutex);
    from = cluster;
    to = recorder;
  }
  void ask(const std::vector<recording::MissingRange>& ranges) {
    const std::lock_guard lock(mutex);
    if (from == nullptr) return;
    for (const recording::MissingRange& range : ranges) {
      from->fetch(
          range.agent, range.first, range.last, [to = to](const ingest::EnvelopePtr& e) { to->refill(e); },
          [to = to, agent = range.agent] { to->refilled(agent); });
    }
  }
};

// Until the time is over (from when every agent has begun to send), Ctrl-C, or the disk refuses.
void waitForTheEnd(Session& session, const recording::Recorder& recorder, const Options& options) {
  const auto failed = [&] { return recorder.status().state == State::Failed; };
  const auto begun = [&] {
    for (const link::AgentStatus& agent : session.cluster().status()) {
      if (agent.state == ingest::AgentState::Connecting) return false;
    }
    return true;
  };
  const auto outcome = session.waiter().waitFor(5 * kNsPerSecond, [&] { return failed() || begun(); });
  if (outcome == Waiter::Outcome::Interrupted || failed()) return;
  std::optional<std::int64_t> deadline;
  if (options.length) deadline = monotonicNs() + options.length->ns;
  (void)session.waiter().wait(failed, deadline);
}

Result<int> run(const Options& options, const Globals& globals) {
  // An agent that cannot be reached leaves no empty file behind.
  if (Result<> reached = Session::reach(globals); !reached) return std::unexpected(reached.error());
  Alarm alarm;
  Refill refill;
  recording::RecorderOptions file;
  file.path = options.out;
  file.program = fmt::format("qdctl {}", QD_VERSION);
  file.onFailure = [&alarm](const Error&) { alarm.ring(); };
  file.onMissing = [&refill](const auto& ranges) { refill.ask(ranges); };
  const Result<std::unique_ptr<recording::Recorder>> recorder = recording::Recorder::open(file);
  if (!recorder) return std::unexpected(recorder.error());
  {
    SessionOptions live;
    live.tier = link::Tier::Full;
    live.backfill = options.backfill;
    live.entityFrames = true;
    live.joins = true;
    live.sinks = {recorder->get()};
    live.waitForState = false;
    live.reached = true;
    const Result<std::unique_ptr<Session>> session = Session::open(globals, live);
    if (!session) return std::unexpected(session.error());
    alarm.set(&(*session)->waiter());
    refill.set(&(*session)->cluster(), recorder->get());
    waitForTheEnd(**session, **recorder, options);
    alarm.set(nullptr);
    refill.set(nullptr, nullptr);
  }
  if (Result<> closed = (*recorder)->close(); !closed) return std::unexpected(closed.error());
  const recording::RecorderStatus status = (*recorder)->status();
  if (globals.json) {
    printJson(Json{{"file", options.out},
                   {"points", status.points},
                   {"envelopes", status.envelopes},
                   {"bytes", status.fileBytes},
                   {"dropped", status.dropped},
                   {"refilled", status.refilled},
                   {"complete", true}});
  } else {
    print(fmt::format("{}: {} points, {} bytes\n", options.out, status.points, status.fileBytes));
  }
  return 0;
}

}  // namespace

void addRecord(Program& program) {
  CLI::App* verb = program.verb("record", "Records everything into one file; Ctrl-C closes it cleanly");
  auto options = std::make_shared<Options>();
  auto length = std::make_shared<Duration>();
  verb->add_option("--out", options->out, "file to create (.qdrec)")->required();
  CLI::Option* forOption = addDuration(verb, "--for", *length, "how long (default: until Ctrl-C)");
  addDuration(verb, "--backfill", options->backfill, "begin with what the agents have of that long ago (default none)");
  program.onRun(verb, [options, length, forOption](const Globals& globals) {
    if (forOption->count() > 0) options->length = *length;
    return run(*options, globals);
  });
}

}  // namespace qd::cli
