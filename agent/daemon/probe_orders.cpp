// SPDX-License-Identifier: Apache-2.0
// The orders to a probe: frames over its stream, words in its lane.
#include <algorithm>

#include "agent/daemon/probe_session.h"
#include "agent/daemon/probe_values.h"

namespace qd::daemon {
namespace {

qd_str strOf(const std::string& text) {
  return {text.data(), static_cast<std::uint32_t>(text.size())};
}

}  // namespace

void ProbeSession::push(const control::PushOrder& order) {
  sendFrame(QD_F_PUSH, [&](qd_writer* w) {
    const qd_push_msg head{strOf(order.pushId), strOf(order.who), strOf(order.comment),
                           static_cast<std::uint16_t>(order.assignments.size())};
    qd_put_push(w, &head);
    for (const auto& assignment : order.assignments) {
      ValueType type = ValueType::None;
      for (const auto& spec : info_.parameters) {
        if (spec.name == assignment.name) type = spec.type;
      }
      const qd_push_item item{strOf(assignment.name), assignment.expectedVersion.has_value(),
                              assignment.expectedVersion.value_or(0), probeValueOf(assignment.value, type)};
      qd_put_push_item(w, &item);
    }
  });
}

void ProbeSession::askPush(const std::string& pushId) {
  sendFrame(QD_F_QUERY, [&](qd_writer* w) {
    const qd_query_msg query{QD_QUERY_PUSH, strOf(pushId)};
    qd_put_query(w, &query);
  });
}

void ProbeSession::runAction(const control::ActionOrder& order) {
  const auto spec = std::find_if(info_.actions.begin(), info_.actions.end(),
                                 [&](const auto& action) { return action.name == order.name; });
  sendFrame(QD_F_ACTION_RUN, [&](qd_writer* w) {
    const qd_action_run head{strOf(order.actionId), strOf(order.name), strOf(order.who),
                             static_cast<std::uint16_t>(std::min<std::size_t>(order.arguments.size(), QD_MAX_FIELDS))};
    qd_put_action_run(w, &head);
    for (unsigned i = 0; i < head.count; ++i) {
      const auto& [name, value] = order.arguments[i];
      ValueType type = ValueType::None;
      for (std::size_t a = 0; spec != info_.actions.end() && a < spec->arguments.size(); ++a) {
        if (spec->arguments[a].name == name) type = spec->arguments[a].type;
      }
      const qd_field_item item{strOf(name), probeValueOf(value, type)};
      qd_put_field(w, &item);
    }
  });
}

void ProbeSession::arm(const ingest::Breakpoint& breakpoint) {
  sendFrame(QD_F_ARM, [&](qd_writer* w) {
    qd_arm_msg arm{};
    arm.id = strOf(breakpoint.id);
    arm.revision = breakpoint.revision;
    arm.site = strOf(breakpoint.site);
    arm.condition = strOf(breakpoint.condition);
    arm.after = breakpoint.after > 0 ? breakpoint.after - 1 : 0;  // ours: stop from the Nth on; its: ignore the first N
    arm.mode = breakpoint.capture ? QD_ARM_CAPTURE : breakpoint.logText.empty() ? QD_ARM_STOP : QD_ARM_LOG;
    arm.max_hits = breakpoint.capture ? 1 : 0;
    arm.text = strOf(breakpoint.logText);
    qd_put_arm(w, &arm);
  });
}

void ProbeSession::disarm(const std::string& id) {
  sendFrame(QD_F_DISARM, [&](qd_writer* w) {
    const qd_disarm_msg disarm{strOf(id)};
    qd_put_disarm(w, &disarm);
  });
}

void ProbeSession::stop(std::optional<Tick> tick, std::uint64_t stopId) {
  if (lane_) qd_lane_stop(lane_, tick ? static_cast<std::uint64_t>(std::max<Tick>(*tick, 0)) : 0, stopId);
  sendOrders();
}

void ProbeSession::resume() {
  if (lane_) qd_lane_resume(lane_);
  sendOrders();
}

void ProbeSession::step(Tick until, std::uint64_t stopId) {
  if (lane_) qd_lane_step(lane_, static_cast<std::uint64_t>(std::max<Tick>(until, 0)), stopId);
  sendOrders();
}

void ProbeSession::renew() {
  if (lane_) qd_lane_renew(lane_);
  sendOrders();
}

}  // namespace qd::daemon
