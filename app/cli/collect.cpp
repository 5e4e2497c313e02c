// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <optional>

#include "app/cli/coverage.h"
#include "app/cli/interrupt.h"
#include "app/cli/overview.h"
#include "core/link/cluster.h"
#include "core/netcode/interp_join.h"
#include "core/recording/copy_out.h"

namespace qd::cli {
namespace {

// A backfill in which nothing comes for so long will not come.
constexpr std::int64_t kPatience = 30 * kNsPerSecond;

struct Options {
  std::string out;
  Duration last{30 * 60 * kNsPerSecond};
};

// Writes on the cluster's thread, which therefore reads no faster than the disk takes: nothing is dropped.
class FileSink final : public ingest::EventSink {
 public:
  explicit FileSink(recording::CopyOut out) : out_(std::move(out)) {}
  void on(const ingest::EnvelopePtr& envelope) override {
    if (!failure_) {
      const Result<> done = out_.put(envelope);
      if (!done) failure_ = done.error();
    }
  }
  // After the cluster is gone.
  Result<> finish() { return failure_ ? std::unexpected(*failure_) : out_.finish(); }
  std::uint64_t points() const { return out_.points(); }

 private:
  recording::CopyOut out_;
  std::optional<Error> failure_;
};

// The agents that answer; the others are noted as missing.
Result<std::vector<std::string>> reachable(const Globals& globals, Coverage& coverage) {
  std::vector<std::string> out;
  std::optional<Error> first;
  const auto all = lookAtAll(globals);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i]) {
      out.push_back(globals.agents[i]);
      continue;
    }
    if (!first) first = all[i].error();
    coverage.miss({AgentId(globals.agents[i]), {}, 0, 0, all[i].error().message, true});
  }
  if (out.empty() && first) return std::unexpected(*first);
  return out;
}

// Until every agent's flight recorder is read, or an agent is lost or silent.
void waitForAll(Waiter& waiter, const link::Cluster& cluster, Coverage& coverage) {
  std::map<AgentId, bool> over;
  std::uint64_t received = 0;
  const auto look = [&] {
    std::uint64_t now = 0;
    bool all = true;
    for (const link::AgentStatus& status : cluster.status()) {
      now += status.received;
      const bool lost = status.state == ingest::AgentState::Lost || status.state == ingest::AgentState::Refused;
      if (lost && !status.caughtUp && !over[status.agent]) {
        over[status.agent] = true;
        coverage.miss(
            {status.agent, {}, 0, 0, "it was lost while its flight recorder was read: " + status.reason, true});
      }
      all = all && (status.caughtUp || over[status.agent]);
    }
    received = now;
    return all;
  };
  while (true) {
    const std::uint64_t before = received;
    switch (waiter.waitFor(kPatience, look)) {
      case Waiter::Outcome::Condition:
        return;
      case Waiter::Outcome::Interrupted:
        coverage.miss({{}, {}, 0, 0, "interrupted before everything was read", true});
        return;
      case Waiter::Outcome::Deadline:
        break;
    }
    if (received != before) continue;
    for (const link::AgentStatus& status : cluster.status()) {
      if (status.caughtUp || over[status.agent]) continue;
      coverage.miss({status.agent, {}, 0, 0, "nothing more came from it, and it did not say that this was all", true});
    }
    return;
  }
}

int report(const Options& options, const Globals& globals, const Coverage& coverage, std::uint64_t points) {
  if (globals.json) {
    printJson(Json{{"file", options.out},
                   {"points", points},
                   {"complete", coverage.isComplete()},
                   {"agents", coverage.agentsJson()},
                   {"missing", coverage.missingJson()}});
  } else {
    print(fmt::format("{}: {} points\n", options.out, points));
    for (const Missing& missing : coverage.missing()) print("missing: " + describe(missing) + "\n");
    if (coverage.missing().empty()) print("nothing is missing\n");
  }
  const auto failed = coverage.failures();
  if (failed == 0) return 0;
  complain(fmt::format("{} of {} agents could not be read whole; {} has what the others had.", failed,
                       globals.agents.size(), options.out));
  return 1;
}

Result<int> run(const Options& options, const Globals& globals) {
  Coverage coverage(utcNowNs() - options.last.ns);
  const auto agents = reachable(globals, coverage);
  if (!agents) return std::unexpected(agents.error());
  Result<recording::CopyOut> out = recording::CopyOut::create(options.out, fmt::format("qdctl {}", QD_VERSION));
  if (!out) return std::unexpected(out.error());
  FileSink file(std::move(*out));
  Waiter waiter;
  {
    ingest::FanOut fan;
    netcode::InterpJoin join(fan);
    for (ingest::EventSink* sink : {static_cast<ingest::EventSink*>(&coverage), static_cast<ingest::EventSink*>(&join),
                                    static_cast<ingest::EventSink*>(&file)}) {
      fan.add(*sink);
    }
    link::ClusterOptions cluster;
    cluster.endpoints = *agents;
    cluster.tls = globals.tls;
    cluster.backfill = options.last;
    cluster.onCaughtUp = [&waiter](const AgentId&) { waiter.wake(); };
    coverage.onAgentChange = [&waiter] { waiter.wake(); };
    link::Cluster link(std::move(cluster), fan);
    link.start();
    waitForAll(waiter, link, coverage);
  }
  if (Result<> done = file.finish(); !done) return std::unexpected(done.error());
  coverage.end();
  return report(options, globals, coverage, file.points());
}

}  // namespace

void addCollect(Program& program) {
  CLI::App* verb = program.verb(
      "collect", "What the flight recorders of all agents hold, at full rate, in one file; says what is missing");
  auto options = std::make_shared<Options>();
  verb->add_option("--out", options->out, "file to create (.qdrec)")->required();
  addDuration(verb, "--last", options->last, "how far back (default 30m)");
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
