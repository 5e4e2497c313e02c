// SPDX-License-Identifier: Apache-2.0
// The agent's end of a guardian: starts one beside the agent's own program, sends it orders, gives what it tells. The
// owner watches fd() and calls readable(). Closing the link makes the guardian clear up and end; it is never killed.
// It is a child of the process that started it, which waits for its end. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/debug/protocol.h"
#include "agent/debug/quirks.h"

namespace qd::debug {

class GuardianLink {
 public:
  // `program`: path of quarterdeck-guardian. Errors: NotFound, Io.
  static Result<std::unique_ptr<GuardianLink>> start(const std::string& program, DebuggerKind debugger,
                                                     std::int64_t pid);
  ~GuardianLink();
  GuardianLink(const GuardianLink&) = delete;
  GuardianLink& operator=(const GuardianLink&) = delete;

  int fd() const { return fd_; }
  pid_t guardian() const { return guardian_; }
  void order(const Order& order);
  // What it told since; an error when it is gone: nothing comes any more.
  Result<std::vector<Told>> readable();

 private:
  GuardianLink() = default;
  int fd_ = -1;
  pid_t guardian_ = -1;
  LineReader lines_;
};

}  // namespace qd::debug
