// SPDX-License-Identifier: Apache-2.0
// What an agent says to other agents: to those of a change's other targets, which it coordinates, and to those of the
// other members of a link group whose home it is. Plaintext to a loopback address, else with this agent's own
// certificate as its client's. Any thread; `done` is called once, on a gRPC thread. The destructor cancels what is
// under way and waits for it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/control/change_order.h"
#include "core/control/lending.h"
#include "core/security/tls_options.h"

namespace qd::serve {

// A Lend stream's near end. The destructor cancels it; its handlers may be called until the client itself is gone.
class LendLink {
 public:
  virtual ~LendLink() = default;
  virtual bool send(const control::LendOrder& order) = 0;  // false: it is over, or what waits is too much
};
struct LendHandlers {
  std::function<void(control::LendEvent)> event;  // on a gRPC thread, one at a time
  std::function<void(std::string why)> over;      // the last, once
};

class PeerClient {
 public:
  explicit PeerClient(security::TlsOptions tls);
  ~PeerClient();
  void sync(const std::string& endpoint, const control::ChangeSync& word, control::ChangeDone done);
  // PermissionDenied, or what the credentials lack; that it cannot be reached comes as `over`.
  Result<std::unique_ptr<LendLink>> lend(const std::string& endpoint, LendHandlers handlers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;  // outlives every call
};

}  // namespace qd::serve
