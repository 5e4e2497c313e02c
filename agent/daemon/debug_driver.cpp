// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/debug_driver.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace qd::daemon {

void DebugDriver::restore(std::vector<ingest::LinkGroup> groups, std::vector<ingest::Breakpoint> breakpoints) {
  desk_.restore(std::move(groups), std::move(breakpoints));
  for (const auto& group : desk_.groups()) table_.setGroup(group);
  for (const auto& breakpoint : desk_.breakpoints()) table_.setBreakpoint(breakpoint);
}

Result<std::string> DebugDriver::execute(control::SessionId session, const std::string& who,
                                         const control::DebugOrder& order) {
  control::DebugActions actions;
  auto result = desk_.execute(session, who, order, utcNowNs(), actions);
  perform(std::move(actions));
  return result;
}

void DebugDriver::on(const control::ProcessEvent& event) {
  perform(desk_.on(event, utcNowNs()));
}

void DebugDriver::onTime(TimeNs now) {
  const auto deadline = desk_.nextDeadline();
  if (deadline && *deadline <= now) perform(desk_.onTime(now));
}

void DebugDriver::renew(const std::vector<ProbeSession*>& sessions) {
  for (ProbeSession* session : sessions) {
    if (desk_.holds(session->info().id)) session->renew();
  }
}

// What goes to the probes first, in its order: a peer must not wait for what is only published.
void DebugDriver::perform(control::DebugActions actions) {
  const auto isPublished = [](const control::DebugAction& action) {
    return std::holds_alternative<control::PublishBreakpoint>(action) ||
           std::holds_alternative<control::PublishGroup>(action) ||
           std::holds_alternative<control::PublishHit>(action) || std::holds_alternative<control::Audit>(action);
  };
  for (auto& action : actions) {
    if (!isPublished(action)) perform(action);
  }
  for (auto& action : actions) {
    if (isPublished(action)) perform(action);
  }
  log_.notify();
}

void DebugDriver::perform(control::DebugAction& action) {
  if (auto* stop = std::get_if<control::OrderStop>(&action)) {
    if (ProbeSession* session = find_(stop->process)) session->stop(stop->atTick, stop->stopId);
  } else if (auto* resume = std::get_if<control::OrderResume>(&action)) {
    if (ProbeSession* session = find_(resume->process)) session->resume();
  } else if (auto* step = std::get_if<control::OrderStep>(&action)) {
    if (ProbeSession* session = find_(step->process)) session->step(step->atTick, step->stopId);
  } else if (auto* arm = std::get_if<control::ArmSite>(&action)) {
    if (ProbeSession* session = find_(arm->process)) session->arm(arm->breakpoint);
  } else if (auto* disarm = std::get_if<control::DisarmSite>(&action)) {
    if (ProbeSession* session = find_(disarm->process)) session->disarm(disarm->breakpoint);
  } else if (auto* breakpoint = std::get_if<control::PublishBreakpoint>(&action)) {
    table_.setBreakpoint(breakpoint->breakpoint);
    log_.append(std::move(breakpoint->breakpoint));
  } else if (auto* group = std::get_if<control::PublishGroup>(&action)) {
    table_.setGroup(group->group);
    log_.append(std::move(group->group));
  } else if (auto* hit = std::get_if<control::PublishHit>(&action)) {
    publishHit(std::move(hit->hit));
  } else if (auto* audit = std::get_if<control::Audit>(&action)) {
    spdlog::info("debugging: {}", audit->text);
  }
}

void DebugDriver::publishHit(ingest::Hit hit) {
  for (auto& member : hit.members) {
    if (member.parameters.empty()) member.parameters = table_.parameters(member.state.process);
  }
  log_.append(std::move(hit));
}

}  // namespace qd::daemon
