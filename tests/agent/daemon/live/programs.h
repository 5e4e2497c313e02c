// SPDX-License-Identifier: Apache-2.0
// Real programs for the agent's integration tests: quarterdeckd and the test game as child processes, killed at the end
// of their scope, and a client of the service. Every wait has a deadline.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quarterdeck/v1/quarterdeck.grpc.pb.h"

namespace qd::live {

namespace pb = quarterdeck::v1;

class Child {
 public:
  Child() = default;
  Child(const std::vector<std::string>& command, const std::vector<std::string>& environment = {});
  ~Child();
  Child(Child&& other) noexcept { swap(other); }
  Child& operator=(Child&& other) noexcept {
    swap(other);
    return *this;
  }

  int pid() const { return pid_; }
  void signal(int number) const;
  int wait(std::chrono::seconds within = std::chrono::seconds(20));  // exit code, or -signal; -1000: still runs
  // The next line of its stdout that contains `text`; empty: none in time.
  std::string line(const std::string& text, std::chrono::seconds within = std::chrono::seconds(20));
  std::string errors() const;  // what stderr has so far

 private:
  void swap(Child& other);
  int pid_ = -1, out_ = -1;
  std::string pending_, errorFile_;
};

class Folder {
 public:
  Folder();
  ~Folder();
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

class Agent {
 public:
  explicit Agent(const Folder& folder, std::vector<std::string> more = {"--allow-debug"});
  const std::string& address() const { return address_; }
  Child& child() { return child_; }
  Child game(const std::string& id, std::vector<std::string> more = {}) const;
  std::unique_ptr<pb::Agent::Stub> stub() const;
  pb::DescribeResponse describe() const;
  // Polls describe until the process is there and `is` holds.
  std::optional<pb::Process> process(
      const std::string& id,
      const std::function<bool(const pb::Process&)>& is = [](const pb::Process&) { return true; }) const;

 private:
  std::string socket_, address_;
  Child child_;
};

bool running(const pb::Process& process);
bool within(std::chrono::seconds time, const std::function<bool()>& condition);

}  // namespace qd::live
