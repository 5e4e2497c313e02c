// SPDX-License-Identifier: Apache-2.0
#include "core/etcd/client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <chrono>

#include "core/security/credentials.h"

namespace qd::etcd {
namespace {

constexpr auto kWithin = std::chrono::seconds(3);
constexpr int kMostBytes = 16 << 20;

}  // namespace

struct Client::State {
  std::string endpoint;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<pb::KV::Stub> kv;
  std::unique_ptr<pb::Watch::Stub> watch;
  std::unique_ptr<pb::Lease::Stub> lease;
  std::mutex mutex;
  std::condition_variable ended;
  std::set<std::shared_ptr<grpc::ClientContext>> live;
  bool closing = false;

  std::shared_ptr<grpc::ClientContext> context() {
    auto made = std::make_shared<grpc::ClientContext>();
    const std::lock_guard lock(mutex);
    if (closing) return nullptr;
    live.insert(made);
    return made;
  }
  // A call is over. Its context goes here, for it holds the channel too: gRPC joins its own threads with the last
  // channel, so that the last hold must never be let go on one of them. After this nothing of the call touches us.
  void over(std::shared_ptr<grpc::ClientContext> context) {
    const std::lock_guard lock(mutex);
    live.erase(context);
    context.reset();
    ended.notify_all();
  }
};

Error toError(const grpc::Status& status, const std::string& endpoint) {
  const bool late = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  return {ErrorCode::Unavailable,
          fmt::format("etcd at {} {}: {}", endpoint, late ? "did not answer in time" : "cannot be reached",
                      late ? "is it overloaded?" : "start it or check --etcd")};
}

std::string endOf(std::string prefix) {
  while (!prefix.empty()) {
    if (static_cast<unsigned char>(prefix.back()) != 0xFF) {
      ++prefix.back();
      return prefix;
    }
    prefix.pop_back();
  }
  return std::string(1, '\0');
}

Result<std::unique_ptr<Client>> Client::open(const EtcdOptions& options) {
  if (options.endpoint.find(':') == std::string::npos) {
    return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" is no HOST:PORT of etcd.", options.endpoint));
  }
  grpc::ChannelArguments arguments;
  const bool plain = !options.tls.enabled() || security::isLoopback(options.endpoint);
  auto credentials = security::channelCredentials(plain ? security::TlsOptions{} : options.tls, arguments);
  if (!credentials) return std::unexpected(credentials.error());
  arguments.SetMaxReceiveMessageSize(kMostBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto state = std::make_unique<State>();
  state->endpoint = options.endpoint;
  state->channel = grpc::CreateCustomChannel(options.endpoint, *credentials, arguments);
  state->kv = pb::KV::NewStub(state->channel);
  state->watch = pb::Watch::NewStub(state->channel);
  state->lease = pb::Lease::NewStub(state->channel);
  std::unique_ptr<Client> out(new Client());
  out->state_ = std::move(state);
  return out;
}

// What is not open yet has no state.
Client::~Client() {
  if (!state_) return;
  std::unique_lock lock(state_->mutex);
  state_->closing = true;
  for (const auto& context : state_->live) context->TryCancel();
  state_->ended.wait(lock, [this] { return state_->live.empty(); });
}

template <class Request, class Response, class Start>
void Client::call(Request request, Start start, Done<Response> done) {
  auto context = state_->context();
  if (!context) return done(fail(ErrorCode::Unavailable, "It is ending."));
  context->set_deadline(std::chrono::system_clock::now() + kWithin);
  struct Messages {
    Request request;
    Response response;
  };
  auto messages = std::make_shared<Messages>(Messages{std::move(request), {}});
  auto* const call = context.get();
  start(call, &messages->request, &messages->response,
        [state = state_.get(), context, messages, done = std::move(done)](const grpc::Status& status) mutable {
          if (status.ok()) {
            done(messages->response);
          } else {
            done(std::unexpected(toError(status, state->endpoint)));
          }
          state->over(std::move(context));
        });
}

void Client::range(const std::string& prefix, Done<pb::RangeResponse> done) {
  pb::RangeRequest request;
  request.set_key(prefix);
  request.set_range_end(endOf(prefix));
  call<pb::RangeRequest, pb::RangeResponse>(
      std::move(request),
      [kv = state_->kv.get()](auto* c, auto* q, auto* r, auto f) { kv->async()->Range(c, q, r, std::move(f)); },
      std::move(done));
}

void Client::txn(pb::TxnRequest request, Done<pb::TxnResponse> done) {
  call<pb::TxnRequest, pb::TxnResponse>(
      std::move(request),
      [kv = state_->kv.get()](auto* c, auto* q, auto* r, auto f) { kv->async()->Txn(c, q, r, std::move(f)); },
      std::move(done));
}

void Client::grant(std::int64_t seconds, Done<pb::LeaseGrantResponse> done) {
  pb::LeaseGrantRequest request;
  request.set_ttl(seconds);
  call<pb::LeaseGrantRequest, pb::LeaseGrantResponse>(
      std::move(request),
      [lease = state_->lease.get()](auto* c, auto* q, auto* r, auto f) {
        lease->async()->LeaseGrant(c, q, r, std::move(f));
      },
      std::move(done));
}

namespace {

// Ends itself. Holds what its owner must not free before.
class Watcher final : public grpc::ClientBidiReactor<pb::WatchRequest, pb::WatchResponse> {
 public:
  Watcher(pb::WatchRequest request, Client::Seen seen, Client::Ended ended, std::function<void()> over)
      : request_(std::move(request)), seen_(std::move(seen)), ended_(std::move(ended)), over_(std::move(over)) {}
  void begin() {
    StartWrite(&request_);
    StartRead(&response_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    seen_(response_);
    if (response_.canceled()) canceled_ = response_.cancel_reason();
    response_.Clear();
    StartRead(&response_);
  }
  void OnDone(const grpc::Status& status) override {
    ended_(canceled_.empty() ? status.error_message() : canceled_);
    const auto over = std::move(over_);
    delete this;
    over();
  }

 private:
  pb::WatchRequest request_;
  pb::WatchResponse response_;
  Client::Seen seen_;
  Client::Ended ended_;
  std::function<void()> over_;
  std::string canceled_;
};

}  // namespace

void Client::watch(const std::string& prefix, std::int64_t revision, Seen seen, Ended ended) {
  auto context = state_->context();
  if (!context) return;
  pb::WatchRequest request;
  auto* create = request.mutable_create_request();
  create->set_key(prefix);
  create->set_range_end(endOf(prefix));
  create->set_start_revision(revision);
  auto* watcher = new Watcher(std::move(request), std::move(seen), std::move(ended),
                              [state = state_.get(), context]() mutable { state->over(std::move(context)); });
  state_->watch->async()->Watch(context.get(), watcher);
  watcher->begin();
}

}  // namespace qd::etcd
