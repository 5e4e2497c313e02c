// SPDX-License-Identifier: Apache-2.0
// The verbs that make a file out of files, with the real program.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/app/cli/program.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::cli {
namespace {

using namespace cli::testing;
using recording::testing::Scratch;

constexpr std::int64_t kStart = 1'700'000'000'000'000'000, kTick = 16'666'667;

class Files : public ::testing::Test {
 protected:
  static std::vector<ingest::EnvelopePtr> events() {
    auto all = recording::testing::game(30);
    const auto other = recording::testing::game(30, "server-2");
    all.insert(all.end(), other.begin(), other.end());
    return all;
  }
  std::string lines(const std::string& path, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"export", path, "--format", "csv"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return ran.out;
  }
  Scratch scratch;
  std::string game = recording::testing::record(scratch, "game.qdrec", events());
};

}  // namespace

TEST_F(Files, ACutIsTheFilteredExport) {
  const std::string out = scratch / "cut.qdrec";
  const std::vector<std::string> stretch{"--from",    "+5s",     "--to", std::to_string(kStart + 1000 * kTick),
                                         "--process", "server-2"};
  std::vector<std::string> words{"--json", "cut", game, "--out", out};
  words.insert(words.end(), stretch.begin(), stretch.end());
  const Ran ran = run(words);
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string expected = lines(game, stretch);
  EXPECT_EQ(lines(out), expected);
  EXPECT_EQ(ran.json()["points"], std::count(expected.begin(), expected.end(), '\n') - 1);
  EXPECT_EQ(run({"verify", out}).code, 0);
}

