// SPDX-License-Identifier: Apache-2.0
#include "core/serve/peer_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "core/link/wire/convert.h"
#include "core/link/wire/text.h"
#include "core/security/credentials.h"
#include "quarterdeck/v1/quarterdeck.grpc.pb.h"

namespace qd::serve {
namespace {

namespace pb = quarterdeck::v1;
constexpr auto kWithin = std::chrono::milliseconds(700);

struct Call {
  grpc::ClientContext context;
  pb::SyncChangeRequest request;
  pb::ChangeState response;
};

}  // namespace

struct PeerClient::Impl {
  security::TlsOptions tls;
  std::mutex mutex;
  std::condition_variable ended;
  std::map<std::string, std::shared_ptr<pb::Agent::Stub>> stubs;
  std::set<std::shared_ptr<Call>> calls;
  bool closing = false;

  // The call's context holds its channel, and gRPC joins its own threads with the last channel: nothing of it may be
  // let go on one of them after the destructor has been woken.
  void over(std::shared_ptr<Call> call) {
    const std::lock_guard lock(mutex);
    calls.erase(call);
    call.reset();
    ended.notify_all();
  }

  Result<std::shared_ptr<pb::Agent::Stub>> stubFor(const std::string& endpoint) {
    if (const auto known = stubs.find(endpoint); known != stubs.end()) return known->second;
    grpc::ChannelArguments arguments;
    const bool plain = !tls.enabled();
    if (plain && !security::isLoopback(endpoint)) {
      return fail(ErrorCode::PermissionDenied,
                  fmt::format("{} is no loopback address, and this agent has no certificate to show.", endpoint));
    }
    auto credentials = security::channelCredentials(tls, arguments);
    if (!credentials) return std::unexpected(credentials.error());
    arguments.SetMaxReceiveMessageSize(static_cast<int>(link::kMaxMessageBytes));
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    std::shared_ptr<pb::Agent::Stub> stub =
        pb::Agent::NewStub(grpc::CreateCustomChannel(endpoint, *credentials, arguments));
    return stubs.emplace(endpoint, std::move(stub)).first->second;
  }
};

PeerClient::PeerClient(security::TlsOptions tls) : impl_(std::make_unique<Impl>()) {
  impl_->tls = std::move(tls);
}

PeerClient::~PeerClient() {
  std::unique_lock lock(impl_->mutex);
  impl_->closing = true;
  for (const auto& call : impl_->calls) call->context.TryCancel();
  impl_->ended.wait(lock, [this] { return impl_->calls.empty(); });
}

void PeerClient::sync(const std::string& endpoint, const control::ChangeSync& word, control::ChangeDone done) {
  auto call = std::make_shared<Call>();
  link::toProto(word, call->request);
  call->context.set_deadline(std::chrono::system_clock::now() + kWithin);
  std::unique_lock lock(impl_->mutex);
  auto stub = impl_->stubFor(endpoint);
  if (!stub || impl_->closing) {
    lock.unlock();
    done(std::unexpected(stub ? Error{ErrorCode::Unavailable, "This agent is ending."} : stub.error()));
    return;
  }
  impl_->calls.insert(call);
  lock.unlock();
  (*stub)->async()->SyncChange(
      &call->context, &call->request, &call->response,
      [impl = impl_.get(), call, done = std::move(done), endpoint](const grpc::Status& status) mutable {
        if (status.ok()) {
          done(link::fromProto(call->response));
        } else {
          const bool refused = status.error_code() == grpc::StatusCode::INVALID_ARGUMENT;
          done(fail(refused ? ErrorCode::InvalidArgument : ErrorCode::Unavailable,
                    fmt::format("agent {} {}: {}", endpoint, refused ? "refuses it" : "does not answer",
                                link::sanitise(status.error_message(), 256))));
        }
        impl->over(std::move(call));
      });
}

}  // namespace qd::serve
