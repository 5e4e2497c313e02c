// SPDX-License-Identifier: Apache-2.0
#include "core/recording/redact.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/cli/files.h"
#include "app/cli/interrupt.h"
#include "core/recording/redact_rules.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path, out;
  std::vector<std::string> keep, fields;
  bool rules = false;
};

int showRules(const Globals& globals) {
  const std::vector<std::string> rules = recording::redactionRules();
  if (globals.json) {
    printJson(Json{{"rules", rules}});
  } else {
    for (const std::string& rule : rules) print(rule + "\n");
  }
  return 0;
}

Result<int> run(const Options& options, const Globals& globals) {
  const auto file = recording::Recording::open(options.path);
  if (!file) return std::unexpected(file.error());
  recording::RedactOptions redact;
  const auto kept = [&](const char* what) { return std::ranges::count(options.keep, what) > 0; };
  redact.addresses = !kept("addresses");
  redact.accounts = !kept("accounts");
  redact.locals = !kept("locals");
  redact.accountFields = options.fields;
  const InterruptStop stop;
  const auto done = recording::redact(**file, redact, options.out, fmt::format("qdctl {}", QD_VERSION), stop.token());
  if (!done) return std::unexpected(done.error());
  if (globals.json) {
    printJson(Json{{"file", options.out},
                   {"points", done->points},
                   {"addresses", done->addresses},
                   {"accounts", done->accounts},
                   {"locals", done->locals},
                   {"left", 0},
                   {"left_out", done->damaged.size()}});
  } else {
    print(fmt::format("{}: {} addresses, {} accounts and {} locals taken out; read again, nothing of them is left\n",
                      options.out, done->addresses, done->accounts, done->locals));
  }
  complainOfDamage(options.path, done->damaged.size());
  return 0;
}

}  // namespace

void addRedact(Program& program) {
  CLI::App* verb = program.verb(
      "redact", "A copy of a recording without addresses, accounts and locals; --rules says what they are");
  auto options = std::make_shared<Options>();
  CLI::Option* file = verb->add_option("FILE", options->path, "the recording");
  CLI::Option* out = verb->add_option("--out", options->out, "file to create (.qdrec)");
  CLI::Option* rules = verb->add_flag("--rules", options->rules, "print the rules and do nothing");
  addEach(verb, "--keep", options->keep, "addresses, accounts or locals; once for each")
      ->check(CLI::IsMember({"addresses", "accounts", "locals"}));
  addEach(verb, "--field", options->fields, "another field that holds an account; once for each")->type_name("NAME");
  program.onRun(verb, [options](const Globals& globals) -> Result<int> {
    if (options->rules) return showRules(globals);
    return run(*options, globals);
  });
  verb->parse_complete_callback([file, out, rules] {
    if (rules->count() > 0) return;
    if (file->count() == 0) throw CLI::RequiredError("FILE");
    if (out->count() == 0) throw CLI::RequiredError("--out");
  });
}

}  // namespace qd::cli
