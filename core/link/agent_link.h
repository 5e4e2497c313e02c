// SPDX-License-Identifier: Apache-2.0
// One agent of a cluster: connects, subscribes, resumes, keeps its clock and its debug stream, and carries orders.
// Everything on the loop, except status(). Ids here are the agent's own; the cluster translates.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/link/backoff.h"
#include "core/link/bidi_stream.h"
#include "core/link/clock_estimator.h"
#include "core/link/cluster.h"
#include "core/link/declarations.h"
#include "core/link/loop.h"
#include "core/link/qualifier.h"
#include "core/link/sequence_tracker.h"
#include "core/link/subscription.h"

namespace qd::link {

// What the links of a cluster share.
struct LinkContext {
  const ClusterOptions& options;
  ingest::EventSink& sink;
  std::shared_ptr<Loop> loop;
  std::shared_ptr<LiveCalls> calls;
  Qualifier ids;
};

class AgentLink {
 public:
  AgentLink(LinkContext& context, std::size_t index);

  void start();
  void shutdown();  // cancels everything; the context's LiveCalls says when it is over

  const AgentId& id() const { return id_; }
  bool connected() const { return state_ == ingest::AgentState::Connected; }
  const std::set<std::string>& groups() const { return groups_; }
  std::optional<ProcessId> firstServer() const;  // by id, as the agent itself chooses
  bool isServer(const ProcessId& id) const;
  std::vector<ProcessId> ownEditors(const ProcessId& server) const;  // of a server of its own
  std::vector<ProcessId> editorsOf(const ProcessId& server) const;   // of one that is at another agent
  bool groupHas(const ProcessId& id) const;                          // whether a group of its has that member
  bool hasSite(const std::string& site) const;
  AgentStatus status() const;  // any thread

  void push(const control::PushOrder& order, control::PushDone done);
  void queryPush(const std::string& pushId, bool settle, control::PushDone done);
  void runAction(const control::ActionOrder& order, control::ActionDone done);
  void startChange(const ingest::ChangePlan& plan, control::ChangeDone done);
  void orderChange(const control::ChangeVerb& verb, control::ChangesDone done);
  void audit(std::uint64_t after, control::AuditDone done);
  void shared(const std::string& prefix, control::SharedDone done);
  void share(const control::SharedWrite& write, control::SharedDone done);
  void adopt(const control::AdoptOrder& order, control::AdoptDone done);
  void debug(control::DebugOrder order, control::DebugDone done);
  void inspect(control::InspectOrder order, control::InspectDone done);
  void holdLease(bool hold);
  // Entries first to last again; `done` once they came, the stream broke, or at once when there is no connection.
  using FetchEach = std::function<void(ingest::EnvelopePtr)>;
  void fetch(std::uint64_t first, std::uint64_t last, FetchEach each, std::function<void()> done);
  void setInterest(Duration backfill);  // to what the options now say

 private:
  struct Fetch;
  using ClockStream = BidiStream<pb::ClockPing, pb::ClockPong>;
  using DebugStream = BidiStream<pb::DebugCommand, pb::DebugEvent>;

  // connecting
  void connect();
  void described(const grpc::Status& status, const pb::DescribeResponse& response);
  void subscribe();
  ingest::Interest interestHere() const;
  void lost(ingest::AgentState state, const std::string& reason);
  void setState(ingest::AgentState state, const std::string& reason);

  // entries
  void onEntry(Incoming incoming);
  void onState(std::shared_ptr<ingest::Envelope> envelope);
  void onLogged(std::shared_ptr<ingest::Envelope> envelope);
  void refuse(const std::string& why);
  bool inspect(ingest::Event& event);
  bool admit(std::set<std::string>& ids, const std::string& id, bool removed, std::size_t most);
  bool remember(const ingest::ProcessInfo& info);
  void caughtUp();
  void emit(std::shared_ptr<ingest::Envelope> envelope);
  void emit(ingest::Event event);

  void onFetched(Fetch& fetch, Incoming incoming);
  void cancelFetches();

  // clock
  void startClock();
  void ping();
  void onPong(const pb::ClockPong& pong, TimeNs received);

  // debug
  bool openDebug();
  void onDebug(const pb::DebugEvent& event);
  void debugOver(const grpc::Status& status);
  void renewLease();

  std::optional<Error> whyNotNow() const;
  template <class Request, class Response, class Start>
  void call(Request request, std::int64_t timeout, Start start,
            std::function<void(const grpc::Status&, const Response&)> done);

  LinkContext& context_;
  const std::size_t index_;
  const std::string endpoint_;
  const AgentId id_;
  ingest::AgentState state_ = ingest::AgentState::Connecting;
  std::string reason_;
  std::string version_, agentId_;
  std::string subscriptionId_;  // of the running subscription; empty: it cannot be changed
  bool knowsInterests_ = false;
  bool closing_ = false;
  std::uint64_t attempt_ = 0;  // what a stream of an earlier attempt reports is ignored
  Backoff backoff_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<pb::Agent::Stub> stub_;
  std::map<grpc::ClientContext*, std::unique_ptr<grpc::ClientContext>> unary_;
  std::shared_ptr<Subscription> subscription_;

  SequenceTracker sequence_;
  Declarations declarations_;
  std::map<ProcessId, ingest::ProcessInfo> processes_;  // as the agent names them; for routing orders
  std::set<ProcessId> described_;                       // there when this attempt began
  std::uint64_t describedUpTo_ = 0;                     // the log's end then
  std::set<std::string> groups_, breakpoints_;
  std::map<std::string, std::set<ProcessId>> members_;  // of its groups
  TimeNs newest_ = 0;                                   // time of the newest entry
  std::uint64_t refusedSinceGap_ = 0;
  std::int64_t lastRefusalGap_ = 0;

  std::set<std::shared_ptr<Fetch>> fetches_;

  std::shared_ptr<ClockStream> clock_;
  ClockEstimator estimator_;
  std::uint64_t clockWindows_ = 0;

  std::shared_ptr<DebugStream> debug_;
  bool debugRefused_ = false;
  bool holding_ = false;
  std::uint64_t leaseRound_ = 0;
  std::uint64_t nextRequest_ = 1;
  using Replied = std::function<void(Result<control::DebugReply>)>;
  void request(control::DebugOrder order, Replied done);
  std::map<std::uint64_t, Replied> requests_;

  mutable std::mutex statusMutex_;
  AgentStatus status_;
};

template <class Request, class Response, class Start>
void AgentLink::call(Request request, std::int64_t timeout, Start start,
                     std::function<void(const grpc::Status&, const Response&)> done) {
  struct Call {
    Request request;
    Response response;
  };
  auto messages = std::make_shared<Call>(Call{std::move(request), {}});
  auto owned = std::make_unique<grpc::ClientContext>();
  grpc::ClientContext* context = owned.get();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::nanoseconds(timeout));
  unary_.emplace(context, std::move(owned));
  context_.calls->add();
  // The context ends on the loop: it holds the channel, and gRPC must not see its last channel go on a thread of its
  // own.
  start(context, &messages->request, &messages->response,
        [this, loop = context_.loop, messages, context, done](grpc::Status status) {
          loop->post([this, messages, context, done, status] {
            unary_.erase(context);
            done(status, messages->response);
            context_.calls->done();
          });
        });
}

}  // namespace qd::link
