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

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "agent/debug/adapter_process.h"
#include "agent/debug/protocol.h"
#include "agent/debug/rescue.h"
#include "agent/debug/target.h"
#include "agent/debug/tracee.h"
#include "agent/debug/untraced.h"
#include "core/base/clock.h"

namespace qd::debug {
namespace {

constexpr std::int64_t kLetGoWithinNs = 10 * kNsPerSecond;
constexpr int kLookEveryMs = 250;
constexpr int kEndWithinMs = 2'000;  // what a debugger may take to end once it is told

class Guardian {
 public:
  explicit Guardian(const GuardianOptions& options) : options_(options), quirks_(options.debugger) {}
  ~Guardian() {
    for (const int fd : {process_, signals_, tracer_}) {
      if (fd >= 0) ::close(fd);
    }
  }

  int run();

 private:
  Result<> begin();
  void turn(int timeoutMs);
  void fromAgent();
  void fromAdapter();
  void letGo(bool agentGone);
  void look();
  int dueInMs() const;
  void tell(const Told& told);
  bool endDebugger();
  void cleanUp();
  void watchTracer();
  void tracerEnded();
  void fromTarget(const Told& told);

  const GuardianOptions options_;
  const Quirks quirks_;
  int process_ = -1, signals_ = -1, tracer_ = -1;  // a pidfd; a signalfd; a pidfd
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
  if (auto untraced = awaitUntraced(options_.pid, process_, {options_.control, signals_}); !untraced) return untraced;
  auto adapter = AdapterProcess::start(quirks_);
  if (!adapter) return std::unexpected(adapter.error());
  adapter_ = std::move(*adapter);
  target_ = std::make_unique<Target>(
      options_.debugger, options_.pid,
      TargetPort{[this](const std::string& bytes) { adapterThere_ = adapter_->send(bytes) && adapterThere_; },
                 [this](const Told& told) { fromTarget(told); },
                 [this](int signal) { ::syscall(SYS_pidfd_send_signal, process_, signal, nullptr, 0); },
                 [this] { return isTrapPending(options_.pid); }, [this] { return isThere(options_.pid); },
                 [] { return utcNowNs(); }});
  target_->start();
  return {};
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

// The debugger has ended without clearing up, or does not answer.
void Guardian::cleanUp() {
  const std::size_t removed = rescue(options_.pid, process_);
  if (removed > 0) tell(Output{fmt::format("{} breakpoints were left in it; they are out.", removed), false});
}

// Whoever traces it is watched too: it may end before its adapter, and the process runs from then on.
void Guardian::watchTracer() {
  const std::int64_t tracer = tracerOf(options_.pid);
  if (tracer_ < 0 && tracer != 0) {
    tracer_ = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(tracer), 0));
  }
}

void Guardian::tracerEnded() {
  ::close(std::exchange(tracer_, -1));
  if (letGoAt_ == 0 && isThere(options_.pid))
    target_->adapterClosed(fmt::format("{} has ended.", nameOf(options_.debugger)));
}

// What it has left is out before anybody hears of its end, who might attach the next one.
void Guardian::fromTarget(const Told& told) {
  if (std::holds_alternative<Attached>(told)) watchTracer();
  if (const auto* gone = std::get_if<Gone>(&told)) {
    done_ = true;
    if (!gone->exited && !target_->letGoInOrder()) cleanUp();
  }
  tell(told);
}

// Nothing has happened for a while: is that true?
void Guardian::look() {
  const char state = stateOf(options_.pid);
  // Dead, but not told to anybody: a process that is killed while its tracer does not wait for it never makes its pidfd
  // readable.
  if (!isThere(options_.pid)) return target_->processExited("The process was killed.");
  const bool stands = state == 't' || state == 'T';
  if (target_->shouldRun() && !stands) target_->settled();
  const bool wedged = target_->shouldRun() && stands;
  if (wedged && wedgedBefore_) target_->unwedge();
  wedgedBefore_ = wedged && !wedgedBefore_;
}

int Guardian::dueInMs() const {
  const auto due = target_->dueNs();
  if (!due) return kLookEveryMs;
  const std::int64_t left = *due - utcNowNs();
  return static_cast<int>(std::clamp<std::int64_t>((left + kNsPerMs - 1) / kNsPerMs, 0, kLookEveryMs));
}

void Guardian::turn(int timeoutMs) {
  std::array<pollfd, 6> fds = {{{agentThere_ ? options_.control : -1, POLLIN, 0},
                                {adapterThere_ ? adapter_->readFd() : -1, POLLIN, 0},
                                {adapter_->chatterFd(), POLLIN, 0},
                                {process_, POLLIN, 0},
                                {signals_, POLLIN, 0},
                                {tracer_, POLLIN, 0}}};
  const int due = dueInMs();
  const int ready = ::poll(fds.data(), fds.size(), std::min(timeoutMs, due));
  if (ready < 0) return;
  target_->onTime();
  if (ready == 0 && due >= timeoutMs) return look();
  if (fds[2].revents & POLLIN) {
    std::array<char, 4096> chatter;
    (void)!::read(adapter_->chatterFd(), chatter.data(), chatter.size());
  }
  // Before all else: the process runs, with what its tracer had put into it.
  if (fds[5].revents != 0) tracerEnded();
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
    if (letGoAt_ != 0 && monotonicNs() - letGoAt_ > kLetGoWithinNs) break;  // it does not answer
    turn(kLookEveryMs);
  }
  if (!done_) cleanUp();
  if (endDebugger()) cleanUp();
  return done_ ? 0 : 1;
}

}  // namespace

int guard(const GuardianOptions& options) {
  return Guardian(options).run();
}

}  // namespace qd::debug
