// SPDX-License-Identifier: Apache-2.0
#include "core/params/push_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <set>

namespace qd::params {

ReviewFacts reviewFacts(const ParamBook& book, const std::vector<StagedEdit>& edits) {
  ReviewFacts facts;
  std::set<std::string> names;
  std::set<ProcessId> targets;
  for (const StagedEdit& edit : edits) {
    names.insert(edit.name);
    if (targets.insert(edit.process).second) facts.targets.push_back(edit.process);
    facts.conflict = facts.conflict || edit.conflict;
    if (const auto spec = book.spec(edit.process, edit.name)) facts.risk = std::max(facts.risk, spec->risk);
  }
  facts.changes = names.size();
  return facts;
}

void pushAndSettle(control::CommandPort& port, ParamBook& book, control::PushOrder order, control::PushDone then) {
  static constexpr Duration kWithin{60 * kNsPerSecond};
  using Answer = Result<std::vector<ingest::PushResult>>;
  port.push(order, [&port, &book, order, then](const Answer& answer) {
    book.resolve(order.pushId, answer);
    if (then) then(answer);
    const bool open = !answer || std::ranges::any_of(*answer, [](const ingest::PushResult& result) {
      return result.status == ingest::PushStatus::Unknown;
    });
    if (!open) return;
    port.settlePush(order, kWithin, [&book, order, then](const Answer& known) {
      book.resolve(order.pushId, known);
      if (then) then(known);
    });
  });
}

std::string whyNotPushable(const ReviewFacts& facts, const std::string& comment) {
  if (facts.changes == 0) return "Nothing is staged.";
  if (facts.risk == ingest::Risk::Dangerous && comment.empty()) {
    return "A dangerous parameter is among the changes: say why in the comment.";
  }
  return {};
}

std::optional<Outcome> newestOutcome(const std::vector<PushRecord>& pushes, const ProcessId& process,
                                     const std::string& name, TimeNs asOf) {
  for (const PushRecord& record : std::views::reverse(pushes)) {
    if (record.time > asOf) continue;
    for (const ingest::PushResult& result : record.results) {
      if (result.process.id != process || result.time > asOf) continue;
      const auto found = std::ranges::find(result.parameters, name, &ingest::ParameterResult::name);
      if (found == result.parameters.end()) continue;
      const std::string& reason = found->reason.empty() ? result.reason : found->reason;
      return Outcome{result.status, result.tick, record.time, reason};
    }
  }
  return std::nullopt;
}

}  // namespace qd::params
