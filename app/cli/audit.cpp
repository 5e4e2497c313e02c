// SPDX-License-Identifier: Apache-2.0
// audit verify|export: of an agent, or of a file that was exported or lies in an agent's data folder.
#include <fmt/format.h>

#include <fstream>
#include <map>
#include <sstream>

#include "app/cli/overview.h"
#include "app/cli/session.h"
#include "core/control/audit_chain.h"

namespace qd::cli {
namespace {

using control::AuditPage;
using control::AuditRecord;

// Everything that an agent has, page by page.
Result<AuditPage> readAll(Session& session, const std::string& agent) {
  AuditPage all;
  while (true) {
    const std::uint64_t after = all.records.empty() ? 0 : all.records.back().number;
    const auto page = session.ask<AuditPage>(
        [&](control::AuditDone done) { session.cluster().audit(agent, after, std::move(done)); });
    if (!page) return std::unexpected(page.error());
    all.headNumber = page->headNumber;
    all.headHash = page->headHash;
    if (page->records.empty()) return all;
    all.records.insert(all.records.end(), page->records.begin(), page->records.end());
  }
}

struct Verdict {
  std::uint64_t records = 0;
  std::string problem;
};

// `head`: as it is kept elsewhere; empty: nowhere.
Verdict check(const AuditPage& page, const std::string& head) {
  control::AuditVerifier verifier;
  for (const AuditRecord& record : page.records) {
    if (std::string problem = verifier.take(record); !problem.empty()) return {verifier.count(), problem};
    if (record.what == control::kDamage) {
      return {verifier.count(),
              fmt::format("its agent found it damaged at {}: {}", utcText(record.time), record.outcome)};
    }
  }
  if (!head.empty()) {
    if (std::string problem = control::againstHead(head, page.records); !problem.empty()) {
      return {verifier.count(), problem};
    }
  }
  return {verifier.count(), verifier.end(page.headNumber, page.headHash)};
}

// A file of lines; its head lies beside it (audit.head), or is its last record where there is none.
Result<AuditPage> readFile(const std::string& path) {
  std::ifstream in(path);
  if (!in) return fail(ErrorCode::NotFound, fmt::format("{} cannot be opened; check the name.", path));
  AuditPage page;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    auto record = control::auditFromLine(line);
    if (!record) return fail(ErrorCode::Corrupt, fmt::format("Line {} of {} is no record of an audit.", number, path));
    page.records.push_back(std::move(*record));
  }
  const std::size_t slash = path.find_last_of('/');
  std::ifstream head((slash == std::string::npos ? "" : path.substr(0, slash + 1)) + "audit.head");
  const bool own = path.substr(slash == std::string::npos ? 0 : slash + 1) == "audit.jsonl";
  if (!own || !(head >> page.headNumber >> page.headHash)) {
    page.headNumber = page.records.empty() ? 0 : page.records.back().number;
    page.headHash = page.records.empty() ? "" : page.records.back().hash;
  }
  return page;
}

Result<int> report(const std::string& where, const AuditPage& page, const std::string& head, Json& list, bool json) {
  const Verdict verdict = check(page, head);
  list.push_back({{"where", where},
                  {"ok", verdict.problem.empty()},
                  {"records", verdict.records},
                  {"problem", verdict.problem},
                  {"shared_head", !head.empty()}});
  if (!json && verdict.problem.empty()) {
    print(fmt::format("{}: {} records, all in order{}\n", where, verdict.records,
                      head.empty() ? "" : ", and as the shared head says"));
  }
  if (verdict.problem.empty()) return 0;
  return fail(ErrorCode::Corrupt, fmt::format("The audit of {} is broken: {}.", where, verdict.problem));
}

// The heads that agents keep in etcd, by agent; none without it.
std::map<std::string, std::string> sharedHeads(Session& session) {
  constexpr std::string_view kPrefix = "audit/";
  std::map<std::string, std::string> out;
  const auto items = session.ask<std::vector<ingest::SharedItem>>(
      [&](control::SharedDone done) { session.cluster().shared(std::string(kPrefix), std::move(done)); });
  if (!items) return out;
  for (const auto& item : *items) out[item.key.substr(kPrefix.size())] = item.value;
  return out;
}

Result<int> verify(const std::string& file, const Globals& globals) {
  Json list = Json::array();
  std::optional<Error> first;
  const auto look = [&](const std::string& where, const Result<AuditPage>& page, const std::string& head) {
    if (!page) {
      first = first.value_or(page.error());
      return;
    }
    if (auto good = report(where, *page, head, list, globals.json); !good) first = first.value_or(good.error());
  };
  if (!file.empty()) {
    look(file, readFile(file), "");
  } else {
    auto session = Session::open(globals, {});
    if (!session) return std::unexpected(session.error());
    const auto heads = sharedHeads(**session);
    for (const Result<link::AgentOverview>& agent : lookAtAll(globals)) {
      if (!agent) return std::unexpected(agent.error());
      const auto head = heads.find(agent->description.agentId);
      look(agent->endpoint, readAll(**session, agent->endpoint), head == heads.end() ? "" : head->second);
    }
  }
  if (globals.json) printJson(Json{{"ok", !first}, {"audits", list}});
  if (first) return std::unexpected(*first);
  return 0;
}

Result<int> exportAll(const std::string& out, const Globals& globals) {
  auto session = Session::open(globals, {});
  if (!session) return std::unexpected(session.error());
  if (globals.agents.size() != 1)
    return fail(ErrorCode::InvalidArgument, "An export is of one agent; name one with --agent.");
  const auto page = readAll(**session, globals.agents.front());
  if (!page) return std::unexpected(page.error());
  std::string text;
  for (const AuditRecord& record : page->records) text += control::auditLine(record) + "\n";
  if (out.empty()) {
    print(text);
    return 0;
  }
  std::ofstream file(out, std::ios::trunc);
  if (!(file << text) || !file.flush()) return fail(ErrorCode::Io, fmt::format("{} cannot be written.", out));
  return 0;
}

}  // namespace

void addAudit(Program& program) {
  CLI::App* under = program.verb("audit", "Who did what, when, from where, why, and what came of it");
  under->require_subcommand(1);
  auto file = std::make_shared<std::string>();
  CLI::App* look =
      program.verb("verify", "Walks the hash chain: is every record there, unchanged, in its place?", under);
  look->add_option("FILE", *file, "an exported file, or an agent's audit.jsonl (default: ask the agents)");
  program.onRun(look, [file](const Globals& g) { return verify(*file, g); });
  auto out = std::make_shared<std::string>();
  CLI::App* write = program.verb("export", "All records as lines of JSON", under);
  write->add_option("--out", *out, "file to write (default: standard output)");
  program.onRun(write, [out](const Globals& g) { return exportAll(*out, g); });
}

}  // namespace qd::cli
