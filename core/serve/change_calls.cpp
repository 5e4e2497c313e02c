// SPDX-License-Identifier: Apache-2.0
// The unary calls about changes over time, the audit, and what consoles share.
#include <cmath>

#include "core/link/wire/convert.h"
#include "core/serve/service.h"

namespace qd::serve {
namespace {

namespace pb = quarterdeck::v1;
using security::Role;

constexpr std::uint32_t kAuditPage = 1000;
constexpr std::size_t kMostKey = 128;

grpc::ServerUnaryReactor* answer(grpc::CallbackServerContext* context, grpc::Status status) {
  auto* reactor = context->DefaultReactor();
  reactor->Finish(std::move(status));
  return reactor;
}

// Hands a plain answer over as a message.
template <class Message>
auto finish(Message* response, grpc::ServerUnaryReactor* reactor) {
  return [response, reactor](const auto& result) {
    if (!result) {
      reactor->Finish(statusOf(result.error()));
      return;
    }
    link::toProto(*result, *response);
    reactor->Finish(grpc::Status::OK);
  };
}

bool isKey(const std::string& key) {
  return !key.empty() && key.size() <= kMostKey && key.find('\n') == std::string::npos;
}

}  // namespace

grpc::ServerUnaryReactor* Service::StartChange(grpc::CallbackServerContext* context,
                                               const pb::StartChangeRequest* request, pb::ChangeState* response) {
  if (auto status = access_.check(*context, Role::Operator); !status.ok()) return answer(context, status);
  auto plan = link::fromProto(request->plan());
  if (!plan) return answer(context, badRequest(plan.error()));
  plan->who = access_.who(*context, plan->who);
  plan->from = context->peer();
  auto* reactor = context->DefaultReactor();
  backend_.startChange(std::move(*plan), finish(response, reactor));
  return reactor;
}

grpc::ServerUnaryReactor* Service::OrderChange(grpc::CallbackServerContext* context,
                                               const pb::OrderChangeRequest* request,
                                               pb::OrderChangeResponse* response) {
  if (auto status = access_.check(*context, Role::Operator); !status.ok()) return answer(context, status);
  auto verb = link::fromProto(*request);
  verb.who = access_.who(*context, verb.who);
  verb.from = context->peer();
  auto* reactor = context->DefaultReactor();
  backend_.orderChange(std::move(verb), [response, reactor](const Result<std::vector<ingest::ChangeState>>& changes) {
    if (!changes) {
      reactor->Finish(statusOf(changes.error()));
      return;
    }
    for (const auto& change : *changes) link::toProto(change, *response->add_changes());
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::SyncChange(grpc::CallbackServerContext* context,
                                              const pb::SyncChangeRequest* request, pb::ChangeState* response) {
  if (auto status = access_.check(*context, Role::Operator); !status.ok()) return answer(context, status);
  auto sync = link::fromProto(*request);
  if (!sync) return answer(context, badRequest(sync.error()));
  auto* reactor = context->DefaultReactor();
  backend_.syncChange(std::move(*sync), finish(response, reactor));
  return reactor;
}

grpc::ServerUnaryReactor* Service::GetAudit(grpc::CallbackServerContext* context, const pb::GetAuditRequest* request,
                                            pb::AuditPage* response) {
  if (auto status = access_.check(*context, Role::Viewer); !status.ok()) return answer(context, status);
  const std::uint32_t most = request->most() == 0 ? kAuditPage : std::min(request->most(), kAuditPage);
  auto* reactor = context->DefaultReactor();
  backend_.audit(request->after(), most, [response, reactor](const Result<control::AuditPage>& page) {
    if (!page) {
      reactor->Finish(statusOf(page.error()));
      return;
    }
    for (const auto& record : page->records) link::toProto(record, *response->add_records());
    response->set_head_number(page->headNumber);
    response->set_head_hash(page->headHash);
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::GetShared(grpc::CallbackServerContext* context, const pb::GetSharedRequest* request,
                                             pb::SharedItems* response) {
  if (auto status = access_.check(*context, Role::Viewer); !status.ok()) return answer(context, status);
  auto* reactor = context->DefaultReactor();
  backend_.shared(request->prefix(), [response, reactor](const Result<std::vector<ingest::SharedItem>>& items) {
    if (!items) {
      reactor->Finish(statusOf(items.error()));
      return;
    }
    for (const auto& item : *items) link::toProto(item, *response->add_items());
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::PutShared(grpc::CallbackServerContext* context, const pb::PutSharedRequest* request,
                                             pb::SharedItem* response) {
  if (auto status = access_.check(*context, Role::Operator); !status.ok()) return answer(context, status);
  auto item = link::fromProto(request->item());
  if (!item) return answer(context, badRequest(item.error()));
  if (!isKey(item->key)) {
    return answer(context, {grpc::StatusCode::INVALID_ARGUMENT, "A shared item needs a key of 1 to 128 bytes."});
  }
  control::SharedWrite write;
  write.item = std::move(*item);
  write.item.who = access_.who(*context, write.item.who);
  if (request->has_expected_revision()) write.expectedRevision = request->expected_revision();
  write.ttl.ns = std::max<std::int64_t>(request->ttl_ns(), 0);
  auto* reactor = context->DefaultReactor();
  backend_.share(std::move(write), [response, reactor](const Result<std::vector<ingest::SharedItem>>& items) {
    if (!items) {
      reactor->Finish(statusOf(items.error()));
      return;
    }
    if (!items->empty()) link::toProto(items->front(), *response);
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::AdoptValues(grpc::CallbackServerContext* context,
                                               const pb::AdoptValuesRequest* request, pb::ParameterChange* response) {
  if (auto status = access_.check(*context, Role::Operator); !status.ok()) return answer(context, status);
  control::AdoptOrder order;
  order.process = ProcessId(request->process_id());
  for (const std::string& name : request->names()) order.names.push_back(name);
  order.who = access_.who(*context, request->who());
  order.from = context->peer();
  order.comment = request->comment();
  auto* reactor = context->DefaultReactor();
  backend_.adopt(std::move(order), finish(response, reactor));
  return reactor;
}

}  // namespace qd::serve
