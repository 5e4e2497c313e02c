// SPDX-License-Identifier: Apache-2.0
// A live session: several agents at once, their events into one sink, orders to the one they concern. Connects by
// itself, and again with backoff when an agent is lost; resumes where it was, without duplicates; what is missing comes
// as a Gap. Who is there comes as AgentChange events (Connecting, Connected, Lost, Refused, each with one sentence).
// Where two agents report the same process id, the later one's is "id@endpoint" everywhere; ids of breakpoints, groups
// and hits are qualified so for every agent but the first. A hostile agent harms no other: what breaks a rule is left
// out and reported as a Gap.
//
// The sink is called on one thread of the cluster's, one call at a time, between start() and the end of the destructor,
// which waits for it (so destroy a cluster on another thread than that).
// CommandPort's calls: any thread; `done` is called on that same thread of the cluster's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/control/command_port.h"
#include "core/ingest/event_sink.h"
#include "core/link/wire/messages.h"
#include "core/security/tls_options.h"

namespace qd::link {

struct ClusterOptions {
  std::vector<std::string> endpoints;  // HOST:PORT
  security::TlsOptions tls;
  Duration backfill{1800 * kNsPerSecond};  // of a first attach
  Tier tier = Tier::Full;
  bool entityFrames = true;
  std::vector<std::string> processGlobs, seriesGlobs;  // empty: all
  // Takes the place of tier and entityFrames at agents that know it (others go by those); see setInterest().
  std::optional<ingest::Interest> interest;
  Duration mostLag;  // further behind than this a live stream leaves samples out and says so; 0: never
  // An agent's backfill is over, what follows is live. On the cluster's thread; may be empty.
  std::function<void(const AgentId&)> onCaughtUp;
};

struct AgentStatus {
  AgentId agent;
  ingest::AgentState state = ingest::AgentState::Connecting;
  std::string reason;
  bool caughtUp = false;
  std::uint64_t sequence = 0;  // newest received
  std::uint64_t received = 0;  // entries
  std::uint64_t refused = 0;   // entries that broke a rule
  std::uint64_t duplicates = 0;
  std::uint64_t bytes = 0;  // of the messages received
  bool tiers = false;       // the subscription has an interest that can be changed
};

class Cluster final : public control::CommandPort {
 public:
  // `sink` outlives the cluster.
  Cluster(ClusterOptions options, ingest::EventSink& sink);
  ~Cluster() override;
  void start();  // once

  std::vector<AgentStatus> status() const;  // any thread

  // Entries `first` to `last` of an agent's log again, as they come to the sink but past it, for who lost them after
  // they came: each to `each`, then `done` once, however it ended (but not after the cluster's end). Both on the
  // cluster's thread. What the agent does not keep any more does not come. Any thread.
  void fetch(const AgentId& agent, std::uint64_t first, std::uint64_t last,
             std::function<void(ingest::EnvelopePtr)> each, std::function<void()> done);
  // What is wanted from here on; what was not before comes from `backfill` ago. At agents that do not know interests
  // nothing changes: they go on sending everything. Any thread; only after options.interest was given.
  void setInterest(ingest::Interest interest, Duration backfill);

  void push(control::PushOrder order, control::PushDone done) override;
  void queryPush(const std::string& pushId, bool settle, control::PushDone done) override;
  void settlePush(control::PushOrder order, Duration within, control::PushDone done) override;
  void runAction(control::ActionOrder order, control::ActionDone done) override;
  void startChange(ingest::ChangePlan plan, control::ChangeDone done) override;
  void orderChange(control::ChangeVerb verb, control::ChangesDone done) override;
  void audit(const std::string& agent, std::uint64_t after, control::AuditDone done) override;
  void shared(const std::string& prefix, control::SharedDone done) override;
  void share(control::SharedWrite write, control::SharedDone done) override;
  void adopt(control::AdoptOrder order, control::AdoptDone done) override;
  void setBreakpoint(control::BreakpointOrder order, control::DebugDone done) override;
  void removeBreakpoint(const std::string& id, control::DebugDone done) override;
  void link(std::vector<ProcessId> members, control::DebugDone done) override;
  void unlink(const std::string& group, control::DebugDone done) override;
  void pause(const std::string& group, control::DebugDone done) override;
  void resume(const std::string& group, control::DebugDone done) override;
  void step(const std::string& group, std::uint32_t ticks, control::DebugDone done) override;
  void resumeOne(const std::string& group, const ProcessId& process, control::DebugDone done) override;
  void stepSource(const std::string& group, const ProcessId& process, control::StepHow how, std::int64_t thread,
                  control::DebugDone done) override;
  void inspect(control::InspectOrder order, control::InspectDone done) override;
  void holdLease(bool hold) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::link
