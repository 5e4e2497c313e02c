// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/daemon/live/programs.h"
#include "tests/support/paths.h"
#include "tests/support/within.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

extern char** environ;

namespace qd::live {

using Clock = std::chrono::steady_clock;

Child::Child(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
  static std::atomic<int> number{0};
  errorFile_ = (std::filesystem::temp_directory_path() /
                ("qdlive-" + std::to_string(::getpid()) + "-" + std::to_string(++number) + ".err"))
                   .string();
  int pipes[2];
  if (::pipe2(pipes, O_CLOEXEC) != 0) return;
  out_ = pipes[0];
  std::vector<char*> argv;
  for (const auto& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> env;
  for (char** e = environ; *e; ++e) env.push_back(*e);
  for (const auto& entry : environment) env.push_back(const_cast<char*>(entry.c_str()));
  env.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, errorFile_.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), env.data()) != 0) pid_ = -1;
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipes[1]);
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) ::close(out_);
  if (!errorFile_.empty()) ::unlink(errorFile_.c_str());
}

void Child::swap(Child& other) {
  std::swap(pid_, other.pid_);
  std::swap(out_, other.out_);
  std::swap(pending_, other.pending_);
  std::swap(errorFile_, other.errorFile_);
}

void Child::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

int Child::wait(std::chrono::seconds time) {
  int status = 0;
  const bool ended = within(time, [&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
  if (!ended) return -1000;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string Child::line(const std::string& text, std::chrono::seconds time) {
  const auto until = Clock::now() + time;
  while (true) {
    for (std::size_t end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (line.find(text) != std::string::npos) return line;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd ready{out_, POLLIN, 0};
    char buffer[4096];
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0) return {};
    const ssize_t n = ::read(out_, buffer, sizeof buffer);
    if (n <= 0) return {};
    pending_.append(buffer, static_cast<std::size_t>(n));
  }
}

std::string Child::errors() const {
  std::ostringstream out;
  out << std::ifstream(errorFile_).rdbuf();
  return out.str();
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "qdlive-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

Folder::~Folder() {
  std::filesystem::remove_all(path_);
}

Agent::Agent(const Folder& folder, std::vector<std::string> more) : socket_(folder / "probe.sock") {
  std::vector<std::string> command = {
      paths::kBinDir + "/quarterdeckd", "--listen", "127.0.0.1:0", "--socket", socket_, "--data", folder / "data"};
  command.insert(command.end(), more.begin(), more.end());
  child_ = Child(command);
  const std::string ready = child_.line("\"ready\":true");
  const std::string key = "\"listen\":\"";
  const auto at = ready.find(key);
  if (at != std::string::npos)
    address_ = ready.substr(at + key.size(), ready.find('"', at + key.size()) - at - key.size());
}

Child Agent::game(const std::string& id, std::vector<std::string> more) const {
  std::vector<std::string> command = {paths::kBinDir + "/../tests/quarterdeck-test-game", "--id", id};
  command.insert(command.end(), more.begin(), more.end());
  return Child(command, {"QUARTERDECK_SOCKET=" + socket_});
}

std::unique_ptr<pb::Agent::Stub> Agent::stub() const {
  return pb::Agent::NewStub(grpc::CreateChannel(address_, grpc::InsecureChannelCredentials()));
}

pb::DescribeResponse Agent::describe() const {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  pb::DescribeResponse response;
  stub()->Describe(&context, {}, &response);
  return response;
}

std::optional<pb::Process> Agent::process(const std::string& id,
                                          const std::function<bool(const pb::Process&)>& is) const {
  std::optional<pb::Process> found;
  within(std::chrono::seconds(20), [&] {
    const auto description = describe();
    for (const auto& process : description.processes()) {
      if (process.id() == id && is(process)) found = process;
    }
    return found.has_value();
  });
  return found;
}

bool running(const pb::Process& process) {
  return process.state() == pb::Process::RUNNING;
}

bool within(std::chrono::seconds time, const std::function<bool()>& condition) {
  return qd::testing::within(time, condition);
}

}  // namespace qd::live
