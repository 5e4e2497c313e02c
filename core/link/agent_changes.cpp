// SPDX-License-Identifier: Apache-2.0
// The orders of an AgentLink about changes over time, the audit, and what consoles share.
#include <fmt/format.h>

#include "core/link/agent_link.h"

namespace qd::link {
namespace {

constexpr std::int64_t kWithin = 5 * kNsPerSecond;

template <class Out, class Messages>
Result<std::vector<Out>> readAll(const Messages& messages) {
  std::vector<Out> out;
  for (const auto& message : messages) {
    auto read = fromProto(message);
    if (!read) return std::unexpected(read.error());
    out.push_back(std::move(*read));
  }
  return out;
}

}  // namespace

std::optional<Error> AgentLink::whyNotNow() const {
  if (connected()) return std::nullopt;
  return Error{ErrorCode::Unavailable,
               reason_.empty() ? fmt::format("Agent {} is not connected yet.", endpoint_) : reason_};
}

void AgentLink::startChange(const ingest::ChangePlan& plan, control::ChangeDone done) {
  if (auto why = whyNotNow()) return done(std::unexpected(*why));
  pb::StartChangeRequest request;
  toProto(plan, *request.mutable_plan());
  call<pb::StartChangeRequest, pb::ChangeState>(
      std::move(request), kWithin,
      [this](auto* context, auto* message, auto* response, auto finished) {
        stub_->async()->StartChange(context, message, response, std::move(finished));
      },
      [this, done](const grpc::Status& status, const pb::ChangeState& response) {
        status.ok() ? done(fromProto(response)) : done(std::unexpected(toError(status, endpoint_)));
      });
}

void AgentLink::orderChange(const control::ChangeVerb& verb, control::ChangesDone done) {
  if (auto why = whyNotNow()) return done(std::unexpected(*why));
  pb::OrderChangeRequest request;
  toProto(verb, request);
  call<pb::OrderChangeRequest, pb::OrderChangeResponse>(
      std::move(request), kWithin,
      [this](auto* context, auto* message, auto* response, auto finished) {
        stub_->async()->OrderChange(context, message, response, std::move(finished));
      },
      [this, done](const grpc::Status& status, const pb::OrderChangeResponse& response) {
        status.ok() ? done(readAll<ingest::ChangeState>(response.changes()))
                    : done(std::unexpected(toError(status, endpoint_)));
      });
}

void AgentLink::audit(std::uint64_t after, control::AuditDone done) {
  if (auto why = whyNotNow()) return done(std::unexpected(*why));
  pb::GetAuditRequest request;
  request.set_after(after);
  call<pb::GetAuditRequest, pb::AuditPage>(
      std::move(request), kWithin,
      [this](auto* context, auto* message, auto* response, auto finished) {
        stub_->async()->GetAudit(context, message, response, std::move(finished));
      },
      [this, done](const grpc::Status& status, const pb::AuditPage& response) {
        if (!status.ok()) return done(std::unexpected(toError(status, endpoint_)));
        control::AuditPage page;
        for (const auto& record : response.records()) page.records.push_back(fromProto(record));
        page.headNumber = response.head_number();
        page.headHash = response.head_hash();
        done(std::move(page));
      });
}

void AgentLink::shared(const std::string& prefix, control::SharedDone done) {
  if (auto why = whyNotNow()) return done(std::unexpected(*why));
  pb::GetSharedRequest request;
  request.set_prefix(prefix);
  call<pb::GetSharedRequest, pb::SharedItems>(
      std::move(request), kWithin,
      [this](auto* context, auto* message, auto* response, auto finished) {
        stub_->async()->GetShared(context, message, response, std::move(finished));
      },
      [this, done](const grpc::Status& status, const pb::SharedItems& response) {
        status.ok() ? done(readAll<ingest::SharedItem>(response.items()))
                    : done(std::unexpected(toError(status, endpoint_)));
      });
}

void AgentLink::share(const control::SharedWrite& write, control::SharedDone done) {
  if (auto why = whyNotNow()) return done(std::unexpected(*why));
  pb::PutSharedRequest request;
  toProto(write.item, *request.mutable_item());
  if (write.expectedRevision) request.set_expected_revision(*write.expectedRevision);
  request.set_ttl_ns(write.ttl.ns);
  call<pb::PutSharedRequest, pb::SharedItem>(
      std::move(request), kWithin,
      [this](auto* context, auto* message, auto* response, auto finished) {
        stub_->async()->PutShared(context, message, response, std::move(finished));
      },
      [this, done](const grpc::Status& status, const pb::SharedItem& response) {
        if (!status.ok()) return done(std::unexpected(toError(status, endpoint_)));
        auto item = fromProto(response);
        item ? done(std::vector{std::move(*item)}) : done(std::unexpected(item.error()));
      });
}

void AgentLink::adopt(const control::AdoptOrder& order, control::AdoptDone done) {
  if (auto why = whyNotNow()) return done(std::unexpected(*why));
  pb::AdoptValuesRequest request;
  request.set_process_id(order.process.value);
  for (const std::string& name : order.names) request.add_names(name);
  request.set_who(order.who);
  request.set_comment(order.comment);
  call<pb::AdoptValuesRequest, pb::ParameterChange>(
      std::move(request), kWithin,
      [this](auto* context, auto* message, auto* response, auto finished) {
        stub_->async()->AdoptValues(context, message, response, std::move(finished));
      },
      [this, done](const grpc::Status& status, const pb::ParameterChange& response) {
        status.ok() ? done(fromProto(response)) : done(std::unexpected(toError(status, endpoint_)));
      });
}

}  // namespace qd::link
