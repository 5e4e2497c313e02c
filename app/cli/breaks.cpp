// SPDX-License-Identifier: Apache-2.0
#include "app/cli/breaks.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/clock.h"

namespace qd::cli {
namespace {

using namespace ingest;

const char* ackName(MemberAck ack) {
  constexpr const char* kNames[] = {"draft", "sent", "verified", "moved", "rejected"};
  return kNames[static_cast<std::size_t>(ack)];
}
const char* kindName(BreakpointKind kind) {
  constexpr const char* kNames[] = {"site", "tick", "source", "function", "exception", "metric"};
  return kNames[static_cast<std::size_t>(kind)];
}
const char* stateName(GroupState state) {
  constexpr const char* kNames[] = {"running", "gathering", "stopped", "resuming", "partial"};
  return kNames[static_cast<std::size_t>(state)];
}
const char* stateName(MemberState state) {
  constexpr const char* kNames[] = {"running", "stopping", "stopped", "resuming", "wedged", "exited"};
  return kNames[static_cast<std::size_t>(state)];
}
const char* nameOf(StopAck ack) {
  constexpr const char* kNames[] = {"none", "frozen", "stopped"};
  return kNames[static_cast<std::size_t>(ack)];
}

Json memberJson(const GroupMember& member) {
  return {{"process", member.process.value},
          {"state", stateName(member.state)},
          {"tick", member.tick},
          {"skew_ticks", member.skewTicks},
          {"skew_ms", static_cast<double>(member.skewNs) / kNsPerMs},
          {"acknowledged", nameOf(member.ack)},
          {"stopped_skew_ms", static_cast<double>(member.stoppedSkewNs) / kNsPerMs}};
}

void addBundle(Json& to, const HitMember& member) {
  to["frames"] = Json::array();
  for (const StackFrame& f : member.frames) {
    to["frames"].push_back({{"function", f.function}, {"file", f.file}, {"line", f.line}});
  }
  to["locals"] = Json::object();
  for (const auto& [name, value] : member.locals) to["locals"][name] = toJson(value);
  to["thread"] = member.thread;
  to["sources"] = Json::array();
  for (const SourceText& s : member.sources) {
    to["sources"].push_back({{"file", s.file}, {"first_line", s.firstLine}, {"text", s.text}});
  }
  to["parameters"] = Json::object();
  for (const ParameterValue& p : member.parameters) to["parameters"][p.name] = toJson(p.value);
}

}  // namespace

Json breakpointJson(const Breakpoint& b) {
  Json members = Json::array();
  for (const BreakpointMember& m : b.members) {
    members.push_back({{"process", m.process.value}, {"ack", ackName(m.ack)}, {"reason", m.reason}, {"hits", m.hits}});
  }
  return {{"id", b.id},
          {"revision", b.revision},
          {"group", b.group},
          {"kind", kindName(b.kind)},
          {"site", b.site},
          {"line", b.line},
          {"tick", b.tick},
          {"condition", b.condition},
          {"after", b.after},
          {"log", b.logText},
          {"capture", b.capture},
          {"enabled", b.enabled},
          {"expires", b.expires},
          {"armed", b.armed},
          {"members", members},
          {"arm_when", b.armWhen},
          {"after_hit_of", b.afterHitOf},
          {"waiting", b.waiting}};
}

Json groupJson(const LinkGroup& g) {
  Json members = Json::array();
  for (const GroupMember& m : g.members) members.push_back(memberJson(m));
  return {{"id", g.id},
          {"domain", g.domain},
          {"state", stateName(g.state)},
          {"epoch", g.epoch},
          {"hit", g.hitId},
          {"breakpoint", g.breakpoint},
          {"leader", g.leader.value},
          {"tick", g.tick},
          {"stopped_at", g.stoppedAt},
          {"lease_until", g.leaseUntil},
          {"reason", g.reason},
          {"members", members}};
}

Json stopJson(const LinkGroup& group, const Hit* hit) {
  Json members = Json::array();
  for (const GroupMember& m : group.members) {
    Json member = memberJson(m);
    HitMember bundle;
    if (hit != nullptr) {
      const auto found = std::find_if(hit->members.begin(), hit->members.end(),
                                      [&](const HitMember& h) { return h.state.process == m.process; });
      if (found != hit->members.end()) bundle = *found;
    }
    addBundle(member, bundle);
    members.push_back(std::move(member));
  }
  return {{"hit", group.hitId},
          {"breakpoint", group.breakpoint},
          {"leader", group.leader.value},
          {"tick", group.tick},
          {"group", group.id},
          {"state", stateName(group.state)},
          {"cause", hit ? hit->cause : ""},
          {"lease_until", group.leaseUntil},
          {"reason", group.reason},
          {"members", members}};
}

std::string stopText(const Json& stop) {
  std::string out = fmt::format("stopped at tick {} by {} in {}\n", stop["tick"].dump(),
                                stop["breakpoint"].get<std::string>(), stop["leader"].get<std::string>());
  for (const Json& m : stop["members"]) {
    out += fmt::format("\n{}  {}  tick {}  skew {} ticks, {} ms\n", m["process"].get<std::string>(),
                       m["state"].get<std::string>(), m["tick"].dump(), m["skew_ticks"].dump(), m["skew_ms"].dump());
    for (const Json& f : m["frames"]) {
      out += fmt::format("  {}  {}:{}\n", f["function"].get<std::string>(), f["file"].get<std::string>(),
                         f["line"].dump());
    }
    for (const auto& [name, value] : m["locals"].items()) out += fmt::format("  {} = {}\n", name, value.dump());
  }
  return out;
}

}  // namespace qd::cli
