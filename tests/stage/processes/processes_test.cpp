// SPDX-License-Identifier: Apache-2.0
// Real processes on real UDP, without an agent: a server, its bots and an editor find each other, play and report.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/stage/processes/process.h"

namespace qd::stage {
namespace {

namespace fs = std::filesystem;

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
  Process bots(
      {"quarterdeck-stage-bots", "--server", address, "--bots", "20", "--for", "6s", "--report", path("bots.json")});
  Process editor({"quarterdeck-stage-editor", "--server", address, "--for", "5s", "--report", path("editor.json")});
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

}  // namespace qd::stage
