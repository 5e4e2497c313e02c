// SPDX-License-Identifier: Apache-2.0
#include "core/serve/peer_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <deque>
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

Result<std::shared_ptr<grpc::Channel>> peerChannel(const security::TlsOptions& tls, const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  if (!tls.enabled() && !security::isLoopback(endpoint)) {
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
  return grpc::CreateCustomChannel(endpoint, *credentials, arguments);
}

struct Call {
  grpc::ClientContext context;
  pb::SyncChangeRequest request;
  pb::ChangeState response;
};

}  // namespace

// The near end of a Lend stream. gRPC's threads and whoever sends.
class LendCall final : public grpc::ClientBidiReactor<pb::LendOrder, pb::LendEvent> {
 public:
  using Over = std::function<void(LendCall*)>;  // the last thing it does

  LendCall(std::shared_ptr<pb::Agent::Stub> stub, LendHandlers handlers, Over over)
      : stub_(std::move(stub)), handlers_(std::move(handlers)), over_(std::move(over)) {}

  void start() {
    stub_->async()->Lend(&context_, this);
    AddHold();  // orders come from outside of gRPC's own calls
    StartRead(&in_);
    StartCall();
  }
  bool send(const control::LendOrder& order) {
    const std::lock_guard lock(mutex_);
    if (closed_ || queue_.size() >= kMostWaiting) return false;
    link::toProto(order, queue_.emplace_back());
    next();
    return true;
  }
  void cancel() { context_.TryCancel(); }
  void OnReadDone(bool ok) override {
    if (!ok) {
      {
        const std::lock_guard lock(mutex_);
        closed_ = true;
      }
      RemoveHold();
      return;
    }
    // One of a newer version, or that breaks a rule, is left out.
    if (auto event = link::fromProto(in_)) handlers_.event(std::move(*event));
    StartRead(&in_);
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok) next();
  }
  void OnDone(const grpc::Status& status) override {
    const std::string why = link::sanitise(status.error_message(), 256);
    handlers_.over(why.empty() ? "it ended the stream" : why);
    const Over over = over_;  // which ends this object
    over(this);
  }

 private:
  static constexpr std::size_t kMostWaiting = 4096;

  void next() {
    if (writing_ || closed_ || queue_.empty()) return;
    writing_ = true;
    out_ = std::move(queue_.front());
    queue_.pop_front();
    StartWrite(&out_);
  }

  std::shared_ptr<pb::Agent::Stub> stub_;
  const LendHandlers handlers_;
  const Over over_;
  grpc::ClientContext context_;
  pb::LendEvent in_;
  std::mutex mutex_;
  pb::LendOrder out_;
  std::deque<pb::LendOrder> queue_;
  bool writing_ = false, closed_ = false;
};

struct PeerClient::Impl {
  security::TlsOptions tls;
  std::mutex mutex;
  std::condition_variable ended;
  std::map<std::string, std::shared_ptr<pb::Agent::Stub>> stubs;
  std::set<std::shared_ptr<Call>> calls;
  std::map<LendCall*, std::shared_ptr<LendCall>> lends;
  bool closing = false;

  // The call's context holds its channel, and gRPC joins its own threads with the last channel: nothing of it may be
  // let go on one of them after the destructor has been woken.
  void over(std::shared_ptr<Call> call) {
    const std::lock_guard lock(mutex);
    calls.erase(call);
    call.reset();
    ended.notify_all();
  }

  void over(LendCall* call) {
    const std::lock_guard lock(mutex);
    lends.erase(call);
    ended.notify_all();
  }

  Result<std::shared_ptr<pb::Agent::Stub>> stubFor(const std::string& endpoint) {
    if (const auto known = stubs.find(endpoint); known != stubs.end()) return known->second;
    auto channel = peerChannel(tls, endpoint);
    if (!channel) return std::unexpected(channel.error());
    std::shared_ptr<pb::Agent::Stub> stub = pb::Agent::NewStub(std::move(*channel));
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
  for (const auto& [key, call] : impl_->lends) call->cancel();
  impl_->ended.wait(lock, [this] { return impl_->calls.empty() && impl_->lends.empty(); });
}

namespace {

// The call itself lives until gRPC is done with it.
class OpenLend final : public LendLink {
 public:
  explicit OpenLend(std::weak_ptr<LendCall> call) : call_(std::move(call)) {}
  ~OpenLend() override {
    if (const auto call = call_.lock()) call->cancel();
  }
  bool send(const control::LendOrder& order) override {
    const auto call = call_.lock();
    return call && call->send(order);
  }

 private:
  const std::weak_ptr<LendCall> call_;
};

}  // namespace

Result<std::unique_ptr<LendLink>> PeerClient::lend(const std::string& endpoint, LendHandlers handlers) {
  const std::lock_guard lock(impl_->mutex);
  auto stub = impl_->stubFor(endpoint);
  if (!stub) return std::unexpected(stub.error());
  if (impl_->closing) return fail(ErrorCode::Unavailable, "This agent is ending.");
  auto call = std::make_shared<LendCall>(*stub, std::move(handlers),
                                         [impl = impl_.get()](LendCall* over) { impl->over(over); });
  impl_->lends.emplace(call.get(), call);
  call->start();
  return std::make_unique<OpenLend>(call);
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
