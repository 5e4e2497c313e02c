// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/guardian.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "agent/debug/adapter_process.h"
#include "agent/debug/protocol.h"
#include "agent/debug/target.h"
#include "agent/debug/tracee.h"
#include "core/base/clock.h"

namespace qd::debug {
namespace {

constexpr std::int64_t kLetGoWithinNs = 10 * kNsPerSecond;
constexpr int kLookEveryMs = 250;
constexpr std::int64_t kUntracedWithinNs = 10 * kNsPerSecond;  // until whoever traces it before us has let go
constexpr int kEndWithinMs = 2'000;                            // what a debugger may take to end once it is told

class Guardian {
 public:
  explicit Guardian(const GuardianOptions& options) : options_(options), quirks_(options.debugger) {}
  ~Guardian() {
    for (const int fd : {process_, signals_}) {
      if (fd >= 0) ::close(fd);
    }
  }

  int run();

 private:
  Result<> begin();
  Result<> awaitUntraced();
  void turn(int timeoutMs);
  void fromAgent();
  void fromAdapter();
  void letGo(bool agentGone);
  void look();
  void tell(const Told& told);
  bool endDebugger();
  void cleanUp();

  const GuardianOptions options_;
  const Quirks quirks_;
  int process_ = -1, signals_ = -1;  // a pidfd; a signalfd
  bool agentThere_ = true, adapterThere_ = true, done_ = false, wedgedBefore_ = false;
  std::int64_t letGoAt_ = 0;  // monotonic; 0: not yet
  std::unique_ptr<AdapterProcess> adapter_;
  std::unique_ptr<Target> target_;
  LineReader lines_;
};

void Guardian::tell(const Told& told) {
  if (!agentThere_) return;
  const std::string line = lineOf(told);
  std::size_t sent = 0;
  while (sent < line.size()) {
    const ssize_t n = ::send(options_.control, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      agentThere_ = false;  // noticed here or by poll(): the same end
      return;
    }
    sent += static_cast<std::size_t>(n);
  }
}

Result<> Guardian::begin() {
  process_ = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(options_.pid), 0));
  if (process_ < 0) return failErrno(fmt::format("There is no process {} to debug", options_.pid), errno);
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);  // what a debugger leaves behind is ours to end
  if (auto untraced = awaitUntraced(); !untraced) return untraced;
  auto adapter = AdapterProcess::start(quirks_);
  if (!adapter) return std::unexpected(adapter.error());
  adapter_ = std::move(*adapter);
  target_ = std::make_unique<Target>(
      options_.debugger, options_.pid,
      TargetPort{[this](const std::string& bytes) { adapterThere_ = adapter_->send(bytes) && adapterThere_; },
                 [this](const Told& told) {
                   tell(told);
                   done_ = done_ || std::holds_alternative<Gone>(told);
                 },
                 [this](int signal) { ::syscall(SYS_pidfd_send_signal, process_, signal, nullptr, 0); },
                 [this] { return isTrapPending(options_.pid); }, [] { return utcNowNs(); }});
  target_->start();
  return {};
}

// A process has one tracer. The one before us may be about to let go: a debugger that attaches meanwhile says no more
// than that it lost its connection.
Result<> Guardian::awaitUntraced() {
  const std::int64_t until = monotonicNs() + kUntracedWithinNs;
  std::int64_t tracer = tracerOf(options_.pid);
  while (tracer != 0 && monotonicNs() < until) {
    const int other = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(tracer), 0));
    // Its end is told; that it lets go without ending is not.
    std::array<pollfd, 4> fds = {
        {{other, POLLIN, 0}, {process_, POLLIN, 0}, {options_.control, POLLRDHUP, 0}, {signals_, POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), kLookEveryMs / 5);
    if (other >= 0) ::close(other);
    if (fds[1].revents != 0) return fail(ErrorCode::NotFound, "The process is gone.");
    if (fds[2].revents != 0 || fds[3].revents != 0) return fail(ErrorCode::Unavailable, "Nobody wants it any more.");
    tracer = tracerOf(options_.pid);
  }
  if (tracer == 0) return {};
  return fail(ErrorCode::Unavailable,
              fmt::format("Process {} is debugged by {} (pid {}) already; a process has one debugger at a time.",
                          options_.pid, nameOf(tracer), tracer));
}

void Guardian::letGo(bool agentGone) {
  if (letGoAt_ != 0) return;
  letGoAt_ = monotonicNs();
  if (agentGone) agentThere_ = false;
  target_->detach([this] { done_ = true; });
}

