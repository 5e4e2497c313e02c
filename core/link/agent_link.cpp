// SPDX-License-Identifier: Apache-2.0
#include "core/link/agent_link.h"

#include <fmt/format.h>

#include <chrono>
#include <random>

namespace qd::link {
namespace {

constexpr std::int64_t kDescribeTimeout = 10 * kNsPerSecond;
constexpr std::int64_t kRefusedRetry = 15 * kNsPerSecond;

bool isRefusal(grpc::StatusCode code) {
  return code == grpc::StatusCode::PERMISSION_DENIED || code == grpc::StatusCode::UNAUTHENTICATED ||
         code == grpc::StatusCode::UNIMPLEMENTED;
}

}  // namespace

AgentLink::AgentLink(LinkContext& context, std::size_t index)
    : context_(context),
      index_(index),
      endpoint_(context.options.endpoints[index]),
      id_(endpoint_),
      backoff_(std::random_device{}() + index) {
  status_.agent = id_;
}

void AgentLink::start() {
  emit(ingest::AgentChange{state_, endpoint_, "", ""});
  auto channel = openChannel(endpoint_, context_.options.tls);
  if (!channel) {
    setState(ingest::AgentState::Refused, channel.error().message);
    return;
  }
  channel_ = std::move(*channel);
  stub_ = pb::Agent::NewStub(channel_);
  connect();
}

void AgentLink::shutdown() {
  closing_ = true;
  ++attempt_;
  for (const auto& [context, owned] : unary_) context->TryCancel();
  if (subscription_) subscription_->cancel();
  if (clock_) clock_->cancel();
  if (debug_) debug_->cancel();
  cancelFetches();
}

AgentStatus AgentLink::status() const {
  const std::lock_guard lock(statusMutex_);
  return status_;
}

void AgentLink::connect() {
  if (closing_) return;
  const std::uint64_t attempt = ++attempt_;
  call<pb::DescribeRequest, pb::DescribeResponse>(
      {}, kDescribeTimeout,
      [this](auto* context, auto* request, auto* response, auto done) {
        stub_->async()->Describe(context, request, response, std::move(done));
      },
      [this, attempt](const grpc::Status& status, const pb::DescribeResponse& response) {
        if (attempt == attempt_) described(status, response);
      });
}

void AgentLink::described(const grpc::Status& status, const pb::DescribeResponse& response) {
  if (!status.ok()) {
    const auto state = isRefusal(status.error_code()) ? ingest::AgentState::Refused : ingest::AgentState::Lost;
    lost(state, toError(status, endpoint_).message);
    return;
  }
  auto description = fromProto(response);
  if (!description) {
    lost(ingest::AgentState::Refused, description.error().message);
    return;
  }
  version_ = description->version;
  if (description->agentId != agentId_ || agentId_.empty()) sequence_.reset();
  agentId_ = description->agentId;
  debugRefused_ = false;
  knowsInterests_ = description->interests;
  setState(ingest::AgentState::Connected, "");
  describedUpTo_ = description->logLast;
  described_.clear();
  for (ingest::ProcessInfo& info : description->processes) {
    described_.insert(info.id);
    onState(std::make_shared<ingest::Envelope>(
        ingest::Envelope{id_, 0, 0, ingest::ProcessChange{std::move(info), std::string()}}));
  }
  for (ingest::ParameterChange& change : description->parameters) {
    onState(std::make_shared<ingest::Envelope>(ingest::Envelope{id_, 0, 0, std::move(change)}));
  }
  subscribe();
  startClock();
  if (holding_) renewLease();
}

void AgentLink::subscribe() {
  const ClusterOptions& options = context_.options;
  SubscribeOrder order;
  order.processGlobs = options.processGlobs;
  order.seriesGlobs = options.seriesGlobs;
  order.tier = options.tier;
  order.entityFrames = options.entityFrames;
  order.after = sequence_.last();
  order.agentId = agentId_;
  order.backfill = options.backfill;
  subscriptionId_.clear();
  if (options.interest && knowsInterests_) {
    subscriptionId_ = control::newPushId();  // as good an id as any: random and unique
    order.subscriptionId = subscriptionId_;
    order.interest = interestHere();
    order.mostLag = options.mostLag;
  }
  {
    const std::lock_guard lock(statusMutex_);
    status_.tiers = !subscriptionId_.empty();
  }
  const std::uint64_t attempt = attempt_;
  Subscription::Handlers handlers;
  handlers.entry = [this, attempt](Incoming incoming) {
    if (attempt == attempt_) onEntry(std::move(incoming));
  };
  handlers.over = [this, attempt](const grpc::Status& status) {
    if (attempt != attempt_) return;
    const auto state = isRefusal(status.error_code()) ? ingest::AgentState::Refused : ingest::AgentState::Lost;
    lost(state, status.ok() ? fmt::format("Agent {} ended the stream; connecting again.", endpoint_)
                            : toError(status, endpoint_).message);
  };
  subscription_ = Subscription::open(channel_, order, id_, context_.loop, context_.calls, std::move(handlers));
}

// As this agent names its processes.
ingest::Interest AgentLink::interestHere() const {
  ingest::Interest out = *context_.options.interest;
  if (context_.options.endpoints.size() < 2) return out;
  const auto rename = [this](std::vector<std::string>& globs) {
    if (globs.empty()) return false;
    std::erase_if(globs, [this](std::string& glob) {
      const auto at = glob.find('@');
      if (at == std::string::npos) return false;
      const bool mine = glob.substr(at + 1) == endpoint_;
      glob.resize(at);
      return !mine;
    });
    return globs.empty();  // none of them is of this agent
  };
  std::erase_if(out.full, [&](ingest::Selector& selector) { return rename(selector.processGlobs); });
  rename(out.poseGlobs);
  return out;
}

void AgentLink::setInterest(Duration backfill) {
  if (!connected() || subscriptionId_.empty() || !context_.options.interest) return;
  InterestOrder order{subscriptionId_, interestHere(), backfill};
  pb::UpdateInterestRequest request;
  toProto(order, request);
  call<pb::UpdateInterestRequest, pb::UpdateInterestResponse>(
      std::move(request), kDescribeTimeout,
      [this](auto* context, auto* from, auto* response, auto done) {
        stub_->async()->UpdateInterest(context, from, response, std::move(done));
      },
      [](const grpc::Status&, const pb::UpdateInterestResponse&) {});  // a stream that broke asks again by itself
}

// Ends this attempt and plans the next.
void AgentLink::lost(ingest::AgentState state, const std::string& reason) {
  const std::uint64_t attempt = ++attempt_;
  if (subscription_) subscription_->cancel();
  if (clock_) clock_->cancel();
  if (debug_) debug_->cancel();
  subscription_ = nullptr;
  clock_ = nullptr;
  if (closing_) return;
  setState(state, reason);
  const std::int64_t wait = state == ingest::AgentState::Refused ? kRefusedRetry : backoff_.next();
  context_.loop->after(wait, [this, attempt] {
    if (attempt == attempt_) connect();
  });
}

void AgentLink::setState(ingest::AgentState state, const std::string& reason) {
  const bool news = state != state_ || reason != reason_;
  state_ = state;
  reason_ = reason;
  {
    const std::lock_guard lock(statusMutex_);
    status_.state = state;
    status_.reason = reason;
    if (state != ingest::AgentState::Connected) status_.caughtUp = false;
  }
  if (news && !closing_) emit(ingest::AgentChange{state, endpoint_, version_, reason});
}

std::optional<ProcessId> AgentLink::firstServer() const {
  for (const auto& [id, info] : processes_) {
    if (info.kind == ingest::ProcessKind::Server && info.state != ingest::ProcessState::Gone) return id;
  }
  return std::nullopt;
}

bool AgentLink::isServer(const ProcessId& id) const {
  const auto it = processes_.find(id);
  return it != processes_.end() && it->second.kind == ingest::ProcessKind::Server;
}

std::vector<ProcessId> AgentLink::editorsOf(const ProcessId& server) const {
  const auto own = processes_.find(server);  // of the same name: its editors are meant for that one
  if (own != processes_.end() && own->second.state != ingest::ProcessState::Gone) return {};
  return ownEditors(server);
}

std::vector<ProcessId> AgentLink::ownEditors(const ProcessId& server) const {
  std::vector<ProcessId> out;
  for (const auto& [id, info] : processes_) {
    const bool here = info.kind == ingest::ProcessKind::Editor && info.state != ingest::ProcessState::Gone;
    if (here && info.domain == server.value) out.push_back(id);
  }
  return out;
}

bool AgentLink::groupHas(const ProcessId& id) const {
  return std::any_of(members_.begin(), members_.end(), [&](const auto& group) { return group.second.contains(id); });
}

bool AgentLink::hasSite(const std::string& site) const {
  for (const auto& [id, info] : processes_) {
    for (const ingest::SiteInfo& known : info.sites) {
      if (known.name == site) return true;
    }
  }
  return false;
}

// --- clock -----------------------------------------------------------------------------------------------------------

void AgentLink::startClock() {
  const std::uint64_t attempt = attempt_;
  clockWindows_ = 0;
  estimator_ = {};
  ClockStream::Handlers handlers;
  handlers.message = [this, attempt](const pb::ClockPong& pong, TimeNs received) {
    if (attempt == attempt_) onPong(pong, received);
  };
  handlers.over = [this, attempt](const grpc::Status&) {
    if (attempt == attempt_) clock_ = nullptr;  // an agent without SyncClock is still an agent
  };
  clock_ = ClockStream::open([this](auto* context, auto* reactor) { stub_->async()->SyncClock(context, reactor); },
                             context_.loop, context_.calls, std::move(handlers));
  ping();
}

void AgentLink::ping() {
  pb::ClockPing message;
  message.set_client_send_ns(utcNowNs());
  if (clock_) clock_->send(std::move(message));
}

// Windows of eight exchanges, one a second at first, later one in ten seconds.
void AgentLink::onPong(const pb::ClockPong& pong, TimeNs received) {
  constexpr int kWindow = 8;
  constexpr std::int64_t kWithin = 20 * kNsPerMs;
  estimator_.add(pong.client_send_ns(), pong.agent_receive_ns(), pong.agent_send_ns(), received);
  std::int64_t wait = kWithin;
  if (estimator_.size() >= kWindow) {
    if (auto sample = estimator_.take(received)) emit(*sample);
    ++clockWindows_;
    wait = clockWindows_ < 10 ? kNsPerSecond : 10 * kNsPerSecond;
  }
  context_.loop->after(wait, [this, attempt = attempt_] {
    if (attempt == attempt_) ping();
  });
}

}  // namespace qd::link
