// SPDX-License-Identifier: Apache-2.0
// The frames: what a probe reports of pushes, actions and stops.
#include <algorithm>

#include "agent/daemon/probe_session.h"
#include "agent/daemon/probe_values.h"

namespace qd::daemon {
namespace {

std::string textOf(qd_str text) {
  return std::string(text.data, text.size);
}

const char* resumeReason(int reason) {
  switch (reason) {
    case QD_RESUME_ORPHANED:
      return "its agent was silent for too long";
    case QD_RESUME_MAXIMUM:
      return "it was parked for as long as it allows";
    case QD_RESUME_CLOSING:
      return "it is closing";
    default:
      return "";
  }
}

const char* disarmReason(int reason) {
  switch (reason) {
    case QD_DISARM_ORPHANED:
      return "its agent was silent for too long";
    case QD_DISARM_SPENT:
      return "spent";
    case QD_DISARM_MAXIMUM:
      return "it was parked for as long as it allows";
    default:
      return "asked";
  }
}

}  // namespace

bool ProbeSession::outcome(const qd_frame& frame) {
  if (frame.type == QD_F_PUSH_RESULT) {
    pushResult(frame.body);
  } else if (frame.type == QD_F_ACTION_RESULT) {
    actionResult(frame.body);
  } else {
    return false;
  }
  return true;
}

bool ProbeSession::debugFrame(const qd_frame& frame) {
  qd_cursor body = frame.body;
  switch (frame.type) {
    case QD_F_ARM_RESULT:
      if (qd_arm_result m; qd_get_arm_result(&body, &m)) {
        observer_.debugged(
            control::ArmAnswer{info_.id, textOf(m.id), m.revision, m.status == QD_ARM_VERIFIED, lineOf(m.reason), 0});
      }
      return true;
    case QD_F_DISARMED:
      if (qd_disarmed m; qd_get_disarmed(&body, &m) && m.reason != QD_DISARM_ASKED) {
        observer_.debugged(control::Disarmed{info_.id, textOf(m.id), disarmReason(m.reason)});
      }
      return true;
    case QD_F_HIT:
      hit(body);
      return true;
    case QD_F_PARKED:
      parked(body);
      return true;
    case QD_F_RESUMED:
      resumed(body);
      return true;
    default:
      return false;
  }
}

void ProbeSession::pushResult(qd_cursor body) {
  qd_push_result m;
  if (!qd_get_push_result(&body, &m)) return;
  ingest::PushResult out;
  out.pushId = lineOf(m.id);
  out.process = ref();
  out.status = m.status == QD_APPLIED    ? ingest::PushStatus::Applied
               : m.status == QD_REJECTED ? ingest::PushStatus::Rejected
                                         : ingest::PushStatus::Unknown;
  out.tick = static_cast<Tick>(m.tick);
  out.time = utc(m.time_ns);
  out.reason = proseOf(m.reason);
  for (unsigned i = 0; i < m.count; ++i) {
    qd_result_item item;
    if (!qd_get_result_item(&body, &item)) break;
    out.parameters.push_back(
        {lineOf(item.name), valueOf(item.before), valueOf(item.after), item.version, proseOf(item.reason)});
  }
  observer_.answered(std::move(out));
}

void ProbeSession::actionResult(qd_cursor body) {
  qd_action_result m;
  if (!qd_get_action_result(&body, &m)) return;
  ingest::ActionResult out;
  out.actionId = lineOf(m.id);
  out.process = ref();
  out.name = lineOf(m.name);
  out.ok = m.status == QD_APPLIED;
  out.tick = static_cast<Tick>(m.tick);
  out.time = utc(m.time_ns);
  out.text = proseOf(m.text);
  observer_.answered(std::move(out));
}

void ProbeSession::hit(qd_cursor body) {
  qd_hit_msg m;
  if (!qd_get_hit(&body, &m)) return;
  control::SiteHit out;
  out.process = info_.id;
  out.epoch = m.epoch;
  out.breakpoint = textOf(m.id);
  out.hits = m.hit;
  out.stops = m.stops != 0;
  out.tick = static_cast<Tick>(m.tick);
  out.time = utc(m.time_ns);
  const std::string name = lineOf(m.site);
  for (const auto& site : info_.sites) {
    if (site.name == name) out.frames.push_back({site.name, site.file, site.line});
  }
  out.locals = fieldsOf(body, m.count);
  observer_.debugged(out);
}

void ProbeSession::parked(qd_cursor body) {
  qd_parked m;
  if (!qd_get_parked(&body, &m)) return;
  info_.state = ingest::ProcessState::Parked;
  publishDeclaration("");
  observer_.debugged(control::Parked{info_.id, m.epoch, m.stop_id, m.cause == QD_STOP_SITE ? textOf(m.id) : "",
                                     static_cast<Tick>(m.tick), utc(m.time_ns)});
}

void ProbeSession::resumed(qd_cursor body) {
  qd_resumed m;
  if (!qd_get_resumed(&body, &m)) return;
  info_.state = ingest::ProcessState::Running;
  publishDeclaration("");
  observer_.debugged(
      control::Resumed{info_.id, m.epoch, utc(m.time_ns), m.reason == QD_RESUME_ASKED, resumeReason(m.reason)});
}

control::ProcessUp ProbeSession::upEvent() const {
  control::ProcessUp up{info_.id, info_.instance, info_.kind, info_.domain, info_.tickHz, {}, 0};
  for (const auto& site : info_.sites) up.sites.push_back(site.name);
  for (const auto& [key, value] : info_.labels) {
    const auto allowed = key == "timeout.health" ? parseDuration(value) : Result<Duration>(Duration{0});
    if (allowed && allowed->ns > 0) up.healthNs = allowed->ns;
  }
  return up;
}

}  // namespace qd::daemon
