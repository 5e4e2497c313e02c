// SPDX-License-Identifier: Apache-2.0
#include "app/cli/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "app/cli/overview.h"

namespace qd::cli {
namespace {

// An agent that is connected but never says that its state is complete is worked with as it is.
constexpr std::int64_t kStateWithin = 5 * kNsPerSecond;

}  // namespace

void Session::Rare::on(const ingest::EnvelopePtr& envelope) {
  const auto& event = envelope->event;
  const bool frequent = std::holds_alternative<ingest::SampleBlock>(event) ||
                        std::holds_alternative<ingest::EntityFrame>(event) ||
                        std::holds_alternative<ingest::FrameBlock>(event);
  if (!frequent) waiter_.wake();
}

Result<> Session::reach(const Globals& globals) {
  for (const Result<link::AgentOverview>& agent : lookAtAll(globals)) {
    if (!agent) return std::unexpected(agent.error());
  }
  return {};
}

Result<std::unique_ptr<Session>> Session::open(const Globals& globals, SessionOptions options) {
  if (!options.reached) {
    if (Result<> reached = reach(globals); !reached) return std::unexpected(reached.error());
  }
  std::unique_ptr<Session> self(new Session());
  self->fanOut_.add(self->directory_);
  self->fanOut_.add(self->registry_);
  if (options.joins) {
    self->fanOut_.add(self->join_);
    self->fanOut_.add(self->rewindJoin_);
  }
  for (ingest::EventSink* sink : options.sinks) self->fanOut_.add(*sink);
  self->fanOut_.add(self->rare_);
  link::ClusterOptions cluster;
  cluster.endpoints = globals.agents;
  cluster.tls = globals.tls;
  cluster.backfill = options.backfill;
  cluster.tier = options.tier;
  cluster.entityFrames = options.entityFrames;
  cluster.onCaughtUp = [raw = self.get()](const AgentId& agent) {
    {
      const std::lock_guard lock(raw->mutex_);
      raw->caughtUp_.insert(agent);
    }
    raw->waiter_.wake();
  };
  self->cluster_ = std::make_unique<link::Cluster>(std::move(cluster), self->fanOut_);
  self->cluster_->start();
  if (options.waitForState) {
    if (Result<> ready = self->waitForState(globals.agents.size()); !ready) return std::unexpected(ready.error());
  }
  return self;
}

Session::~Session() = default;

Result<> Session::waitForState(std::size_t agents) {
  const auto ready = [&] {
    const std::lock_guard lock(mutex_);
    return caughtUp_.size() >= agents;
  };
  const Waiter::Outcome outcome = waiter_.waitFor(kStateWithin, ready);
  if (outcome == Waiter::Outcome::Condition) return {};
  if (outcome == Waiter::Outcome::Interrupted) return fail(ErrorCode::Unavailable, "Interrupted while connecting.");
  for (const link::AgentStatus& status : cluster_->status()) {
    if (status.caughtUp || status.state == ingest::AgentState::Connected) continue;
    return fail(ErrorCode::Unavailable,
                fmt::format("Agent {} went away while connecting{}{}; check its log.", status.agent.value,
                            status.reason.empty() ? "" : ": ", status.reason));
  }
  return {};
}

std::string whoAmI() {
  const char* user = std::getenv("USER");
  char host[256] = {};
  (void)::gethostname(host, sizeof host - 1);
  return fmt::format("{}@{}", user && *user ? user : "qdctl", host);
}

}  // namespace qd::cli
