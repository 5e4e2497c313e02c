// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/adapter_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace qd::debug {
namespace {

constexpr int kUpWithinMs = 10'000;

bool onPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::stringstream folders(path ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

// The child's side: its own session, so that a Ctrl-C at a terminal does not reach it before we have cleared up.
[[noreturn]] void become(const std::vector<std::string>& command, int in, int out) {
  ::setsid();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(in, 0);
  ::dup2(out, 1);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere >= 0) ::dup2(nowhere, 2);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<AdapterProcess>> AdapterProcess::start(const Quirks& quirks) {
  std::vector<std::string> command;
  std::string tried;
  for (auto& candidate : quirks.commands()) {
    tried += (tried.empty() ? "" : ", ") + candidate.front();
    if (command.empty() && onPath(candidate.front())) command = std::move(candidate);
  }
  if (command.empty()) {
    return fail(ErrorCode::NotFound, fmt::format("No debugger of the kind {} is installed here (looked for {}).",
                                                 nameOf(quirks.kind()), tried));
  }
  int toChild[2], fromChild[2];
  if (::pipe2(toChild, O_CLOEXEC) != 0) return failErrno("Making a pipe", errno);
  if (::pipe2(fromChild, O_CLOEXEC) != 0) {
    const int error = errno;
    for (const int fd : toChild) ::close(fd);
    return failErrno("Making a pipe", error);
  }
  std::unique_ptr<AdapterProcess> adapter(new AdapterProcess);
  adapter->name_ = command.front();
  adapter->pid_ = ::fork();
  if (adapter->pid_ == 0) become(command, toChild[0], fromChild[1]);
  const int error = errno;
  ::close(toChild[0]);
  ::close(fromChild[1]);
  adapter->write_ = toChild[1];
  adapter->read_ = fromChild[0];
  if (adapter->pid_ < 0) return failErrno("Starting " + command.front(), error);
  if (quirks.servesOnPort()) {
    if (auto connected = adapter->connect(); !connected) return std::unexpected(connected.error());
  }
  return adapter;
}

// The port stands in the first line that it prints.
Result<> AdapterProcess::connect() {
  chatter_ = std::exchange(read_, -1);
  std::string line;
  while (line.find('\n') == std::string::npos) {
    pollfd waiting{chatter_, POLLIN, 0};
    char byte = 0;
    if (line.size() > 4096 || ::poll(&waiting, 1, kUpWithinMs) <= 0 || ::read(chatter_, &byte, 1) != 1) {
      return fail(ErrorCode::Unavailable, fmt::format("{} did not say where it listens.", name_));
    }
    line += byte;
  }
  line.pop_back();
  const auto port = Quirks::portIn(line);
  if (!port) return fail(ErrorCode::Unavailable, fmt::format("{} did not start: {}", name_, line));
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failErrno("Making a socket", errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(*port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd);
    return failErrno(fmt::format("Connecting to {} on port {}", name_, *port), error);
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::close(std::exchange(write_, fd));
  read_ = ::dup(fd);
  return {};
}

bool AdapterProcess::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::write(write_, bytes.data() + sent, bytes.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

void AdapterProcess::closeWrite() {
  if (write_ >= 0) {
    ::shutdown(write_, SHUT_WR);  // a socket; on a pipe it does nothing
    ::close(std::exchange(write_, -1));
  }
}

bool AdapterProcess::endsWithin(int ms) {
  if (pid_ <= 0) return true;
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (fd < 0) return errno == ESRCH;
  pollfd ending{fd, POLLIN, 0};
  const bool ended = ::poll(&ending, 1, ms) == 1;
  ::close(fd);
  if (ended) ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  return ended;
}

AdapterProcess::~AdapterProcess() {
  for (const int fd : {read_, write_, chatter_}) {
    if (fd >= 0) ::close(fd);
  }
  if (pid_ > 0) ::waitpid(pid_, nullptr, WNOHANG);
}

}  // namespace qd::debug
