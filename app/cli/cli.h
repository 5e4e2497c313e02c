// SPDX-License-Identifier: Apache-2.0
// What the verbs of qdctl share: global options, how a verb registers itself, and how it says what it has to say.
// Exit codes: 0 done, 1 the operation failed (one line on stderr: what, where, what to do), 2 wrong usage.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/value.h"
#include "core/security/tls_options.h"

namespace qd::cli {

using Json = nlohmann::ordered_json;

inline constexpr const char* kDefaultAgent = "127.0.0.1:7400";

struct Globals {
  std::vector<std::string> agents;  // kDefaultAgent where none is given
  security::TlsOptions tls;
  bool json = false;
};

// A verb's work: the exit code, or an error that main prints.
using Action = std::function<Result<int>(const Globals&)>;

class Program {
 public:
  explicit Program(CLI::App& app) : app_(app) {}
  // A verb, or with `under` a verb of a verb; options before and after it mean the same.
  CLI::App* verb(const std::string& name, const std::string& help, CLI::App* under = nullptr);
  void onRun(CLI::App* verb, Action action);
  const Action& chosen() const { return chosen_; }

 private:
  CLI::App& app_;
  Action chosen_;
};

void addDescribe(Program& program);
void addRecord(Program& program);
void addInfo(Program& program);
void addVerify(Program& program);
void addStats(Program& program);
void addExport(Program& program);
void addPoses(Program& program);  // poses and events
void addConfig(Program& program);
void addCut(Program& program);
void addKeep(Program& program);
void addMerge(Program& program);
void addRedact(Program& program);
void addRepair(Program& program);
void addCollect(Program& program);
void addReplay(Program& program);
void addReplayControl(Program& program);
void addWhy(Program& program);
void addParams(Program& program);
void addParamChanges(Program& program, CLI::App* params);
void addPreset(Program& program);
void addRollout(Program& program);
void addAudit(Program& program);
void addEffects(Program& program);
void addBreak(Program& program);
void addAction(Program& program);
void addPki(Program& program);

// An option like 500ms, 10s, 5m.
CLI::Option* addDuration(CLI::App* verb, const std::string& name, Duration& into, const std::string& help);
// An option that is given once for each value.
CLI::Option* addEach(CLI::App* verb, const std::string& name, std::vector<std::string>& into, const std::string& help);

// Prints and flushes; a text that is not UTF-8 is repaired.
void printJson(const Json& json);
void print(std::string_view text);
void complain(std::string_view sentence);  // one line on stderr

// Rows in aligned columns, the first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);
std::string utcText(std::int64_t timeNs);  // 2026-11-23T02:01:47.123Z
Json toJson(const Value& value);           // durations as text (60ms), so that they can be set again

}  // namespace qd::cli
