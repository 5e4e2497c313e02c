// SPDX-License-Identifier: Apache-2.0
// A debug adapter as a child process, and the descriptors to speak DAP with it: its input and output, or a connection
// to the port that it prints. Never killed while it may have breakpoints in a process: SIGKILL to an adapter takes its
// target along. Owned by one thread.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "agent/debug/quirks.h"
#include "core/base/error.h"

namespace qd::debug {

class AdapterProcess {
 public:
  // Errors: NotFound (no such debugger here), Unavailable (it did not come up within 10 s), Io.
  static Result<std::unique_ptr<AdapterProcess>> start(const Quirks& quirks);
  ~AdapterProcess();  // closes what leads to it, which ends it in order; does not kill
  AdapterProcess(const AdapterProcess&) = delete;
  AdapterProcess& operator=(const AdapterProcess&) = delete;

  int readFd() const { return read_; }
  int writeFd() const { return write_; }
  int chatterFd() const { return chatter_; }  // what it prints besides, to be read away; -1: none
  pid_t pid() const { return pid_; }
  const std::string& name() const { return name_; }
  bool send(const std::string& bytes);  // whole, blocking
  void closeWrite();
  bool endsWithin(int ms);  // whether it has ended by then; reaped

 private:
  AdapterProcess() = default;
  Result<> connect();
  pid_t pid_ = -1;
  int read_ = -1, write_ = -1, chatter_ = -1;
  std::string name_;
};

}  // namespace qd::debug
