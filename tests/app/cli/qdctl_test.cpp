// SPDX-License-Identifier: Apache-2.0
// The built qdctl as a child process: what it prints, what it exits with, what it says when something is wrong.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/app/cli/program.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::cli {
namespace {

using namespace cli::testing;
using recording::testing::Scratch;

class Qdctl : public ::testing::Test {
 protected:
  Scratch scratch;
  std::string game = recording::testing::record(scratch, "game.qdrec", recording::testing::game(40));
};

}  // namespace

TEST_F(Qdctl, WrongUsageIsTwoAndOneLine) {
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {"fly"},
                                                    {"info"},
                                                    {"record"},
                                                    {"record", "--out", "x", "--for", "soon"},
                                                    {"--no"},
                                                    {"break", "fly"},
                                                    {"export", game, "--format", "xml"},
                                                    {"replay", game}};
  for (const auto& words : wrong) {
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, 2) << ran.err;
    EXPECT_EQ(ran.errorLines(), 1) << ran.err;
  }
  const Ran help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("describe"), std::string::npos);
}

TEST_F(Qdctl, GlobalOptionsBeforeAndAfterTheVerb) {
  EXPECT_EQ(run({"--json", "info", game}).out, run({"info", game, "--json"}).out);
  EXPECT_EQ(run({"info", "--json", game}).json()["points"], run({"--json", "info", game}).json()["points"]);
}

TEST_F(Qdctl, InfoHasTheKeysOfTheContract) {
  const Ran ran = run({"--json", "info", game});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const Json info = ran.json();
  for (const char* key : {"format", "start", "end", "duration_s", "points", "bytes", "bytes_per_point", "processes",
                          "series", "events", "gaps", "complete"}) {
    EXPECT_TRUE(info.contains(key)) << key;
  }
  EXPECT_EQ(info["points"], 40 * (64 * 2 + 21));
  EXPECT_EQ(info["complete"], true);
  EXPECT_EQ(info["processes"], 1);
  EXPECT_EQ(info["series"], 3);
  EXPECT_NEAR(info["duration_s"].get<double>(), 40 * 64 / 60.0, 0.1);
  EXPECT_NE(run({"info", game}).out.find("complete"), std::string::npos);
}

