// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/far_names.h"

namespace qd::daemon {
namespace {

void plain(std::string& id) {
  if (const auto far = control::splitFar(id)) id = far->raw;
}

}  // namespace

std::string FarNames::there(const std::string& id) const {
  const auto far = control::splitFar(id);
  if (!far) return control::farName(id, home);
  return far->endpoint == endpoint ? far->raw : id;
}

std::string FarNames::here(const std::string& id) const {
  const auto far = control::splitFar(id);
  if (!far) return control::farName(id, endpoint);
  return far->endpoint == home ? far->raw : id;
}

ingest::Breakpoint FarNames::copy(ingest::Breakpoint b) const {
  b.id = control::farName(b.id, home);
  b.group = control::farName(b.group, home);
  b.afterHitOf = control::farName(b.afterHitOf, home);
  for (auto& member : b.members) member.process = there(member.process);
  return b;
}

ingest::LinkGroup FarNames::copy(ingest::LinkGroup g) const {
  g.id = control::farName(g.id, home);
  g.hitId = control::farName(g.hitId, home);
  g.breakpoint = control::farName(g.breakpoint, home);
  g.domain = there(g.domain);
  g.leader = there(g.leader);
  for (auto& member : g.members) member.process = there(member.process);
  return g;
}

ingest::Hit FarNames::copy(ingest::Hit h) const {
  h.id = control::farName(h.id, home);
  h.group = control::farName(h.group, home);
  h.breakpoint = control::farName(h.breakpoint, home);
  h.leader = there(h.leader);
  for (auto& member : h.members) member.state.process = there(member.state.process);
  return h;
}

control::DebugOrder FarNames::here(control::DebugOrder order) const {
  if (auto* set = std::get_if<control::BreakpointOrder>(&order)) {
    plain(set->wanted.id);
    plain(set->wanted.group);
    plain(set->wanted.afterHitOf);
    for (ProcessId& id : set->members) id = here(id);
    // What somebody typed is the process as he sees it.
    if (!set->confirmed.empty()) set->confirmed = here(set->confirmed);
  } else if (auto* remove = std::get_if<control::RemoveOrder>(&order)) {
    plain(remove->id);
  } else if (auto* unlink = std::get_if<control::UnlinkOrder>(&order)) {
    plain(unlink->group);
  } else if (auto* pause = std::get_if<control::PauseOrder>(&order)) {
    plain(pause->group);
  } else if (auto* resume = std::get_if<control::ResumeOrder>(&order)) {
    plain(resume->group);
    resume->process = here(resume->process);
  } else if (auto* step = std::get_if<control::StepOrder>(&order)) {
    plain(step->group);
    step->process = here(step->process);
  }
  return order;
}

}  // namespace qd::daemon
