// SPDX-License-Identifier: Apache-2.0
// Error to grpc::Status and who may call what: each in one place. Any thread.
#pragma once

#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include "core/base/error.h"
#include "core/security/role.h"

namespace qd::serve {

grpc::Status statusOf(const Error& error);
// What a client sent: a broken message is its mistake.
grpc::Status badRequest(const Error& error);

// Who calls, and whether the role suffices.
class Access {
 public:
  Access(bool tls, bool allowDebug) : tls_(tls), allowDebug_(allowDebug) {}
  security::Identity identity(const grpc::CallbackServerContext& context) const;
  grpc::Status check(const grpc::CallbackServerContext& context, security::Role needed) const;
  // As the log shows it: the certificate's name goes before what the client says of itself.
  std::string who(const grpc::CallbackServerContext& context, const std::string& claimed) const;

 private:
  const bool tls_, allowDebug_;
};

}  // namespace qd::serve
