// SPDX-License-Identifier: Apache-2.0
#include "core/serve/server.h"

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>

#include <chrono>

#include "core/link/wire/messages.h"
#include "core/security/credentials.h"
#include "core/serve/service.h"

namespace qd::serve {
namespace {

struct Address {
  std::string host;
  int port = 0;
};

Result<Address> parse(const std::string& listen) {
  const auto colon = listen.rfind(':');
  const std::string digits = colon == std::string::npos ? "" : listen.substr(colon + 1);
  const bool number =
      !digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos;
  if (!number || colon == 0 || std::stoi(digits) > 65535) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("\"{}\" is no HOST:PORT to listen on, as 127.0.0.1:7400.", listen));
  }
  return Address{listen.substr(0, colon), std::stoi(digits)};
}

Result<std::shared_ptr<grpc::ServerCredentials>> credentialsFor(const ServerConfig& config) {
  if (config.tls.enabled()) return security::serverCredentials(config.tls);
  if (security::isLoopback(config.listen)) return grpc::InsecureServerCredentials();
  return fail(ErrorCode::InvalidArgument,
              fmt::format("{} is not a loopback address, and plaintext is served on loopback only; give a certificate, "
                          "its key and the client CA.",
                          config.listen));
}

void setLimits(grpc::ServerBuilder& builder) {
  const int most = static_cast<int>(link::kMaxMessageBytes);
  builder.SetMaxReceiveMessageSize(most);
  builder.SetMaxSendMessageSize(most + (1 << 16));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second agent on the port must fail, not share
}

class GrpcServer final : public Server {
 public:
  GrpcServer(Backend& backend, const ServerConfig& config)
      : service_(backend, Access(config.tls.enabled(), config.allowDebug), executor_) {}

  Result<> bind(const ServerConfig& config) {
    auto address = parse(config.listen);
    if (!address) return std::unexpected(address.error());
    auto credentials = credentialsFor(config);
    if (!credentials) return std::unexpected(credentials.error());
    static const bool reflection = (grpc::reflection::InitProtoReflectionServerBuilderPlugin(), true);
    (void)reflection;
    grpc::ServerBuilder builder;
    setLimits(builder);
    int port = 0;
    builder.AddListeningPort(config.listen, *credentials, &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_ || port == 0) {
      return fail(ErrorCode::Unavailable,
                  fmt::format("{} cannot be listened on; is another program using it?", config.listen));
    }
    address_ = fmt::format("{}:{}", address->host, port);
    return {};
  }

  ~GrpcServer() override {
    if (server_) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
    if (server_) server_->Wait();
    executor_.stop();
  }

  std::string address() const override { return address_; }
  ServerStats stats() const override {
    const auto& counters = service_.counters();
    return {counters.streams.load(), counters.messages.load(), counters.bytes.load()};
  }

 private:
  Executor executor_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(Backend& backend, const ServerConfig& config) {
  auto server = std::make_unique<GrpcServer>(backend, config);
  if (auto bound = server->bind(config); !bound) return std::unexpected(bound.error());
  return server;
}

}  // namespace qd::serve
