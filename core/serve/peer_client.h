// SPDX-License-Identifier: Apache-2.0
// What a coordinating agent says to the agents of a change's other targets. Plaintext to a loopback address, else with
// this agent's own certificate as its client's. Any thread; `done` is called once, on a gRPC thread. The destructor
// cancels what is under way and waits for it.
#pragma once

#include <memory>
#include <string>

#include "core/control/change_order.h"
#include "core/security/tls_options.h"

namespace qd::serve {

class PeerClient {
 public:
  explicit PeerClient(security::TlsOptions tls);
  ~PeerClient();
  void sync(const std::string& endpoint, const control::ChangeSync& word, control::ChangeDone done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;  // outlives every call
};

}  // namespace qd::serve
