// SPDX-License-Identifier: Apache-2.0
#include "stage/launcher/children.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "stage/runtime/options.h"
#include "stage/runtime/udp.h"

namespace qd::stage {
namespace {

constexpr std::int64_t kGraceNs = 4'000'000'000;

int childSignalFd() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

[[noreturn]] void becomeChild(int out, pid_t launcher, char* const* arguments) {
  // Between fork and exec of a single-threaded program: only system calls.
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launcher) _exit(1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  dup2(out, STDOUT_FILENO);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null >= 0) dup2(null, STDIN_FILENO);
  execv(arguments[0], arguments);
  _exit(127);
}

}  // namespace

std::string howItEnded(int status) {
  if (WIFSIGNALED(status)) {
    return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
  }
  if (WEXITSTATUS(status) == 127) return "could not be run (missing or not executable beside this program)";
  return "exited with code " + std::to_string(WEXITSTATUS(status));
}

Children::Children(int terminationFd) : terminationFd_(terminationFd), childFd_(childSignalFd()) {}

Children::~Children() {
  stopAll();
  if (childFd_ >= 0) close(childFd_);
}

std::expected<std::size_t, std::string> Children::start(const std::string& name,
                                                        const std::vector<std::string>& command) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return std::unexpected("Cannot start " + name + ": " + std::strerror(errno) + ".");
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t launcher = getpid();
  const pid_t pid = fork();
  if (pid == 0) becomeChild(ends[1], launcher, arguments.data());
  const int error = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return std::unexpected("Cannot start " + name + ": " + std::strerror(error) + ".");
  }
  setpgid(pid, pid);  // here as well: whoever comes first
  children_.push_back({name, pid, ends[0], {}, false, 0});
  return children_.size() - 1;
}

void Children::reap() {
  for (auto& child : children_) {
    if (child.ended || waitpid(child.pid, &child.status, WNOHANG) != child.pid) continue;
    child.ended = true;
    kill(-child.pid, SIGKILL);  // what it may have started itself
  }
}

bool Children::allEnded() const {
  return std::all_of(children_.begin(), children_.end(), [](const Child& c) { return c.ended; });
}

// Waits for anything to happen: output, a child's end, a signal to us, or the time.
void Children::pump(std::int64_t untilNs) {
  std::vector<pollfd> fds{{stopped_ ? -1 : terminationFd_, POLLIN, 0}, {childFd_, POLLIN, 0}};
  for (const auto& child : children_) fds.push_back({child.out, POLLIN, 0});
  const auto left = std::clamp<std::int64_t>((untilNs - monotonicNs() + 999'999) / 1'000'000, 0, 60'000);
  poll(fds.data(), fds.size(), static_cast<int>(left));
  if (!stopped_ && terminated(terminationFd_)) stopped_ = true;
  signalfd_siginfo info[8];
  while (read(childFd_, info, sizeof info) > 0) {
  }
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if ((fds[i + 2].revents & (POLLIN | POLLHUP)) == 0) continue;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = read(children_[i].out, buffer, sizeof buffer)) > 0) {
      if (children_[i].buffer.size() < 65'536) children_[i].buffer.append(buffer, static_cast<std::size_t>(size));
    }
    if (size == 0) close(std::exchange(children_[i].out, -1));
  }
  reap();
}

std::expected<std::string, std::string> Children::line(std::size_t index, std::int64_t deadlineNs) {
  auto& child = children_[index];
  for (;;) {
    if (const auto end = child.buffer.find('\n'); end != std::string::npos) {
      std::string line = child.buffer.substr(0, end);
      child.buffer.erase(0, end + 1);
      return line;
    }
    if (stopped_) return std::unexpected("Told to stop before the stage was ready.");
    if (child.ended) return std::unexpected(child.name + " " + howItEnded(child.status) + " before it was ready.");
    if (monotonicNs() >= deadlineNs) {
      return std::unexpected(child.name +
                             " was not ready in time; see what it says above, or try again with less load.");
    }
    pump(deadlineNs);
  }
}

void Children::watch(std::int64_t deadlineNs, const std::function<void(const Child&)>& ended) {
  std::vector<bool> told(children_.size(), false);
  while (!stopped_ && monotonicNs() < deadlineNs) {
    for (std::size_t i = 0; i < children_.size(); ++i) {
      children_[i].buffer.clear();
      if (children_[i].ended && !told[i]) ended(children_[i]);
      told[i] = children_[i].ended;
    }
    pump(deadlineNs);
  }
}

void Children::stopAll() {
  stopped_ = true;
  // Players first, the agents last: so that the last samples and goodbyes still find a reader.
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (child->ended) continue;
    kill(child->pid, SIGTERM);
    const bool agent = child->name.starts_with("quarterdeckd");
    const auto until = monotonicNs() + (agent ? kGraceNs : 50'000'000);
    while (!child->ended && monotonicNs() < until) pump(until);
  }
  const auto until = monotonicNs() + kGraceNs;
  while (!allEnded() && monotonicNs() < until) pump(until);
  for (auto& child : children_) {
    if (!child.ended) kill(-child.pid, SIGKILL);
  }
  while (!allEnded()) pump(monotonicNs() + 1'000'000'000);
  for (auto& child : children_) {
    if (child.out >= 0) close(std::exchange(child.out, -1));
  }
}

}  // namespace qd::stage