TEST_F(Qdctl, VerifySaysWhatIsDamaged) {
  const Ran sound = run({"verify", game, "--json"});
  EXPECT_EQ(sound.code, 0);
  EXPECT_EQ(sound.json()["ok"], true);
  EXPECT_GT(sound.json()["rows"], 10);
  std::fstream file(game, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const std::size_t at = bytes.find("\"category\":\"game\"");
  ASSERT_NE(at, std::string::npos);
  file.seekp(static_cast<std::streamoff>(at + 2));
  file.put('X');
  file.close();
  const Ran damaged = run({"verify", game, "--json"});
  EXPECT_EQ(damaged.code, 1);
  EXPECT_EQ(damaged.errorLines(), 1);
  EXPECT_EQ(damaged.json()["ok"], false);
  EXPECT_EQ(damaged.json()["damaged"][0]["table"], "events");
  EXPECT_GT(damaged.json()["damaged"][0]["rowid"], 0);
  EXPECT_TRUE(damaged.json()["damaged"][0].contains("what"));
}

TEST_F(Qdctl, StatsAreThoseOfTheSamples) {
  const Ran ran = run({"--json", "stats", game, "--series", "tick.*"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  ASSERT_EQ(ran.json()["series"].size(), 1u);
  const Json s = ran.json()["series"][0];
  EXPECT_EQ(s["process"], "server-1");
  EXPECT_EQ(s["name"], "tick.duration");
  EXPECT_EQ(s["unit"], "ms");
  EXPECT_EQ(s["n"], 40 * 64);
  std::vector<double> values;
  for (std::int64_t t = 1; t <= 40 * 64; ++t) values.push_back((3'000'000 + (t * 7919) % 100'000) / 1e6);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(s["min"], values.front());
  EXPECT_EQ(s["max"], values.back());
  EXPECT_NEAR(s["p50"].get<double>(), (values[1279] + values[1280]) / 2, 1e-12);
  EXPECT_EQ(run({"stats", game}).code, 0);
  const Ran none = run({"stats", game, "--series", "no.such"});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.errorLines(), 1);
}

TEST_F(Qdctl, ExportRoundTripsEveryBit) {
  const Ran ran = run({"export", game, "--format", "csv", "--series", "load", "--series", "net.bytes"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto rows = csv(ran.out);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"process", "series", "tick", "time_ns", "value"}));
  ASSERT_EQ(rows.size(), 1u + 40 * (64 + 21));
  const auto doubles = recording::testing::nastyDoubles();
  const auto ints = recording::testing::nastyInts();
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::int64_t t = std::stoll(rows[i][2]);
    EXPECT_EQ(rows[i][3], std::to_string(1'700'000'000'000'000'000 + t * 16'666'667));
    if (rows[i][1] == "net.bytes") {
      EXPECT_EQ(rows[i][4], std::to_string(ints[static_cast<std::size_t>(t) % ints.size()]));
      continue;
    }
    EXPECT_EQ(rows[i][1], "load{world=w1,client=3}");
    const double sent = t % 5 == 0 ? doubles[static_cast<std::size_t>(t / 5) % doubles.size()] : 0.25 * double(t % 9);
    const double back = std::strtod(rows[i][4].c_str(), nullptr);
    if (std::isnan(sent)) {
      EXPECT_TRUE(std::isnan(back)) << rows[i][4];
    } else {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(sent), std::bit_cast<std::uint64_t>(back)) << rows[i][4];
    }
  }
}

TEST_F(Qdctl, ExportToAFileAndAsJsonLines) {
  const std::string out = scratch / "out.jsonl";
  ASSERT_EQ(run({"export", game, "--format", "jsonl", "--series", "tick.duration", "--out", out}).code, 0);
  std::ifstream file(out);
  std::size_t n = 0;
  for (std::string line; std::getline(file, line); ++n) {
    const Json sample = Json::parse(line);
    ASSERT_EQ(sample["value"].get<double>(), (3'000'000 + (sample["tick"].get<std::int64_t>() * 7919) % 100'000) / 1e6);
  }
  EXPECT_EQ(n, 40u * 64);
  EXPECT_EQ(run({"export", game, "--out", game}).code, 1);
  EXPECT_EQ(run({"verify", game}).code, 0);
  EXPECT_EQ(run({"export", game, "--out", scratch / "no/where.csv"}).code, 1);
}

TEST_F(Qdctl, BadFilesGetOneSentence) {
  std::ofstream(scratch / "text.qdrec") << std::string(3000, 'x');
  for (const char* verb : {"info", "verify", "stats", "export"}) {
    for (const std::string& name : {scratch / "missing.qdrec", scratch / "text.qdrec", scratch.path().string()}) {
      const Ran ran = run({verb, name});
      EXPECT_EQ(ran.code, 1) << verb << " " << name;
      EXPECT_EQ(ran.errorLines(), 1) << ran.err;
      EXPECT_NE(ran.err.find(name), std::string::npos) << ran.err;
      EXPECT_TRUE(ran.out.empty());
    }
  }
}

TEST_F(Qdctl, AnAgentThatIsNotThereIsNamedWithinSeconds) {
  const std::vector<std::vector<std::string>> verbs{{"describe"},
                                                    {"record", "--out", scratch / "new.qdrec", "--for", "1s"},
                                                    {"params", "list"},
                                                    {"params", "set", "a=1"},
                                                    {"break", "list"}};
  for (auto words : verbs) {
    words.insert(words.end(), {"--agent", "127.0.0.1:1"});
    const auto begun = std::chrono::steady_clock::now();
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, 1) << words[0];
    EXPECT_EQ(ran.errorLines(), 1) << ran.err;
    EXPECT_NE(ran.err.find("127.0.0.1:1"), std::string::npos) << ran.err;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
  }
  EXPECT_FALSE(std::filesystem::exists(scratch / "new.qdrec"));
}

// A replay is a virtual agent: described, recorded again, equal sample for sample, and nothing in it can be changed.
TEST_F(Qdctl, AReplayIsDescribedRecordedAgainAndEqual) {
  Child replay({"replay", game, "--listen", "127.0.0.1:0", "--speed", "1000", "--json"});
  const Json ready = Json::parse(replay.line(), nullptr, false);
  ASSERT_TRUE(ready.contains("listen"));
  const std::string agent = ready["listen"];
  const Ran described = run({"--agent", agent, "--json", "describe"});
  ASSERT_EQ(described.code, 0) << described.err;
  const Json process = described.json()["agents"][0]["processes"][0];
  EXPECT_EQ(process["id"], "server-1");
  EXPECT_EQ(process["series"].size(), 3u);
  EXPECT_EQ(process["sites"][0]["name"], "tick.begin");
  EXPECT_EQ(process["parameters"][0]["name"], "npc.density");
  const std::string again = scratch / "again.qdrec";
  const Ran recorded = run({"--agent", agent, "record", "--out", again, "--for", "2s", "--backfill", "10h"});
  EXPECT_EQ(recorded.code, 0) << recorded.err;
  const Ran pushed = run({"--agent", agent, "params", "set", "npc.density=1"});
  EXPECT_EQ(pushed.code, 1);
  EXPECT_NE(pushed.err.find("recording"), std::string::npos) << pushed.err;
  replay.signal(SIGINT);
  EXPECT_EQ(replay.end().code, 0);
  EXPECT_EQ(run({"verify", again}).code, 0);
  for (const char* series : {"tick.duration", "load", "net.bytes"}) {
    EXPECT_EQ(run({"export", again, "--series", series}).out, run({"export", game, "--series", series}).out) << series;
  }
}

// Steered while a console is attached: it gets every entry up to where time was, once, however often time goes back; a
// bookmark too. Who asks anew is told the state of the moment.
TEST_F(Qdctl, AReplaySeeksRepeatsAndKeepsBookmarks) {
  Child replay({"replay", game, "--listen", "127.0.0.1:0", "--json"});
  const Json ready = Json::parse(replay.line(), nullptr, false);
  ASSERT_TRUE(ready.contains("listen"));
  const std::string agent = ready["listen"];
  const std::int64_t start = ready["start"];
  const auto order = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--agent", agent, "--json", "replay-control"});
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return ran.json();
  };
  const Json paused = order({"pause"});
  EXPECT_EQ(order({"where"})["at"], paused["at"]) << "it stands";
  EXPECT_EQ(order({"seek", "+2s"})["at"], start + 2'000'000'000);
  const std::string console = scratch / "console.qdrec";
  Child attached({"--agent", agent, "record", "--out", console, "--for", "10m", "--backfill", "10h"});
  EXPECT_EQ(order({"bookmark", "here it lags"})["bookmarks"].size(), 1u);
  EXPECT_EQ(order({"seek", "+20s"})["at"], start + 20'000'000'000);
  const Json tick = order({"where"})["tick"];
  EXPECT_GE(tick, 1000);
  const int back = order({"step", "-1"})["tick"].get<int>() - tick.get<int>();
  EXPECT_TRUE(back == -1 || back == -2) << back;  // a tick is told between the bounds of chunks
  EXPECT_EQ(order({"seek", "@here"})["at"], start + 2'000'000'000);
  const Ran described = run({"--agent", agent, "--json", "describe"});
  EXPECT_LT(described.json()["agents"][0]["processes"][0]["tick"], tick) << "as it was then";
  EXPECT_EQ(order({"speed", "100"})["speed"], 100.0);
  EXPECT_EQ(order({"loop", "+3s", "+5s"})["at"], start + 3'000'000'000);
  order({"play"});
  for (int i = 0; i < 5; ++i) {
    const Json where = order({"where"});
    EXPECT_GE(where["at"], start + 3'000'000'000);
    EXPECT_LE(where["at"], start + 5'000'000'000);
  }
  order({"unloop"});
  order({"seek", "-0s"});
  // All of it, and nothing twice.
  const auto recordedAll = [&] {
    const Ran info = run({"--json", "info", console});
    return info.code == 0 && info.json()["points"] == run({"--json", "info", game}).json()["points"];
  };
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!recordedAll() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  attached.signal(SIGINT);
  EXPECT_EQ(attached.end().code, 0);
  for (const char* series : {"tick.duration", "load", "net.bytes"}) {
    EXPECT_EQ(run({"export", console, "--series", series}).out, run({"export", game, "--series", series}).out)
        << series;
  }
  const std::string marks = run({"events", console, "--name", "bookmark"}).out;
  EXPECT_EQ(std::count(marks.begin(), marks.end(), '\n'), 1) << marks;
  EXPECT_NE(marks.find("here it lags"), std::string::npos) << marks;
  const Ran wrong = run({"--agent", agent, "replay-control", "seek", "noon"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_EQ(wrong.errorLines(), 1) << wrong.err;
  replay.signal(SIGINT);
  EXPECT_EQ(replay.end().code, 0);
}

TEST_F(Qdctl, PkiMakesAnAuthorityAndCertificates) {
  const std::string folder = scratch / "pki";
  EXPECT_EQ(run({"pki", "init", "--dir", folder}).code, 0);
  const Ran issued = run({"--json", "pki", "issue", "ann", "--role", "operator", "--dir", folder});
  ASSERT_EQ(issued.code, 0) << issued.err;
  EXPECT_TRUE(std::filesystem::exists(issued.json()["certificate"].get<std::string>()));
  EXPECT_EQ(run({"pki", "issue", "bob", "--role", "king", "--dir", folder}).code, 1);
  EXPECT_EQ(run({"pki", "init", "--dir", folder}).code, 1) << "never overwritten";
}

}  // namespace qd::cli
