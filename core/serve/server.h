// SPDX-License-Identifier: Apache-2.0
// The gRPC service quarterdeck.v1.Agent over a Backend, with server reflection, keepalive and roles. One Server binds
// one address and serves until it is destroyed (streams are then cancelled). Errors: InvalidArgument for an address
// that cannot be parsed or may not be served in plaintext, Unavailable when it cannot be bound. Create and destroy on
// one thread; the backend's calls come on gRPC threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/security/tls_options.h"
#include "core/serve/backend.h"

namespace qd::serve {

struct ServerConfig {
  std::string listen;        // HOST:PORT; port 0: any free one
  security::TlsOptions tls;  // none named: plaintext, loopback only
  bool allowDebug = false;   // debugging over loopback plaintext
};

struct ServerStats {
  std::uint64_t streams = 0;     // open Subscribe streams
  std::uint64_t messages = 0;    // batches written since the start
  std::uint64_t bytes = 0;       // their encoded size
  std::uint64_t largestLag = 0;  // entries that the slowest subscriber is behind the log
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(Backend& backend, const ServerConfig& config);
  virtual ~Server() = default;

  virtual std::string address() const = 0;  // HOST:PORT as bound
  virtual ServerStats stats() const = 0;
};

}  // namespace qd::serve
