// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/guardian_link.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace qd::debug {
namespace {

constexpr int kControl = 3;

// The agent has threads: between fork and exec nothing is called that may allocate.
pid_t startProgram(const char* program, char* const* argv, int control) {
  const pid_t guardian = ::fork();
  if (guardian != 0) return guardian;
  if (control == kControl) {
    ::fcntl(control, F_SETFD, 0);
  } else {
    ::dup2(control, kControl);
  }
  ::execv(program, argv);
  ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<GuardianLink>> GuardianLink::start(const std::string& program, DebuggerKind debugger,
                                                          std::int64_t pid) {
  if (::access(program.c_str(), X_OK) != 0) {
    return fail(ErrorCode::NotFound, fmt::format("{} is missing; it belongs beside quarterdeckd.", program));
  }
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return failErrno("Making a socket pair", errno);
  std::string words[] = {program, std::string(nameOf(debugger)), std::to_string(pid)};
  char* const argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  std::unique_ptr<GuardianLink> link(new GuardianLink);
  link->guardian_ = startProgram(program.c_str(), argv, ends[1]);
  const int error = errno;
  ::close(ends[1]);
  link->fd_ = ends[0];
  if (link->guardian_ < 0) return failErrno("Starting the guardian", error);
  ::fcntl(link->fd_, F_SETFL, O_NONBLOCK);
  return link;
}

GuardianLink::~GuardianLink() {
  if (fd_ >= 0) ::close(fd_);
}

// Orders are short and few; a guardian whose socket is full has not read for long and is as good as gone.
void GuardianLink::order(const Order& order) {
  const std::string line = lineOf(order);
  if (::send(fd_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    ::shutdown(fd_, SHUT_RDWR);
  }
}

Result<std::vector<Told>> GuardianLink::readable() {
  std::vector<Told> out;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return out;
    if (n <= 0) {
      if (!out.empty()) return out;  // the next read says it again
      return fail(ErrorCode::Unavailable, "The guardian is gone.");
    }
    auto lines = lines_.feed(buffer.data(), static_cast<std::size_t>(n));
    if (!lines) return std::unexpected(lines.error());
    for (const std::string& line : *lines) {
      if (auto told = toldIn(line)) out.push_back(std::move(*told));
    }
  }
}

}  // namespace qd::debug
