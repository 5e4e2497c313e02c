// SPDX-License-Identifier: Apache-2.0
#include "core/link/agent_link.h"

#include <fmt/format.h>

#include <chrono>
#include <random>

namespace qd::link {
namespace {

constexpr std::int64_t kDescribeTimeout = 10 * kNsPerSecond;
constexpr std::int64_t kRefusedRetry = 15 * kNsPerSecond;
constexpr std::int64_t kFuture = 86'400 * kNsPerSecond;  // nobody's clock is ahead by more
constexpr std::size_t kMostGroups = 1024;
constexpr std::size_t kMostBreakpoints = 4096;
constexpr std::size_t kMostProcesses = 4096;

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
  for (const auto& context : unary_) context->TryCancel();
  if (subscription_) subscription_->cancel();
  if (clock_) clock_->cancel();
  if (debug_) debug_->cancel();
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
  subscription_ = Subscription::open(*stub_, order, id_, context_.loop, context_.calls, std::move(handlers));
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

// --- entries ---------------------------------------------------------------------------------------------------------

void AgentLink::onEntry(Incoming incoming) {
  backoff_.reset();
  SequenceTracker::Verdict verdict = SequenceTracker::Verdict::New;
  if (incoming.sequence != 0) verdict = sequence_.on(incoming.sequence, incoming.previous);
  {
    const std::lock_guard lock(statusMutex_);
    ++status_.received;
    status_.sequence = sequence_.last();
    if (verdict == SequenceTracker::Verdict::Duplicate) ++status_.duplicates;
  }
  if (verdict == SequenceTracker::Verdict::Duplicate) return;
  if (const auto* error = std::get_if<Error>(&incoming.content)) {
    refuse(error->message);
    return;
  }
  if (std::holds_alternative<CaughtUp>(incoming.content)) {
    caughtUp();
    return;
  }
  auto& envelope = std::get<std::shared_ptr<ingest::Envelope>>(incoming.content);
  if (verdict == SequenceTracker::Verdict::NewAfterGap) {
    const TimeNs until = std::max(ingest::timeOf(envelope->event), newest_);
    emit(ingest::Gap{{},
                     newest_,
                     until,
                     0,
                     fmt::format("Agent {} sent nothing of its entries {} to {}.", endpoint_, sequence_.missingFrom(),
                                 sequence_.missingTo())});
  }
  incoming.sequence == 0 ? onState(std::move(envelope)) : onLogged(std::move(envelope));
}

// What was here before and is neither described nor told of since has gone without anybody seeing it.
void AgentLink::caughtUp() {
  {
    const std::lock_guard lock(statusMutex_);
    status_.caughtUp = true;
  }
  for (auto& [id, info] : processes_) {
    if (info.state == ingest::ProcessState::Gone || described_.contains(id)) continue;
    info.state = ingest::ProcessState::Gone;
    declarations_.learn(info);
    emit(ingest::ProcessChange{info, "The agent does not know it any more."});
  }
  if (context_.options.onCaughtUp) context_.options.onCaughtUp(id_);
}

void AgentLink::onState(std::shared_ptr<ingest::Envelope> envelope) {
  if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope->event)) {
    described_.insert(change->info.id);
    if (remember(change->info)) emit(std::move(envelope));
    return;
  }
  onLogged(std::move(envelope));
}

void AgentLink::onLogged(std::shared_ptr<ingest::Envelope> envelope) {
  if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope->event)) {
    if (envelope->sequence > describedUpTo_) described_.insert(change->info.id);  // it came after the description
  }
  if (!inspect(envelope->event)) return;
  newest_ = std::max(newest_, ingest::timeOf(envelope->event));
  emit(std::move(envelope));
}

// False when it says nothing new, or when the agent names more processes than it can have.
bool AgentLink::remember(const ingest::ProcessInfo& info) {
  if (processes_.size() >= kMostProcesses && !processes_.contains(info.id)) {
    refuse("It names more than 4096 processes.");
    return false;
  }
  const bool news = declarations_.learn(info);
  processes_[info.id] = info;
  return news;
}

// Whether it may pass. Also learns from it what orders are routed by.
bool AgentLink::inspect(ingest::Event& event) {
  if (ingest::timeOf(event) > utcNowNs() + kFuture) {
    refuse("Its time lies more than a day in the future.");
    return false;
  }
  if (auto* change = std::get_if<ingest::ProcessChange>(&event)) {
    if (processes_.size() >= kMostProcesses && !processes_.contains(change->info.id)) return remember(change->info);
    remember(change->info);
  } else if (auto* group = std::get_if<ingest::LinkGroup>(&event)) {
    return admit(groups_, group->id, group->removed, kMostGroups);
  } else if (auto* breakpoint = std::get_if<ingest::Breakpoint>(&event)) {
    return admit(breakpoints_, breakpoint->id, breakpoint->removed, kMostBreakpoints);
  } else if (auto* block = std::get_if<ingest::SampleBlock>(&event)) {
    const std::size_t wrong = declarations_.checkColumns(*block);
    if (wrong > 0) refuse(fmt::format("{} columns of {} contradict its declaration.", wrong, block->process.id.value));
  }
  return true;
}

// Keeps the ids that are in use; refuses more than an agent can mean.
bool AgentLink::admit(std::set<std::string>& ids, const std::string& id, bool removed, std::size_t most) {
  if (removed) ids.erase(id);
  if (removed || ids.contains(id)) return true;
  if (ids.size() >= most) {
    refuse("It has more breakpoints or groups than can be shown.");
    return false;
  }
  ids.insert(id);
  return true;
}

// Counts it; a Gap says so, at most one a second.
void AgentLink::refuse(const std::string& why) {
  ++refusedSinceGap_;
  {
    const std::lock_guard lock(statusMutex_);
    ++status_.refused;
  }
  const std::int64_t now = monotonicNs();
  if (lastRefusalGap_ != 0 && now - lastRefusalGap_ < kNsPerSecond) return;
  lastRefusalGap_ = now;
  const TimeNs time = utcNowNs();
  emit(ingest::Gap{{},
                   time,
                   time,
                   std::exchange(refusedSinceGap_, 0),
                   fmt::format("An entry of agent {} was left out: {}", endpoint_, why)});
}

void AgentLink::emit(std::shared_ptr<ingest::Envelope> envelope) {
  if (envelope->received == 0) envelope->received = utcNowNs();
  if (context_.options.endpoints.size() > 1) {
    context_.ids.qualify(envelope->event, index_);
  }
  context_.sink.on(std::move(envelope));
}

void AgentLink::emit(ingest::Event event) {
  emit(std::make_shared<ingest::Envelope>(ingest::Envelope{id_, 0, 0, std::move(event)}));
}

bool AgentLink::hasServer() const {
  for (const auto& [id, info] : processes_) {
    if (info.kind == ingest::ProcessKind::Server && info.state != ingest::ProcessState::Gone) return true;
  }
  return false;
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
