// SPDX-License-Identifier: Apache-2.0
// The orders of an AgentLink: pushes, actions, and the debug stream with its lease.
#include <fmt/format.h>

#include "core/link/agent_link.h"

namespace qd::link {
namespace {

constexpr std::int64_t kGrace = 2 * kNsPerSecond;  // beyond the agent's own deadline
constexpr std::int64_t kRenewEvery = kNsPerSecond;
constexpr std::int64_t kDebugTimeout = 15 * kNsPerSecond;
constexpr std::size_t kMostRequests = 256;

ingest::PushResult resultFor(const control::PushOrder& order, const ProcessId& target, ingest::PushStatus status,
                             const std::string& reason) {
  ingest::PushResult out;
  out.pushId = order.pushId;
  out.process.id = target;
  out.status = status;
  out.time = utcNowNs();
  out.who = order.who;
  out.comment = order.comment;
  out.reason = reason;
  return out;
}

std::vector<ingest::PushResult> read(const pb::PushResponse& response) {
  std::vector<ingest::PushResult> out;
  for (const pb::PushResult& result : response.results()) {
    if (auto read = fromProto(result)) out.push_back(std::move(*read));
  }
  return out;
}

// One result a target whatever the agent sent.
std::vector<ingest::PushResult> complete(std::vector<ingest::PushResult> got, const control::PushOrder& order,
                                         ingest::PushStatus status, const std::string& reason) {
  std::vector<ingest::PushResult> out;
  for (const ProcessId& target : order.targets) {
    const auto it = std::find_if(got.begin(), got.end(), [&](const auto& r) { return r.process.id == target; });
    out.push_back(it != got.end() ? *it : resultFor(order, target, status, reason));
  }
  return out;
}

// Statuses with which nothing was applied for certain.
bool notDone(grpc::StatusCode code) {
  return code == grpc::StatusCode::PERMISSION_DENIED || code == grpc::StatusCode::UNAUTHENTICATED ||
         code == grpc::StatusCode::UNIMPLEMENTED || code == grpc::StatusCode::INVALID_ARGUMENT ||
         code == grpc::StatusCode::FAILED_PRECONDITION;
}

std::unexpected<Error> notConnected(const std::string& endpoint, const std::string& reason) {
  return fail(ErrorCode::Unavailable,
              reason.empty() ? fmt::format("Agent {} is not connected yet.", endpoint) : reason);
}

}  // namespace

void AgentLink::push(const control::PushOrder& order, control::PushDone done) {
  if (!connected()) {
    const std::string why = notConnected(endpoint_, reason_).error().message;
    done(complete({}, order, ingest::PushStatus::Rejected, why));
    return;
  }
  pb::PushRequest request;
  toProto(order, request);
  call<pb::PushRequest, pb::PushResponse>(
      std::move(request), order.timeout.ns + kGrace,
      [this](auto* context, auto* message, auto* response, auto finished) {
        stub_->async()->Push(context, message, response, std::move(finished));
      },
      [this, order, done](const grpc::Status& status, const pb::PushResponse& response) {
        if (status.ok()) {
          done(complete(read(response), order, ingest::PushStatus::Unknown, "The agent gave no result for it."));
          return;
        }
        const auto outcome = notDone(status.error_code()) ? ingest::PushStatus::Rejected : ingest::PushStatus::Unknown;
        done(complete({}, order, outcome, toError(status, endpoint_).message));
      });
}

void AgentLink::queryPush(const std::string& pushId, bool settle, control::PushDone done) {
  if (!connected()) {
    done(notConnected(endpoint_, reason_));
    return;
  }
  pb::GetPushRequest request;
  request.set_push_id(pushId);
  request.set_settle(settle);
  call<pb::GetPushRequest, pb::PushResponse>(
      std::move(request), 5 * kNsPerSecond,
      [this](auto* context, auto* message, auto* response, auto finished) {
        stub_->async()->GetPush(context, message, response, std::move(finished));
      },
      [this, done](const grpc::Status& status, const pb::PushResponse& response) {
        if (status.ok()) {
          done(read(response));
        } else {
          done(std::unexpected(toError(status, endpoint_)));
        }
      });
}

void AgentLink::runAction(const control::ActionOrder& order, control::ActionDone done) {
  if (!connected()) {
    done(notConnected(endpoint_, reason_));
    return;
  }
  pb::RunActionRequest request;
  toProto(order, request);
  call<pb::RunActionRequest, pb::RunActionResponse>(
      std::move(request), order.timeout.ns + kGrace,
      [this](auto* context, auto* message, auto* response, auto finished) {
        stub_->async()->RunAction(context, message, response, std::move(finished));
      },
      [this, done](const grpc::Status& status, const pb::RunActionResponse& response) {
        if (status.ok()) {
          done(fromProto(response.result()));
        } else {
          done(std::unexpected(toError(status, endpoint_)));
        }
      });
}

// --- debug stream ----------------------------------------------------------------------------------------------------

bool AgentLink::openDebug() {
  if (debug_) return true;
  if (!connected() || closing_) return false;
  DebugStream::Handlers handlers;
  handlers.message = [this](const pb::DebugEvent& event, TimeNs) { onDebug(event); };
  handlers.over = [this](const grpc::Status& status) { debugOver(status); };
  debug_ = DebugStream::open([this](auto* context, auto* reactor) { stub_->async()->Debug(context, reactor); },
                             context_.loop, context_.calls, std::move(handlers));
  return true;
}

void AgentLink::debug(control::DebugOrder order, control::DebugDone done) {
  request(std::move(order), [this, done = std::move(done)](Result<control::DebugReply> reply) {
    if (!reply) return done(std::unexpected(reply.error()));
    done(context_.ids.debugId(reply->id, index_));
  });
}

void AgentLink::inspect(control::InspectOrder order, control::InspectDone done) {
  request(std::move(order), [this, done = std::move(done)](Result<control::DebugReply> reply) {
    if (!reply) return done(std::unexpected(reply.error()));
    if (reply->inspected) return done(*reply->inspected);
    done(fail(ErrorCode::Unsupported, fmt::format("Agent {} shows nothing of a stop; update it.", endpoint_)));
  });
}

void AgentLink::request(control::DebugOrder order, Replied done) {
  if (!openDebug()) {
    done(notConnected(endpoint_, reason_));
    return;
  }
  const std::uint64_t id = nextRequest_++;
  pb::DebugCommand message;
  toProto(control::DebugRequest{id, std::move(order)}, message);
  if (requests_.size() >= kMostRequests || !debug_->send(std::move(message))) {
    done(fail(ErrorCode::Exhausted, fmt::format("Too many orders wait for agent {}; try again later.", endpoint_)));
    return;
  }
  requests_.emplace(id, std::move(done));
  context_.loop->after(kDebugTimeout, [this, id] {
    auto late = requests_.extract(id);
    if (!late.empty()) {
      late.mapped()(fail(ErrorCode::Timeout, fmt::format("Agent {} did not answer the order in 15 s.", endpoint_)));
    }
  });
}

// Breakpoints, groups and hits come with the subscription, in order with everything else; here only replies count.
void AgentLink::onDebug(const pb::DebugEvent& event) {
  if (event.event_case() != pb::DebugEvent::kReply) return;
  const auto update = fromProto(event);
  if (!update) return;
  const auto& reply = std::get<control::DebugReply>(*update);
  auto request = requests_.extract(reply.requestId);
  if (request.empty()) return;
  if (reply.ok) {
    request.mapped()(reply);
  } else {
    request.mapped()(fail(ErrorCode::Conflict, reply.error.empty() ? "The agent refused the order." : reply.error));
  }
}

void AgentLink::debugOver(const grpc::Status& status) {
  debug_ = nullptr;
  debugRefused_ = notDone(status.error_code());
  const Error error = status.ok()
                          ? Error{ErrorCode::Unavailable, fmt::format("Agent {} ended the debug stream.", endpoint_)}
                          : toError(status, endpoint_);
  for (auto& [id, done] : std::exchange(requests_, {})) done(std::unexpected(error));
  if (!holding_ || debugRefused_ || closing_) return;
  context_.loop->after(kNsPerSecond, [this] {
    if (holding_ && !debug_) renewLease();
  });
}

void AgentLink::holdLease(bool hold) {
  if (hold == holding_) return;
  holding_ = hold;
  if (hold) renewLease();
}

void AgentLink::renewLease() {
  const std::uint64_t round = ++leaseRound_;
  if (!holding_ || closing_) return;
  if (!debugRefused_ && openDebug()) {
    pb::DebugCommand message;
    toProto(control::DebugRequest{nextRequest_++, control::RenewLeaseOrder{}}, message);
    debug_->send(std::move(message));
  }
  context_.loop->after(kRenewEvery, [this, round] {
    if (round == leaseRound_) renewLease();
  });
}

}  // namespace qd::link
