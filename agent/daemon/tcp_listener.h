// SPDX-License-Identifier: Apache-2.0
// A listening TCP socket for probes, and what is asked of its connections. No state of its own.
#pragma once

#include <string>

#include "core/base/error.h"

namespace qd::daemon {

struct Listening {
  int socket = -1;  // the caller's
  std::string address;
};

// HOST:PORT, [::1]:PORT too; port 0 takes a free one. Errors: InvalidArgument, Io.
Result<Listening> listenOn(const std::string& address);

// Small frames at once; a peer that answers nothing for ten seconds is gone.
void keepAlive(int socket);

}  // namespace qd::daemon
