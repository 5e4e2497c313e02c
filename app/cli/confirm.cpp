// SPDX-License-Identifier: Apache-2.0
#include "app/cli/confirm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <iostream>

#include "core/control/confirmation.h"
#include "core/ingest/rollup_book.h"

namespace qd::cli {
namespace {

constexpr const char* kPlayers = "players.online";
constexpr std::int64_t kWithin = 3 * kNsPerSecond;  // the roll-ups come once a second

}  // namespace

std::optional<std::int64_t> playersOn(const std::vector<ProcessId>& targets, const Session& session,
                                      const Globals& globals) {
  std::vector<ProcessId> telling;
  for (const ProcessId& target : targets) {
    const auto process = session.directory().process(target);
    if (!process) continue;
    for (const auto& series : process->series) {
      if (series.name != kPlayers || !series.dimensions.empty()) continue;
      telling.push_back(target);
      break;
    }
  }
  if (telling.empty()) return std::nullopt;
  ingest::RollupBook book({kPlayers});
  SessionOptions options;
  options.tier = link::Tier::Rollup;
  options.sinks = {&book};
  options.reached = true;
  const auto watching = Session::open(globals, std::move(options));
  if (!watching) return std::nullopt;
  double sum = 0;
  const auto told = [&] {
    sum = 0;
    for (const ProcessId& target : telling) {
      const auto digest = book.digest(target, kPlayers, utcNowNs(), 3);
      if (!digest) return false;
      sum += digest->last;
    }
    return true;
  };
  if ((*watching)->waiter().waitFor(kWithin, told) != Waiter::Outcome::Condition) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(sum));
}

Result<std::string> confirm(const std::string& what, const std::vector<ProcessId>& targets, const std::string& given,
                            const Session& session, const Globals& globals) {
  const std::string wanted = control::confirmationText(targets, playersOn(targets, session, globals));
  if (given == wanted) return given;
  std::string typed;
  if (given.empty() && ::isatty(STDIN_FILENO) != 0 && !globals.json) {
    std::cerr << fmt::format("{}. Type \"{}\" to go on: ", what, wanted);
    std::getline(std::cin, typed);
    if (typed == wanted) return typed;
  }
  return fail(ErrorCode::InvalidArgument,
              fmt::format("{}; it touches what the confirmation must name: --confirm \"{}\".", what, wanted));
}

}  // namespace qd::cli