// Bookmarks stay beside a recording, and go into a copy when asked for.
TEST_F(Files, NotesGoBesideACutOrIntoIt) {
  Child replay({"replay", game, "--listen", "127.0.0.1:0", "--from", "+6s", "--json"});
  const std::string agent = Json::parse(replay.line(), nullptr, false).value("listen", "");
  EXPECT_EQ(run({"--agent", agent, "replay-control", "bookmark", "here it lags"}).code, 0);
  replay.signal(SIGINT);
  EXPECT_EQ(replay.end().code, 0);
  const std::string beside = scratch / "beside.qdrec", within = scratch / "within.qdrec",
                    before = scratch / "before.qdrec";
  ASSERT_EQ(run({"cut", game, "--out", beside, "--from", "+5s"}).code, 0);
  ASSERT_EQ(run({"cut", game, "--out", before, "--to", "+5s", "--with-notes"}).code, 0);
  ASSERT_EQ(run({"cut", game, "--out", within, "--from", "+5s", "--with-notes"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(beside + ".notes"));
  EXPECT_FALSE(std::filesystem::exists(within + ".notes"));
  const auto events = [&](const std::string& path) {
    return run({"--json", "info", path}).json()["events"].get<int>();
  };
  EXPECT_EQ(events(within), events(beside) + 1);
  EXPECT_EQ(run({"verify", within}).code, 0);
  EXPECT_EQ(lines(within), lines(beside));
}

TEST_F(Files, TicksAndTimesOfDayAreMoments) {
  const auto ticks = csv(lines(game, {"--from", "#100", "--to", "#199", "--domain", "server-1", "--process", "server-1",
                                      "--series", "tick.duration"}));
  ASSERT_EQ(ticks.size(), 101u);
  EXPECT_EQ(ticks[1][2], "100");
  EXPECT_EQ(ticks[100][2], "199");
  // 1700000000 is 2023-11-14T22:13:20Z.
  const auto day = csv(lines(game, {"--from", "2023-11-14T22:13:25Z", "--to", "22:13:26.5", "--process", "server-1",
                                    "--series", "tick.duration"}));
  ASSERT_GT(day.size(), 80u);
  EXPECT_EQ(std::stoll(day[1][3]) / 1'000'000'000, 1'700'000'005);
}

TEST_F(Files, ExportStreamsToAFileAsWell) {
  const std::string out = scratch / "out.jsonl";
  ASSERT_EQ(run({"export", game, "--format", "jsonl", "--process", "server-2", "--out", out}).code, 0);
  std::ifstream file(out);
  std::set<std::string> processes;
  for (std::string line; std::getline(file, line);) processes.insert(Json::parse(line)["process"]);
  EXPECT_EQ(processes, std::set<std::string>{"server-2"});
}

TEST_F(Files, MergeOfOverlappingCutsIsTheWhole) {
  ASSERT_EQ(run({"cut", game, "--out", scratch / "1.qdrec", "--to", "+20s"}).code, 0);
  ASSERT_EQ(run({"cut", game, "--out", scratch / "2.qdrec", "--from", "+15s"}).code, 0);
  const Ran ran = run({"--json", "merge", scratch / "2.qdrec", scratch / "1.qdrec", "--out", scratch / "m.qdrec"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_GT(ran.json()["duplicates"], 0);
  const auto sorted = [](const std::string& text) {
    auto rows = csv(text);
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  EXPECT_EQ(sorted(lines(scratch / "m.qdrec")), sorted(lines(game)));
}

TEST_F(Files, AStretchIsKeptAsASessionWithAName) {
  const std::vector<std::string> stretch{"--from", "+5s", "--to", "-10s"};
  std::vector<std::string> words{"--json", "keep", game, "--name", "lag spike"};
  words.insert(words.end(), stretch.begin(), stretch.end());
  const Ran ran = run(words);
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string path = scratch / "kept/lag-spike.qdrec";
  EXPECT_EQ(ran.json()["file"], path);
  EXPECT_EQ(lines(path), lines(game, stretch));
  const Ran again = run(words);
  EXPECT_EQ(again.code, 1);
  EXPECT_NE(again.err.find("lag-spike.qdrec already; give another name"), std::string::npos) << again.err;
}

TEST_F(Files, RedactSaysItsRulesAndWhatItTookOut) {
  EXPECT_EQ(run({"redact", "--rules", "--json"}).json()["rules"].size(), 4u);
  const Ran ran = run({"--json", "redact", game, "--out", scratch / "r.qdrec"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.json()["left"], 0);
  EXPECT_GE(ran.json()["addresses"], 1) << "the agents' endpoints";
  EXPECT_EQ(lines(scratch / "r.qdrec"), lines(game));
}

TEST_F(Files, StatisticsOfAStretchAreThoseOfItsExport) {
  const std::vector<std::string> stretch{"--from", "+5s", "--to", "+9s", "--process", "server-2"};
  std::vector<std::string> words{"--json", "stats", game, "--series", "tick.duration"};
  words.insert(words.end(), stretch.begin(), stretch.end());
  const Ran ran = run(words);
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::vector<std::string> more = stretch;
  more.insert(more.end(), {"--series", "tick.duration"});
  const std::string expected = lines(game, more);
  ASSERT_EQ(ran.json()["series"].size(), 1u);
  EXPECT_EQ(ran.json()["series"][0]["process"], "server-2");
  EXPECT_EQ(ran.json()["series"][0]["n"], std::count(expected.begin(), expected.end(), '\n') - 1);
}

TEST_F(Files, AnExportOfNothingSaysSo) {
  const Ran ran = run({"export", game, "--from", "2030-01-01"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "process,series,tick,time_ns,value\n");
  EXPECT_EQ(ran.errorLines(), 1) << ran.err;
  EXPECT_NE(ran.err.find("No sample"), std::string::npos) << ran.err;
}

// What is repaired is counted; where nothing counts the rows, it does not say that all are there.
TEST_F(Files, RepairSaysWhatIsKnownOfTheLoss) {
  constexpr std::size_t kPage = 4096;
  const auto repaired = [&](const std::string& file) {
    std::filesystem::remove(scratch / "out.qdrec");
    const Ran ran = run({"repair", file, "--out", scratch / "out.qdrec"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(run({"verify", scratch / "out.qdrec"}).code, 0);
    return ran.out;
  };
  EXPECT_NE(repaired(game).find("Nothing was damaged"), std::string::npos);
  const std::string damaged = scratch / "damaged.qdrec";
  std::filesystem::copy_file(game, damaged);
  {
    std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(kPage);  // the second page: meta, by which the rows are counted
    file.write(std::string(kPage, '\0').data(), kPage);
  }
  EXPECT_EQ(run({"verify", damaged}).code, 1);
  const std::string said = repaired(damaged);
  EXPECT_EQ(said.find("Nothing was damaged"), std::string::npos) << said;
  EXPECT_NE(said.find("not known"), std::string::npos) << said;
}

TEST_F(Files, AReplayOfSeveralServersStepsByTheTicksOfOne) {
  Child replay({"replay", game, "--listen", "127.0.0.1:0", "--from", "+5s", "--json"});
  const Json ready = Json::parse(replay.line(), nullptr, false);
  ASSERT_TRUE(ready.contains("listen"));
  const std::string agent = ready["listen"];
  const auto order = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--agent", agent, "--json", "replay-control"});
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return ran.json();
  };
  order({"pause"});
  const Json before = order({"seek", "#400", "--domain", "server-2"});
  const Json after = order({"step", "10", "--domain", "server-2"});
  EXPECT_NEAR(static_cast<double>(after["at"].get<std::int64_t>() - before["at"].get<std::int64_t>()), 10.0 * kTick,
              1.0 * kTick);
  const Json there = order({"step", "-10"});  // of the server whose tick is told
  EXPECT_FALSE(there["domain"].get<std::string>().empty());
  EXPECT_LT(there["at"], after["at"]);
  // Who attaches anew begins where time stands.
  const std::string out = scratch / "attached.qdrec";
  EXPECT_EQ(run({"--agent", agent, "record", "--out", out, "--for", "300ms"}).code, 0);
  EXPECT_EQ(run({"--json", "info", out}).json()["points"], 0);
  replay.signal(SIGINT);
  EXPECT_EQ(replay.end().code, 0);
}

TEST_F(Files, WhatIsWrongIsSaidInOneSentenceAndLeavesNoFile) {
  const std::string out = scratch / "out.qdrec";
  struct Case {
    std::vector<std::string> words;
    int code;
    std::string says;
  };
  const std::vector<Case> cases{{{"cut", game, "--out", out, "--from", "soon"}, 1, "soon"},
                                {{"cut", game, "--out", out, "--from", "+20s", "--to", "+10s"}, 1, "later"},
                                {{"cut", game, "--out", out, "--from", "#5"}, 1, "--domain"},
                                {{"cut", game, "--out", out, "--process", "nobody"}, 1, "nobody"},
                                {{"cut", game, "--out", out, "--series", "no.such"}, 1, "no.such"},
                                {{"cut", game, "--out", out, "--from", "2030-01-01"}, 1, "Nothing"},
                                {{"cut", game}, 2, "--out"},
                                {{"merge", game, "--out", out}, 2, ""},
                                {{"merge", game, game, "--out", out}, 1, "twice"},
                                {{"merge", game, scratch / "missing.qdrec", "--out", out}, 1, "missing.qdrec"},
                                {{"redact", game}, 2, "--out"},
                                {{"redact", game, "--out", out, "--keep", "everything"}, 2, "--keep"},
                                {{"cut", game, "--out", game}, 1, "exists"},
                                {{"cut", game, "--out", scratch / "no/folder.qdrec"}, 1, "folder"},
                                {{"collect", "--out", out, "--agent", "127.0.0.1:1"}, 1, "127.0.0.1:1"},
                                {{"collect", "--out", out, "--last", "long"}, 2, "long"}};
  for (const Case& c : cases) {
    const Ran ran = run(c.words);
    EXPECT_EQ(ran.code, c.code) << c.words[0] << ": " << ran.err;
    EXPECT_EQ(ran.errorLines(), 1) << ran.err;
    EXPECT_NE(ran.err.find(c.says), std::string::npos) << ran.err;
    EXPECT_FALSE(std::filesystem::exists(out));
  }
  EXPECT_EQ(run({"verify", game}).code, 0);
}

}  // namespace qd::cli
