// SPDX-License-Identifier: Apache-2.0
#include "stage/launcher/stage_set.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "stage/runtime/udp.h"

namespace qd::stage {
namespace {

constexpr std::int64_t kStartNs = 60'000'000'000;

// "listen" of a child's ready line.
std::expected<std::string, std::string> listenOf(const std::string& name, const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_object() && json.contains("listen") && json["listen"].is_string())
    return json["listen"].get<std::string>();
  return std::unexpected(name + " printed \"" + line.substr(0, 120) +
                         "\" instead of its address: are all programs of one build?");
}

std::string zoneOf(int index) {
  return std::string("zone-") + static_cast<char>('a' + index % 26);
}

}  // namespace

StageSet::StageSet(StageOptions options, int terminationFd) : options_(std::move(options)), children_(terminationFd) {
  std::error_code error;
  bin_ = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

StageSet::~StageSet() {
  children_.stopAll();
  std::error_code error;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
  if (lock_ >= 0) close(lock_);
}

std::string StageSet::program(const std::string& name) const {
  return (bin_ / name).string();
}

std::expected<void, std::string> StageSet::start() {
  std::error_code error;
  auto pattern = (std::filesystem::temp_directory_path(error) / "quarterdeck-stage-XXXXXX").string();
  if (error || mkdtemp(pattern.data()) == nullptr) {
    return std::unexpected("Cannot make a folder like " + pattern + ": " + std::strerror(errno) + ".");
  }
  folder_ = pattern;
  lock_ = ::open((folder_ / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock_ >= 0) flock(lock_, LOCK_EX | LOCK_NB);
  sweep();
  deadlineNs_ = monotonicNs() + kStartNs;
  for (const auto step :
       {&StageSet::startAgents, &StageSet::startServers, &StageSet::startClients, &StageSet::awaitAll}) {
    if (auto done = (this->*step)(); !done) return done;
  }
  return {};
}

// A launcher that was killed could not remove its folder. The lock of a living one is held, whatever its process id.
void StageSet::sweep() const {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.parent_path(), error)) {
    if (!entry.path().filename().string().starts_with("quarterdeck-stage-") || entry.path() == folder_) continue;
    const int lock = ::open((entry.path() / "lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0) continue;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) std::filesystem::remove_all(entry.path(), error);
    close(lock);
  }
}

std::expected<void, std::string> StageSet::startAgents() {
  for (int i = 0; i < options_.agents; ++i) {
    const auto name = "quarterdeckd-" + std::to_string(i + 1);
    Agent agent{0, "", (folder_ / ("agent-" + std::to_string(i + 1) + ".sock")).string(), (folder_ / name).string()};
    std::error_code error;
    std::filesystem::create_directory(agent.data, error);
    const auto child =
        children_.start(name, {program("quarterdeckd"), "--listen", i == 0 ? options_.agent : "127.0.0.1:0", "--socket",
                               agent.socket, "--data", agent.data, "--allow-debug"});
    if (!child) return std::unexpected(child.error());
    agent.child = *child;
    agents_.push_back(agent);
  }
  for (auto& agent : agents_) {
    const auto line = children_.line(agent.child, deadlineNs_);
    if (!line) return std::unexpected(line.error());
    const auto listen = listenOf(children_.at(agent.child).name, *line);
    if (!listen) return std::unexpected(listen.error());
    agent.listen = *listen;
  }
  return {};
}

std::expected<void, std::string> StageSet::startServers() {
  for (int i = 0; i < options_.servers; ++i) {
    const auto id = "server-" + std::to_string(i + 1);
    const auto& agent = agents_[static_cast<std::size_t>(i) % agents_.size()];
    std::vector<std::string> words = {program("quarterdeck-stage-server"),
                                      "--id",
                                      id,
                                      "--socket",
                                      agent.socket,
                                      "--zone",
                                      zoneOf(i),
                                      "--tick-hz",
                                      std::to_string(options_.tickHz),
                                      "--seed",
                                      std::to_string(options_.seed * 1'000 + static_cast<std::uint64_t>(i)),
                                      "--secret",
                                      "stage-" + std::to_string(options_.seed),
                                      "--impair",
                                      options_.impair};
    if (!options_.scenario.empty()) {
      words.insert(words.end(), {"--scenario", options_.scenario, "--scenario-after", options_.scenarioAfter,
                                 "--scenario-player", std::to_string(options_.scenarioPlayer)});
    }
    const auto child = children_.start(id, words);
    if (!child) return std::unexpected(child.error());
    servers_.push_back({*child, id, ""});
  }
  for (auto& server : servers_) {
    const auto line = children_.line(server.child, deadlineNs_);
    if (!line) return std::unexpected(line.error());
    const auto listen = listenOf(server.id, *line);
    if (!listen) return std::unexpected(listen.error());
    server.listen = *listen;
  }
  return {};
}

std::expected<void, std::string> StageSet::startClients() {
  const auto secret = "stage-" + std::to_string(options_.seed);
  for (int i = 0; i < options_.editors; ++i) {
    const auto id = "editor-" + std::to_string(i + 1);
    const auto home = static_cast<std::size_t>(i) % servers_.size();
    const auto& agent = agents_[(home + (options_.apart ? 1 : 0)) % agents_.size()];
    const auto child = children_.start(
        id, {program("quarterdeck-stage-editor"), "--id", id, "--domain", servers_[home].id, "--server",
             servers_[home].listen, "--socket", agent.socket, "--zone", zoneOf(static_cast<int>(home)), "--secret",
             secret, "--seed", std::to_string(options_.seed * 1'000 + 500 + static_cast<std::uint64_t>(i))});
    if (!child) return std::unexpected(child.error());
    editors_.push_back({*child, id, ""});
  }
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const auto child =
        children_.start("bots of " + servers_[i].id, {program("quarterdeck-stage-bots"), "--server", servers_[i].listen,
                                                      "--bots", std::to_string(options_.bots), "--secret", secret,
                                                      "--seed", std::to_string(options_.seed * 1'000 + 700 + i)});
    if (!child) return std::unexpected(child.error());
    bots_.push_back(*child);
  }
  return {};
}

// Servers and editors say a second time that they are attached; bots and editors once that they are in the game.
std::expected<void, std::string> StageSet::awaitAll() {
  std::vector<std::size_t> lines = bots_;
  for (const auto& server : servers_) lines.push_back(server.child);
  for (const auto& editor : editors_) lines.insert(lines.end(), 2, editor.child);
  for (const auto child : lines) {
    if (const auto line = children_.line(child, deadlineNs_); !line) return std::unexpected(line.error());
  }
  return {};
}

std::string StageSet::readyLine() const {
  nlohmann::ordered_json json{{"ready", true}, {"agent", agents_.front().listen}};
  for (const auto& a : agents_) {
    json["agents"].push_back(
        {{"listen", a.listen}, {"pid", children_.at(a.child).pid}, {"socket", a.socket}, {"data", a.data}});
  }
  for (const auto& s : servers_) {
    json["processes"].push_back({{"id", s.id}, {"kind", "server"}, {"pid", children_.at(s.child).pid}});
  }
  for (const auto& e : editors_) {
    json["processes"].push_back({{"id", e.id}, {"kind", "editor"}, {"pid", children_.at(e.child).pid}});
  }
  for (const auto child : bots_) json["bots"].push_back({{"pid", children_.at(child).pid}});
  return json.dump();
}

void StageSet::run() {
  const auto end = options_.forNs > 0 ? monotonicNs() + options_.forNs : INT64_MAX;
  children_.watch(end, [](const Child& child) {
    std::fprintf(stderr, "quarterdeck-stage: %s (pid %d) %s; the stage goes on without it.\n", child.name.c_str(),
                 child.pid, howItEnded(child.status).c_str());
  });
  children_.stopAll();
}

}  // namespace qd::stage