void Guardian::fromAgent() {
  std::array<char, 16384> buffer;
  const ssize_t n = ::read(options_.control, buffer.data(), buffer.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) return letGo(true);
  auto lines = lines_.feed(buffer.data(), static_cast<std::size_t>(n));
  if (!lines) return letGo(false);
  for (const std::string& line : *lines) {
    const auto order = orderIn(line);
    if (!order) {
      tell(Output{order.error().message, false});
    } else if (std::holds_alternative<Detach>(*order)) {
      letGo(false);
    } else if (letGoAt_ == 0) {
      target_->obey(*order);
    }
  }
}

void Guardian::fromAdapter() {
  std::array<char, 65536> buffer;
  const ssize_t n = ::read(adapter_->readFd(), buffer.data(), buffer.size());
  if (n < 0 && errno == EINTR) return;
  const Result<> fine = n > 0 ? target_->fromAdapter({buffer.data(), static_cast<std::size_t>(n)}) : Result<>();
  if (n > 0 && fine) return;
  adapterThere_ = false;
  cleanUp();
  target_->adapterClosed(fine ? fmt::format("{} has ended.", adapter_->name()) : fine.error().message);
}

// Debuggers end when nobody speaks with them any more; lldb's adapter hangs at it now and then. Whatever it has let go
// of by then it cannot harm.
bool Guardian::endDebugger() {
  adapter_->closeWrite();
  if (adapter_->endsWithin(kEndWithinMs) && descendants().empty()) return false;
  for (const std::int64_t one : descendants()) ::kill(static_cast<pid_t>(one), SIGKILL);
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  return true;
}

// The debugger has ended without clearing up, or does not answer: what it has put into the process comes out before the
// process comes to it, and whoever still traces it goes. Without SIGCONT a SIGSTOP that the debugger had in hand would
// leave it standing for good.
void Guardian::cleanUp() {
  std::size_t removed = removeLeftTraps(options_.pid);
  (void)endDebugger();
  // The kernel's list of children is not exact while some of them end: what traces it is asked of the process itself.
  for (std::int64_t tracer = 0; (tracer = tracerOf(options_.pid)) != 0;) {
    if (::waitpid(static_cast<pid_t>(tracer), nullptr, WNOHANG) < 0) break;  // none of ours
    ::kill(static_cast<pid_t>(tracer), SIGKILL);
    ::waitpid(static_cast<pid_t>(tracer), nullptr, 0);
  }
  removed += removeLeftTraps(options_.pid);
  ::syscall(SYS_pidfd_send_signal, process_, SIGCONT, nullptr, 0);
  if (removed > 0) tell(Output{fmt::format("{} breakpoints were left in it; they are out.", removed), false});
}

// Nothing has happened for a while: is that true?
void Guardian::look() {
  const char state = stateOf(options_.pid);
  // Dead, but not told to anybody: a process that is killed while its tracer does not wait for it never makes its pidfd
  // readable.
  if (state == 'Z' || state == 'X') return target_->processExited("The process was killed.");
  const bool wedged = target_->shouldRun() && (state == 't' || state == 'T');
  if (wedged && wedgedBefore_) target_->unwedge();
  wedgedBefore_ = wedged && !wedgedBefore_;
}

void Guardian::turn(int timeoutMs) {
  std::array<pollfd, 5> fds = {{{agentThere_ ? options_.control : -1, POLLIN, 0},
                                {adapterThere_ ? adapter_->readFd() : -1, POLLIN, 0},
                                {adapter_->chatterFd(), POLLIN, 0},
                                {process_, POLLIN, 0},
                                {signals_, POLLIN, 0}}};
  const int ready = ::poll(fds.data(), fds.size(), timeoutMs);
  if (ready < 0) return;
  if (ready == 0) return look();
  if (fds[2].revents & POLLIN) {
    std::array<char, 4096> chatter;
    (void)!::read(adapter_->chatterFd(), chatter.data(), chatter.size());
  }
  // Orders first: a stop must not wait for what the debugger has to say.
  if (fds[0].revents != 0) fromAgent();
  if (fds[1].revents != 0 && adapterThere_) fromAdapter();
  // Its end is told here too: delve says nothing of a process that dies while it is stopped.
  if ((fds[3].revents & POLLIN) != 0) target_->processExited("The process is gone.");
  if ((fds[4].revents & POLLIN) != 0) letGo(false);
}

int Guardian::run() {
  if (auto begun = begin(); !begun) {
    tell(Gone{false, begun.error().message});
    return 1;
  }
  while (!done_) {
    if (!agentThere_) letGo(true);
    if (done_) break;
    if (letGoAt_ != 0 && monotonicNs() - letGoAt_ > kLetGoWithinNs) {  // it does not answer
      cleanUp();
      return 1;
    }
    turn(kLookEveryMs);
  }
  if (endDebugger()) cleanUp();
  return 0;
}

}  // namespace

int guard(const GuardianOptions& options) {
  return Guardian(options).run();
}

}  // namespace qd::debug
