// SPDX-License-Identifier: Apache-2.0
// A ticking program of the tests, and a guardian on it as an agent has one. Whether the program runs is read from the
// outside, from the file it counts into.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <variant>
#include <vector>

#include "agent/debug/guardian_link.h"
#include "tests/support/paths.h"
#include "tests/support/within.h"

namespace qd::debug {

inline constexpr int kLine = 19;

struct Kind {
  DebuggerKind debugger;
  const char* program;
  const char* source;
  const char* function;
};
inline const Kind kGo{DebuggerKind::Delve, "debug-ticker-go", "ticker.go", "main.step"};
inline const Kind kCpp{DebuggerKind::Lldb, "debug-ticker-cpp", "ticker.cpp", "step"};

class Ticker {
 public:
  explicit Ticker(const Kind& kind) {
    char name[] = "/tmp/qd-ticker-XXXXXX";
    file_ = ::mkstemp(name);
    name_ = name;
    const std::string program = paths::kBinDir + "/../tests/" + kind.program;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execl(program.c_str(), program.c_str(), name, nullptr);
      ::_exit(127);
    }
    EXPECT_TRUE(testing::within(std::chrono::seconds(20), [&] { return ticks() > 0; })) << program;
  }
  ~Ticker() {
    ::kill(pid_, SIGKILL);
    if (!reaped_) ::waitpid(pid_, nullptr, 0);
    ::close(file_);
    ::unlink(name_.c_str());
  }

  pid_t pid() const { return pid_; }
  std::int64_t ticks() const {
    std::int64_t value = 0;
    return ::pread(file_, &value, sizeof value, 0) == sizeof value ? value : 0;
  }
  void wantThrow() const {
    const char wanted = 1;
    EXPECT_EQ(::pwrite(file_, &wanted, 1, 16), 1);
  }
  bool hasCaught() const {
    char wanted = 1;
    return ::pread(file_, &wanted, 1, 16) == 1 && wanted == 0;
  }
  // It counts on from where it is now.
  bool runs() const {
    const std::int64_t before = ticks();
    return testing::within(std::chrono::seconds(20), [&] { return ticks() > before; });
  }
  bool dead() {
    reaped_ = reaped_ || ::waitpid(pid_, nullptr, WNOHANG) == pid_;
    return reaped_;
  }
  // Who traces it; 0: nobody.
  int tracer() const {
    FILE* status = ::fopen(("/proc/" + std::to_string(pid_) + "/status").c_str(), "r");
    int tracer = -1;
    char line[256];
    while (status && ::fgets(line, sizeof line, status)) ::sscanf(line, "TracerPid: %d", &tracer);
    if (status) ::fclose(status);
    return tracer;
  }

 private:
  pid_t pid_ = -1;
  int file_ = -1;
  bool reaped_ = false;
  std::string name_;
};

class Debugged {
 public:
  Debugged(const Kind& kind, const Ticker& ticker) {
    auto link = GuardianLink::start(paths::kBinDir + "/quarterdeck-guardian", kind.debugger, ticker.pid());
    EXPECT_TRUE(link) << link.error().message;
    if (link) link_ = std::move(*link);
  }
  GuardianLink& link() { return *link_; }
  void letGo() { link_.reset(); }
  // Continue means the newest stop that was read.
  void order(Order order) {
    if (auto* go = std::get_if<Continue>(&order)) go->epoch = epoch_;
    link_->order(order);
  }

  // The next thing of that kind that it tells, and that `meant` accepts; what comes before is passed over. Fails with a
  // sentence, and at once where nothing of it can come any more: a refused breakpoint hits nothing, a guardian that
  // ended tells nothing.
  template <class T>
  std::optional<T> next(const std::function<bool(const T&)>& meant = [](const T&) { return true; }) {
    const auto deadline = std::chrono::steady_clock::now() + kWithin;
    while (true) {
      while (!told_.empty()) {
        Told one = std::move(told_.front());
        told_.erase(told_.begin());
        if (const auto* stop = std::get_if<Stopped>(&one)) epoch_ = stop->epoch;
        if (const auto* resumed = std::get_if<Resumed>(&one)) epoch_ = resumed->epoch;
        if (auto* wanted = std::get_if<T>(&one); wanted && meant(*wanted)) return std::move(*wanted);
        if (const auto* gone = std::get_if<Gone>(&one)) return missed<T>("the guardian ended: " + gone->reason);
        const auto* bound = std::get_if<Bound>(&one);
        if (bound && !bound->ok && !std::is_same_v<T, Bound>) return missed<T>("refused: " + bound->reason);
      }
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd waiting{link_->fd(), POLLIN, 0};
      if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) {
        return missed<T>("nothing of it within 20 s");
      }
      auto told = link_->readable();
      if (!told) return missed<T>("the guardian is gone");
      for (auto& one : *told) told_.push_back(std::move(one));
    }
  }

 private:
  static constexpr std::chrono::seconds kWithin{20};
  template <class T>
  static std::optional<T> missed(const std::string& why) {
    ADD_FAILURE() << "waited for " << typeid(T).name() << "; " << why;
    return std::nullopt;
  }
  std::unique_ptr<GuardianLink> link_;
  std::vector<Told> told_;
  std::uint64_t epoch_ = 0;
};

inline std::string sourceOf(const Kind& kind) {
  return paths::kSourceDir + "/tests/agent/debug/programs/" + kind.source;
}
inline SourceBreakpoint at(const Kind& kind, int line, std::string id = "b1") {
  return {std::move(id), 1, sourceOf(kind), "", line, "", 0, ""};
}

}  // namespace qd::debug
