// SPDX-License-Identifier: Apache-2.0
// The launcher's child processes: each in a process group of its own and bound to the launcher's life by the kernel, so
// that nobody is left behind even when the launcher is killed. Their first lines of output are awaited, everything
// later is read and dropped so that no child blocks on a full pipe. Single-threaded.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace qd::stage {

struct Child {
  std::string name;
  pid_t pid = -1;
  int out = -1;  // the reading end of its stdout
  std::string buffer;
  bool ended = false;
  int status = 0;
};

class Children {
 public:
  explicit Children(int terminationFd);
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  // Starts a program; the index of the child.
  std::expected<std::size_t, std::string> start(const std::string& name, const std::vector<std::string>& command);
  // The next whole line a child prints. Fails when it ends, when it takes longer than the deadline or when we are told
  // to stop meanwhile.
  std::expected<std::string, std::string> line(std::size_t child, std::int64_t deadlineNs);
  // Watches until the deadline or a signal; reports each child that ends.
  void watch(std::int64_t deadlineNs, const std::function<void(const Child&)>& ended);
  // Asks in reverse order of starting, waits, then insists. Nothing is left afterwards.
  void stopAll();

  const Child& at(std::size_t index) const { return children_[index]; }
  bool stopped() const { return stopped_; }

 private:
  void pump(std::int64_t untilNs);
  void reap();
  bool allEnded() const;
  std::vector<Child> children_;
  int terminationFd_;
  int childFd_;
  bool stopped_ = false;
};

// How a process ended, as the end of a sentence: "exited with code 1", "was killed by signal 9 (Killed)".
std::string howItEnded(int status);

}  // namespace qd::stage
