// SPDX-License-Identifier: Apache-2.0
// The unary calls.
#include "core/serve/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/link/wire/convert.h"

namespace qd::serve {
namespace {

namespace pb = quarterdeck::v1;
using security::Role;

grpc::ServerUnaryReactor* answer(grpc::CallbackServerContext* context, grpc::Status status) {
  auto* reactor = context->DefaultReactor();
  reactor->Finish(std::move(status));
  return reactor;
}

Duration reasonable(Duration timeout) {
  constexpr Duration kDefault{5 * kNsPerSecond}, kLongest{300 * kNsPerSecond};
  return timeout.ns <= 0 ? kDefault : std::min(timeout, kLongest);
}

bool isFinite(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return std::isfinite(*number);
  if (const auto* vector = std::get_if<Vector>(&value)) {
    for (const double element : *vector) {
      if (!std::isfinite(element)) return false;
    }
  }
  return true;
}

Result<> checkPush(const control::PushOrder& order) {
  if (order.pushId.empty() || order.pushId.size() > 64) {
    return fail(ErrorCode::InvalidArgument, "A push needs an id of 1 to 64 bytes, unique to it.");
  }
  if (order.targets.empty()) return fail(ErrorCode::InvalidArgument, "The push names no process.");
  if (order.assignments.empty()) return fail(ErrorCode::InvalidArgument, "The push sets no parameter.");
  if (order.assignments.size() > 1024) return fail(ErrorCode::InvalidArgument, "A push sets at most 1024 parameters.");
  for (const auto& assignment : order.assignments) {
    if (!isFinite(assignment.value)) {
      return fail(ErrorCode::InvalidArgument, fmt::format("The value for {} is not a finite number.", assignment.name));
    }
    if (std::holds_alternative<std::monostate>(assignment.value)) {
      return fail(ErrorCode::InvalidArgument, fmt::format("There is no value for {}.", assignment.name));
    }
  }
  return {};
}

void fillPush(const Result<std::vector<ingest::PushResult>>& results, pb::PushResponse* response,
              grpc::ServerUnaryReactor* reactor) {
  if (!results) {
    reactor->Finish(statusOf(results.error()));
    return;
  }
  for (const auto& result : *results) link::toProto(result, *response->add_results());
  reactor->Finish(grpc::Status::OK);
}

}  // namespace

grpc::ServerUnaryReactor* Service::Describe(grpc::CallbackServerContext* context, const pb::DescribeRequest*,
                                            pb::DescribeResponse* response) {
  if (auto status = access_.check(*context, Role::Viewer); !status.ok()) return answer(context, status);
  Snapshot snapshot = backend_.snapshot();
  link::AgentDescription description;
  description.version = std::move(snapshot.version);
  description.now = backend_.now();
  description.processes = std::move(snapshot.processes);
  description.parameters = std::move(snapshot.parameters);
  description.logFirst = snapshot.logFirst;
  description.logLast = snapshot.logLast;
  description.agentId = std::move(snapshot.agentId);
  description.interests = true;
  link::toProto(description, *response);
  return answer(context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* Service::Push(grpc::CallbackServerContext* context, const pb::PushRequest* request,
                                        pb::PushResponse* response) {
  if (auto status = access_.check(*context, Role::Operator); !status.ok()) return answer(context, status);
  auto order = link::fromProto(*request);
  if (!order) return answer(context, badRequest(order.error()));
  if (auto checked = checkPush(*order); !checked) return answer(context, statusOf(checked.error()));
  order->who = access_.who(*context, order->who);
  order->from = context->peer();
  order->timeout = reasonable(order->timeout);
  auto* reactor = context->DefaultReactor();
  backend_.push(std::move(*order), [response, reactor](auto results) { fillPush(results, response, reactor); });
  return reactor;
}

grpc::ServerUnaryReactor* Service::GetPush(grpc::CallbackServerContext* context, const pb::GetPushRequest* request,
                                           pb::PushResponse* response) {
  const Role needed = request->settle() ? Role::Operator : Role::Viewer;
  if (auto status = access_.check(*context, needed); !status.ok()) return answer(context, status);
  if (request->push_id().empty() || request->push_id().size() > 64) {
    return answer(context, {grpc::StatusCode::INVALID_ARGUMENT, "A push id has 1 to 64 bytes."});
  }
  auto* reactor = context->DefaultReactor();
  backend_.queryPush(request->push_id(), request->settle(),
                     [response, reactor](auto results) { fillPush(results, response, reactor); });
  return reactor;
}

grpc::ServerUnaryReactor* Service::RunAction(grpc::CallbackServerContext* context, const pb::RunActionRequest* request,
                                             pb::RunActionResponse* response) {
  if (auto status = access_.check(*context, Role::Operator); !status.ok()) return answer(context, status);
  auto order = link::fromProto(*request);
  if (!order) return answer(context, badRequest(order.error()));
  if (order->actionId.empty() || order->actionId.size() > 64 || order->name.empty()) {
    return answer(context, {grpc::StatusCode::INVALID_ARGUMENT,
                            "An action needs its name and an id of 1 to 64 bytes, unique to this run."});
  }
  for (const auto& [name, value] : order->arguments) {
    if (isFinite(value)) continue;
    return answer(context,
                  {grpc::StatusCode::INVALID_ARGUMENT, fmt::format("The argument {} is not a finite number.", name)});
  }
  order->who = access_.who(*context, order->who);
  order->from = context->peer();
  order->timeout = reasonable(order->timeout);
  auto* reactor = context->DefaultReactor();
  backend_.runAction(std::move(*order), [response, reactor](Result<ingest::ActionResult> result) {
    if (!result) {
      reactor->Finish(statusOf(result.error()));
      return;
    }
    link::toProto(*result, *response->mutable_result());
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

}  // namespace qd::serve
