// SPDX-License-Identifier: Apache-2.0
// Which PEM files a channel or a server uses, as the command line names them. Values only; any thread.
#pragma once

#include <string>

#include "core/base/error.h"

namespace qd::security {

struct TlsOptions {
  std::string ca;          // certificates that the peer's must come from
  std::string cert, key;   // our own; a client without them is refused by an agent that uses TLS
  std::string serverName;  // client only: the name in the server's certificate, where it is not the host dialled

  bool enabled() const { return !ca.empty() || !cert.empty() || !key.empty(); }
};

// Reads the files and says in one sentence what is wrong: missing, no PEM, expired, a key that does not fit its
// certificate. Errors: InvalidArgument, NotFound, PermissionDenied.
Result<> check(const TlsOptions& options);

// HOST:PORT or a bare host: 127.0.0.0/8, ::1 or localhost.
bool isLoopback(const std::string& address);

}  // namespace qd::security
