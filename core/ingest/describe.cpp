// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/describe.h"

#include <fmt/format.h>

namespace qd::ingest {
namespace {

std::string by(const std::string& who) {
  return who.empty() ? std::string() : " by " + who;
}
std::string because(const std::string& reason) {
  return reason.empty() ? std::string() : ": " + reason;
}

std::string changes(const PushResult& push) {
  std::string text;
  for (const ParameterResult& p : push.parameters) {
    if (!text.empty()) text += ", ";
    text += p.name;
    if (push.status == PushStatus::Applied) {
      text += fmt::format(" {} → {}", toText(p.oldValue), toText(p.newValue));
    } else if (p.newValue.index() != 0) {
      text += fmt::format(" = {}", toText(p.newValue));
    }
    if (!p.reason.empty()) text += fmt::format(" ({})", p.reason);
  }
  return text.empty() ? "push" : text;
}

// For reading, not for reckoning: three digits of a real number are enough.
std::string shortly(const Value& value) {
  const auto* real = std::get_if<double>(&value);
  return real != nullptr ? fmt::format("{:.3g}", *real) : toText(value);
}

std::string_view name(GroupState state) {
  switch (state) {
    case GroupState::Running:
      return "running";
    case GroupState::Gathering:
      return "gathering";
    case GroupState::Stopped:
      return "stopped";
    case GroupState::Resuming:
      return "resuming";
    case GroupState::Partial:
      return "partly stopped";
  }
  return "running";
}

std::string membersOf(const LinkGroup& group) {
  std::string text;
  for (const GroupMember& member : group.members) text += (text.empty() ? "" : ", ") + member.process.value;
  return text.empty() ? group.id : text;
}

}  // namespace

std::string describe(const PushResult& push) {
  const std::string head = fmt::format("{}: {}", push.process.id.value, changes(push));
  switch (push.status) {
    case PushStatus::Applied:
      return fmt::format("{} applied at tick {}{}{}", head, push.tick, by(push.who), because(push.comment));
    case PushStatus::Rejected:
      return fmt::format("{} rejected{}{}", head, by(push.who), because(push.reason));
    case PushStatus::Pending:
      return fmt::format("{} pending{}{}", head, by(push.who), because(push.comment));
    case PushStatus::Unknown:
      return fmt::format("{} unknown whether applied{}{}", head, by(push.who), because(push.reason));
  }
  return head;
}

std::string describe(const ActionResult& action) {
  return fmt::format("{}: {} {} at tick {}{}{}", action.process.id.value, action.name, action.ok ? "done" : "failed",
                     action.tick, by(action.who), because(action.text));
}

std::string describe(const Guard& guard) {
  constexpr const char* kStatistics[] = {"mean", "p50", "p99", "min", "max", "last"};
  std::string text = fmt::format("{} {} {} {}", kStatistics[static_cast<int>(guard.statistic)], guard.series,
                                 guard.above ? ">" : "<", guard.threshold);
  if (guard.basis == GuardBasis::Before) text += "% vs before";
  if (guard.basis == GuardBasis::Untouched) text += "% vs untouched";
  return text + fmt::format(" for {} ticks{}", guard.ticks, guard.group ? ", together" : "");
}

std::string describe(const ChangeState& change) {
  std::string values;
  for (const ChangeValue& value : change.plan.values) {
    values += fmt::format("{}{} = {}", values.empty() ? "" : ", ", value.name, shortly(value.value));
  }
  std::string text = fmt::format("change {}: {}", change.plan.id, values);
  if (change.plan.waves.size() > 1) text += fmt::format(", wave {} of {}", change.wave + 1, change.plan.waves.size());
  text += fmt::format(" is {}", change.verdict.empty() ? name(change.phase) : change.verdict);
  return text + by(change.plan.who) + because(change.reason);
}

std::string describe(const GameEvent& event) {
  std::string text = fmt::format("{}: {}", event.process.id.value, event.name);
  for (const auto& [name, value] : event.fields) text += fmt::format(" {}={}", name, shortly(value));
  return text;
}

std::string describe(const ParameterChange& change) {
  std::string text;
  for (const ParameterValue& value : change.values) {
    text += fmt::format("{}{} is now {}", text.empty() ? "" : ", ", value.name, toText(value.value));
  }
  const Tick tick = change.values.empty() ? 0 : change.values.front().tick;
  return fmt::format("{}: {} at tick {}, changed by the process", change.process.id.value, text, tick);
}

std::string describe(const Hit& hit) {
  std::string text = fmt::format("{} at tick {}", hit.cause == "capture" ? "Captured" : "Stopped", hit.tick);
  if (!hit.breakpoint.empty()) text += fmt::format(" by breakpoint {}", hit.breakpoint);
  if (hit.cause == "step" || hit.cause == "user") text += fmt::format(" ({})", hit.cause);
  if (!hit.leader.value.empty()) text += fmt::format(" in {}", hit.leader.value);
  for (const HitMember& member : hit.members) {
    if (member.frames.empty() || member.state.process != hit.leader) continue;
    text += fmt::format(", {}", member.frames.front().function);
  }
  return text;
}

std::string describe(const LinkGroup& group) {
  std::string text = fmt::format("{} {}", membersOf(group), name(group.state));
  if (group.state == GroupState::Stopped || group.state == GroupState::Partial) {
    text += fmt::format(" at tick {}", group.tick);
    if (!group.breakpoint.empty()) text += fmt::format(" by breakpoint {}", group.breakpoint);
    for (const GroupMember& member : group.members) {
      if (member.skewTicks != 0) text += fmt::format(", {} off by {} ticks", member.process.value, member.skewTicks);
    }
  }
  return text + because(group.reason);
}

std::string describe(const Gap& gap) {
  const std::string where = gap.process.value.empty() ? "all processes of the agent" : gap.process.value;
  const std::string lost = gap.dropped == 0 ? "samples" : fmt::format("{} samples", gap.dropped);
  const double seconds = (static_cast<double>(gap.to) - static_cast<double>(gap.from)) / 1e9;
  return fmt::format("{}: {} missing over {:.3g} s{}", where, lost, seconds < 0 ? 0 : seconds, because(gap.cause));
}

std::string describe(const AgentId& agent, const AgentChange& change) {
  const std::string where = change.endpoint.empty() ? agent.value : change.endpoint;
  const std::string version = change.version.empty() ? "" : fmt::format(" (agent {})", change.version);
  switch (change.state) {
    case AgentState::Connecting:
      return fmt::format("{}: connecting{}", where, because(change.reason));
    case AgentState::Connected:
      return fmt::format("{}: connected{}{}", where, version, because(change.reason));
    case AgentState::Lost:
      return fmt::format("{}: lost{}", where, because(change.reason));
    case AgentState::Refused:
      return fmt::format("{}: refused{}", where, because(change.reason));
  }
  return where;
}

std::string describe(const Mark& mark) {
  return mark.text.empty() ? "Mark" + by(mark.who) : mark.text;
}

std::string describe(const ProcessChange& change, bool wasKnown, bool restarted) {
  const ProcessInfo& info = change.info;
  const std::string build = info.build.version.empty() ? "" : fmt::format(" (build {})", info.build.version);
  if (info.state == ProcessState::Gone) return fmt::format("{}: gone{}", info.id.value, because(change.reason));
  if (!wasKnown) return fmt::format("{}: here{}{}", info.id.value, build, because(change.reason));
  if (restarted) return fmt::format("{}: started anew{}{}", info.id.value, build, because(change.reason));
  if (info.state == ProcessState::Parked) return fmt::format("{}: parked{}", info.id.value, because(change.reason));
  return fmt::format("{}: running{}", info.id.value, because(change.reason));
}

}  // namespace qd::ingest
