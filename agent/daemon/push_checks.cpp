// SPDX-License-Identifier: Apache-2.0
// What a PushDriver asks of an order before it is carried out: that what is dangerous is meant.
#include <algorithm>

#include "agent/daemon/push_driver.h"

namespace qd::daemon {

// The players of these processes, as far as they say.
control::Touched PushDriver::touched(const std::vector<ProcessId>& targets) const {
  control::Touched out;
  for (const ProcessId& target : targets) {
    const ProbeSession* session = find_(target);
    if (!session) continue;
    out.processes.push_back(target);
    if (const auto players = session->players()) {
      out.players = out.players.value_or(0) + static_cast<std::int64_t>(*players);
    }
  }
  return out;
}

bool PushDriver::stoodBefore(const ProcessId& process, const control::Assignment& assignment) const {
  if (wanted_ && wanted_(process, assignment.name, assignment.value)) return true;
  if (tracker_.takesBack(process, assignment)) return true;
  return std::any_of(recalled_.begin(), recalled_.end(), [&](const auto& push) {
    return std::any_of(push.second.results.begin(), push.second.results.end(), [&](const auto& result) {
      return result.process.id == process && control::takesBack(result, assignment);
    });
  });
}

Result<> PushDriver::check(const ToCheck& order) const {
  std::string dangerous;
  std::vector<ProcessId> where;
  for (const ProcessId& target : order.targets) {
    const ProbeSession* session = find_(target);
    if (!session) continue;
    for (const auto& assignment : order.assignments) {
      const auto& specs = session->info().parameters;
      const auto spec =
          std::find_if(specs.begin(), specs.end(), [&](const auto& known) { return known.name == assignment.name; });
      const bool is = spec != specs.end() && spec->risk == ingest::Risk::Dangerous;
      if (!is || (!order.comment.empty() && stoodBefore(target, assignment))) continue;
      dangerous = assignment.name;
      where.push_back(target);
      break;
    }
  }
  if (where.empty()) return {};
  return control::checkDangerous(dangerous, touched(where), order.comment, order.confirmed);
}

Result<> PushDriver::checkAction(const ingest::ActionSpec& spec, const control::ActionOrder& order) const {
  if (spec.risk != ingest::Risk::Dangerous) return {};
  return control::checkDangerous(spec.name, touched({order.target}), order.why, order.confirmed);
}

}  // namespace qd::daemon
