// SPDX-License-Identifier: Apache-2.0
// Real processes on real UDP, without an agent: a server, its bots and an editor find each other, play and report.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Process {
  pid_t pid = -1;
  FILE* out = nullptr;

  explicit Process(std::vector<std::string> words) {
    words[0] = std::string(QD_BIN_DIR) + "/" + words[0];
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    pid = fork();
    if (pid == 0) {
      std::vector<char*> arguments;
      for (auto& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      setenv("QUARTERDECK_SOCKET", "/nonexistent/probe.sock", 1);
      dup2(ends[1], STDOUT_FILENO);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    close(ends[1]);
    out = fdopen(ends[0], "r");
  }
  ~Process() {
    if (out != nullptr) fclose(out);
    if (pid > 0) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }
  std::string line() {
    char buffer[4096] = "";
    return fgets(buffer, sizeof buffer, out) != nullptr ? buffer : "";
  }
  int wait() {
    int status = 0;
    waitpid(std::exchange(pid, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

nlohmann::json read(const fs::path& path) {
  std::ifstream in(path);
  return nlohmann::json::parse(in, nullptr, false);
}

struct Processes : ::testing::Test {
  fs::path folder;
  void SetUp() override {
    auto pattern = (fs::temp_directory_path() / "qd-stage-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }
  std::string path(const char* name) const { return (folder / name).string(); }
};

}  // namespace

TEST_F(Processes, PlayUnderImpairmentAndReport) {
  Process server({"quarterdeck-stage-server", "--impair", "60ms/8ms/1%", "--report", path("server.json")});
  const auto address = nlohmann::json::parse(server.line())["listen"].get<std::string>();
  Process bots({"quarterdeck-stage-bots", "--server", address, "--bots", "20", "--impair", "60ms/8ms/1%", "--for", "6s",
                "--report", path("bots.json")});
  Process editor({"quarterdeck-stage-editor", "--server", address, "--impair", "60ms/8ms/1%", "--for", "5s", "--report",
                  path("editor.json")});
  EXPECT_TRUE(nlohmann::json::parse(bots.line())["ready"].get<bool>());
  EXPECT_TRUE(nlohmann::json::parse(editor.line())["ready"].get<bool>());
  EXPECT_EQ(editor.wait(), 0);
  EXPECT_EQ(bots.wait(), 0);
  kill(server.pid, SIGTERM);
  EXPECT_EQ(server.wait(), 0);

  const auto b = read(folder / "bots.json"), e = read(folder / "editor.json"), s = read(folder / "server.json");
  ASSERT_TRUE(b.is_object() && e.is_object() && s.is_object());
  EXPECT_EQ(b["connected"], 20);
  EXPECT_EQ(b["reconnects"], 0);
  EXPECT_EQ(b["undecodable"], 0);
  EXPECT_TRUE(e["connected"].get<bool>());
  EXPECT_GT(e["snapshots"], 50);
  EXPECT_GT(e["interpolated"].get<double>(), 0.7 * e["frames"].get<double>());
  EXPECT_GT(e["confirmed"], 50);
  EXPECT_GT(e["rtt_ms"], 90.0);
  EXPECT_EQ(s["players_most"], 21);
  EXPECT_EQ(s["npcs"], 120);
  EXPECT_GT(s["ticks"], 200);
  EXPECT_GT(s["shots"], 5);
}

TEST_F(Processes, WrongWordsEndWithTwoAndOneSentence) {
  const std::vector<std::vector<std::string>> wrong = {
      {"quarterdeck-stage", "--servers", "none"},    {"quarterdeck-stage", "--impair", "soon"},
      {"quarterdeck-stage", "--for", "3"},           {"quarterdeck-stage", "--agent", "nowhere"},
      {"quarterdeck-stage-server", "--listen", "x"}, {"quarterdeck-stage-bots"},
      {"quarterdeck-stage-editor", "--bogus"}};
  for (const auto& words : wrong) {
    Process process(words);
    EXPECT_EQ(process.line(), "");
    EXPECT_EQ(process.wait(), 2) << words[0] << " " << words.back();
  }
}

TEST_F(Processes, AServerWhosePortIsTakenSaysSo) {
  Process first({"quarterdeck-stage-server"});
  const auto address = nlohmann::json::parse(first.line())["listen"].get<std::string>();
  Process second({"quarterdeck-stage-server", "--listen", address});
  EXPECT_EQ(second.line(), "");
  EXPECT_EQ(second.wait(), 1);
}
