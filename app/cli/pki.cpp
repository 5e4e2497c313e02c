// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>

#include "app/cli/cli.h"
#include "core/security/pki.h"

namespace qd::cli {
namespace {

struct Options {
  std::string folder = "pki", name;
  std::vector<std::string> roles;
  security::IssueOrder order;
  int days = 0;
};

int report(const security::IssuedFiles& files, const Globals& globals) {
  if (globals.json) {
    printJson(Json{{"certificate", files.certificate}, {"key", files.key}});
  } else {
    print(fmt::format("{}\n{}\n", files.certificate, files.key));
  }
  return 0;
}

Result<int> init(const Options& options, const Globals& globals) {
  std::error_code ignored;  // what cannot be made is named by the first file that cannot be written
  std::filesystem::create_directories(options.folder, ignored);
  const auto files = security::createAuthority(options.folder, options.name, options.days > 0 ? options.days : 3650);
  if (!files) return std::unexpected(files.error());
  return report(*files, globals);
}

Result<int> issue(const Options& options, const Globals& globals) {
  security::IssueOrder order = options.order;
  if (options.days > 0) order.days = options.days;
  for (const std::string& word : options.roles) {
    const auto role = security::roleNamed(word);
    if (!role) {
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("\"{}\" is no role; there are viewer, operator, debugger and agent.", word));
    }
    order.roles.push_back(*role);
  }
  const auto files = security::issueCertificate(options.folder, order);
  if (!files) return std::unexpected(files.error());
  return report(*files, globals);
}

}  // namespace

void addPki(Program& program) {
  CLI::App* under = program.verb("pki", "Certificates for a first cluster");
  under->require_subcommand(1);
  auto options = std::make_shared<Options>();
  CLI::App* make = program.verb("init", "Makes a certificate authority", under);
  options->name = "quarterdeck-ca";
  make->add_option("--dir", options->folder, "folder of ca.pem and ca.key (default pki)");
  make->add_option("--name", options->name, "its name");
  make->add_option("--days", options->days, "how long it is valid (default 3650)")->check(CLI::Range(1, 36500));
  program.onRun(make, [options](const Globals& g) { return init(*options, g); });
  CLI::App* give = program.verb("issue", "Issues a certificate: an agent's or a person's", under);
  give->add_option("NAME", options->order.name, "common name and name of the files")->required();
  give->add_option("--dir", options->folder, "folder of the authority (default pki)");
  addEach(give, "--role", options->roles, "viewer, operator, debugger or agent; once for each")->required();
  addEach(give, "--host", options->order.hosts, "name or address that an agent is reached by; once for each");
  give->add_option("--days", options->days, "how long it is valid (default 365)")->check(CLI::Range(1, 36500));
  program.onRun(give, [options](const Globals& g) { return issue(*options, g); });
}

}  // namespace qd::cli
