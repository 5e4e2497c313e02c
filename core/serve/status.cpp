// SPDX-License-Identifier: Apache-2.0
#include "core/serve/status.h"

#include <fmt/format.h>
#include <grpcpp/server_context.h>

#include "core/security/credentials.h"

namespace qd::serve {
namespace {

grpc::StatusCode codeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::NotFound:
      return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::Unavailable:
      return grpc::StatusCode::UNAVAILABLE;
    case ErrorCode::PermissionDenied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorCode::Conflict:
      return grpc::StatusCode::ABORTED;
    case ErrorCode::Corrupt:
      return grpc::StatusCode::DATA_LOSS;
    case ErrorCode::Timeout:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case ErrorCode::Unsupported:
      return grpc::StatusCode::UNIMPLEMENTED;
    case ErrorCode::Exhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorCode::Io:
    case ErrorCode::Internal:
      return grpc::StatusCode::INTERNAL;
  }
  return grpc::StatusCode::INTERNAL;
}

}  // namespace

grpc::Status statusOf(const Error& error) {
  return {codeOf(error.code), error.message};
}

grpc::Status badRequest(const Error& error) {
  if (error.code == ErrorCode::Corrupt) return {grpc::StatusCode::INVALID_ARGUMENT, error.message};
  return statusOf(error);
}

security::Identity Access::identity(const grpc::CallbackServerContext& context) const {
  if (!tls_) return security::loopbackIdentity(allowDebug_);
  const auto peer = context.auth_context();
  return peer ? security::identityOf(*peer) : security::Identity{};
}

grpc::Status Access::check(const grpc::CallbackServerContext& context, security::Role needed) const {
  const security::Identity caller = identity(context);
  if (caller.roles.allows(needed)) return grpc::Status::OK;
  if (!tls_) {
    return {grpc::StatusCode::PERMISSION_DENIED,
            "Debugging over plaintext is off; start quarterdeckd with --allow-debug, or use a debugger's certificate."};
  }
  return {grpc::StatusCode::PERMISSION_DENIED,
          fmt::format("\"{}\" has the roles [{}], and this needs {}; ask for a certificate with that role.", caller.who,
                      caller.roles.text(), security::name(needed))};
}

std::string Access::who(const grpc::CallbackServerContext& context, const std::string& claimed) const {
  if (!tls_) return claimed;
  const std::string proven = identity(context).who;
  return claimed.empty() || claimed == proven ? proven : fmt::format("{} ({})", proven, claimed);
}

}  // namespace qd::serve
