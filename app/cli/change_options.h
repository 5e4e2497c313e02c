// SPDX-License-Identifier: Apache-2.0
// The options of a change over time, shared by `params plan|push` and `rollout start`, and what both print of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/cli.h"
#include "app/cli/session.h"
#include "core/params/change_book.h"
#include "core/params/param_book.h"

namespace qd::cli {

struct ChangeOptions {
  std::vector<std::string> assignments, processes, expects, labels, waves, guards;
  std::string comment, id, at, ramp, onVanish = "go-on", confirm;
  std::int64_t atTick = 0;
  std::uint32_t canaryPlayers = 0;
  Duration lease, hold;
};

// `rollout`: with waves and guards.
std::shared_ptr<ChangeOptions> addChangeOptions(CLI::App* verb, bool rollout);

// A session that knows the parameters and the changes of its agents.
struct ChangeSession {
  params::ParamBook book;
  params::ChangeBook changes;
  std::unique_ptr<Session> session;

  static Result<std::unique_ptr<ChangeSession>> open(const Globals& globals, Duration backfill = {});
};

// Errors: InvalidArgument, NotFound, in a sentence each.
Result<ingest::ChangePlan> planFrom(const ChangeOptions& options, const ChangeSession& session);

// What is dangerous among the values needs a reason and the typed confirmation, which comes back (empty where nothing
// is). Errors: InvalidArgument.
struct ToConfirm {
  std::vector<ProcessId> targets;
  std::vector<std::string> names;  // of the parameters
  std::string comment, given;
};
Result<std::string> confirmed(const ToConfirm& order, const params::ParamBook& book, const Session& session,
                              const Globals& globals);
// The same of a plan, put into it.
Result<> confirmPlan(ingest::ChangePlan& plan, const std::string& given, const ChangeSession& session,
                     const Globals& globals);
// As --guard reads it, checked against what the targets emit.
Result<ingest::Guard> readGuard(const std::string& text, const std::vector<ingest::ProcessInfoPtr>& targets);

Json changeJson(const ingest::ChangeState& state);
std::string changeText(const ingest::ChangeState& state);
// Waits until it is over or, unless `toTheEnd`, until it is all there for its time. Exit code 0: done or leased.
Result<int> follow(ChangeSession& session, const std::string& id, bool toTheEnd, bool hold, const Globals& globals);

}  // namespace qd::cli
