// SPDX-License-Identifier: Apache-2.0
// One of our own programs as a child process, from the folder of this program. Its standard output is read line by
// line, what it logs is thrown away. The destructor ends it (SIGTERM, after some seconds SIGKILL) and waits. One
// thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace qd::bench {

class Child {
 public:
  // `command`: the program's name, its arguments.
  explicit Child(std::vector<std::string> command);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The next line, without its end; empty when there is none in time.
  std::optional<std::string> line(std::chrono::seconds patience);
  // Waits for its end; whether it exited with 0.
  bool ended(std::chrono::seconds patience);
  void terminate();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string buffer_;
  std::optional<int> status_;
};

// The text value of `key` in a line of JSON; empty where there is none.
std::string textIn(const std::string& json, const std::string& key);

}  // namespace qd::bench
