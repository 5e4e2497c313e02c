// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

namespace qd::bench {
namespace {

using Clock = std::chrono::steady_clock;

int left(Clock::time_point deadline) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(ms, 0));
}

}  // namespace

Child::Child(std::vector<std::string> command) {
  std::error_code error;
  const auto bin = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  command.front() = (bin / command.front()).string();
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  if (posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) pid_ = -1;
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  out_ = ends[0];
}

Child::~Child() {
  terminate();
  if (!ended(std::chrono::seconds(10)) && pid_ > 0 && !status_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) close(out_);
}

std::optional<std::string> Child::line(std::chrono::seconds patience) {
  const auto deadline = Clock::now() + patience;
  while (out_ >= 0) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::string found = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return found;
    }
    pollfd fd{out_, POLLIN, 0};
    if (poll(&fd, 1, left(deadline)) <= 0) return std::nullopt;
    char bytes[4096];
    const ssize_t n = read(out_, bytes, sizeof bytes);
    if (n <= 0) return std::nullopt;
    buffer_.append(bytes, static_cast<std::size_t>(n));
  }
  return std::nullopt;
}

bool Child::ended(std::chrono::seconds patience) {
  if (pid_ < 0) return false;
  if (!status_) {
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    pollfd end{fd, POLLIN, 0};
    const bool over = fd >= 0 && poll(&end, 1, left(Clock::now() + patience)) > 0;
    if (fd >= 0) close(fd);
    int status = 0;
    if (!over || waitpid(pid_, &status, 0) != pid_) return false;
    status_ = status;
  }
  return WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0;
}

void Child::terminate() {
  if (pid_ > 0 && !status_) kill(pid_, SIGTERM);
}

std::string textIn(const std::string& json, const std::string& key) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  return parsed.is_object() ? parsed.value(key, "") : "";
}

}  // namespace qd::bench
