// SPDX-License-Identifier: Apache-2.0
// A gRPC channel to one agent with the product's settings (keepalive, message bound, credentials), and gRPC's statuses
// as our errors. Any thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/security/tls_options.h"

namespace qd::link {

Result<std::shared_ptr<grpc::Channel>> openChannel(const std::string& endpoint, const security::TlsOptions& tls);

// One sentence: "Agent 127.0.0.1:7400 cannot be reached: …".
Error toError(const grpc::Status& status, const std::string& endpoint);

}  // namespace qd::link
