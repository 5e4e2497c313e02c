// SPDX-License-Identifier: Apache-2.0
#include "core/link/channel.h"

#include <fmt/format.h>
#include <grpc/support/log.h>

#include <cstdlib>
#include <string_view>

#include "core/link/wire/messages.h"
#include "core/link/wire/text.h"
#include "core/security/credentials.h"

namespace qd::link {
namespace {

struct Meaning {
  ErrorCode code;
  const char* phrase;
};

Meaning meaningOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
      return {ErrorCode::Unavailable, "cannot be reached"};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {ErrorCode::Timeout, "did not answer in time"};
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return {ErrorCode::PermissionDenied, "does not permit this"};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {ErrorCode::Unsupported, "does not offer this"};
    case grpc::StatusCode::NOT_FOUND:
      return {ErrorCode::NotFound, "does not know this"};
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
      return {ErrorCode::InvalidArgument, "refuses the request"};
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::ABORTED:
      return {ErrorCode::Conflict, "refuses this in its present state"};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {ErrorCode::Exhausted, "or this program reached a limit"};
    case grpc::StatusCode::CANCELLED:
      return {ErrorCode::Unavailable, "ended the call"};
    default:
      return {ErrorCode::Unavailable, "failed"};
  }
}

// What gRPC says about a connection that failed, in words that tell what to do.
std::string explain(const std::string& detail) {
  const auto has = [&detail](std::string_view text) { return detail.find(text) != std::string::npos; };
  if (has("Connection refused")) return "nothing listens there; start the agent or check the address.";
  if (has("Domain name not found")) return "there is no host of that name; check the address.";
  if (has("andshake failed") || has("ostname Verification Check failed") || has("o match found for server name")) {
    return "its certificate is not from the CA given, or is for another name; check the CA and the server name.";
  }
  if (has("Cancelling all calls")) return "it is going down.";
  if (has("Socket closed") || has("onnection reset")) {
    return "it ended the connection; it may demand TLS, or refuse this certificate, or be going down.";
  }
  return detail;
}

// gRPC writes to stderr what we tell in a sentence of our own. GRPC_VERBOSITY brings it back.
void quietGrpc() {
  static const bool once = [] {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
    return true;
  }();
  (void)once;
}

}  // namespace

Result<std::shared_ptr<grpc::Channel>> openChannel(const std::string& endpoint, const security::TlsOptions& tls) {
  quietGrpc();
  grpc::ChannelArguments arguments;
  auto credentials = security::channelCredentials(tls, arguments);
  if (!credentials) return std::unexpected(credentials.error());
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMaxMessageBytes));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Our own backoff decides when to try; gRPC's must not lag behind it. One agent's connection is nobody else's.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(endpoint, *credentials, arguments);
}

Error toError(const grpc::Status& status, const std::string& endpoint) {
  const Meaning meaning = meaningOf(status.error_code());
  const std::string detail = explain(sanitise(status.error_message(), 512));
  return {meaning.code, fmt::format("Agent {} {}{}{}", endpoint, meaning.phrase, detail.empty() ? "." : ": ", detail)};
}

}  // namespace qd::link
