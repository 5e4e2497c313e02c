// SPDX-License-Identifier: Apache-2.0
// gRPC credentials out of PEM files. The files are watched: a renewed certificate is used by the next handshake, while
// open streams run on. Errors as check(). Any thread; only core/link, core/serve and this room see gRPC.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>

#include "core/security/role.h"
#include "core/security/tls_options.h"

namespace qd::security {

// Plaintext when no file is named. `arguments` receives the server name where one is given.
Result<std::shared_ptr<grpc::ChannelCredentials>> channelCredentials(const TlsOptions& options,
                                                                     grpc::ChannelArguments& arguments);

// Certificate, key and client CA are all required: the agent demands and verifies a client certificate.
Result<std::shared_ptr<grpc::ServerCredentials>> serverCredentials(const TlsOptions& options);

// Who is at the other end of a TLS connection, by the verified certificate.
Identity identityOf(const grpc::AuthContext& context);

}  // namespace qd::security
