// SPDX-License-Identifier: Apache-2.0
// The frames: what a probe declares and reports, and the orders to it.
#include <fmt/format.h>

#include <algorithm>

#include "agent/daemon/probe_session.h"
#include "agent/daemon/probe_values.h"

namespace qd::daemon {
namespace {

constexpr std::size_t kMostSeries = 0x8000;  // ever, in one instance; above are the agent's own
constexpr std::size_t kMostParameters = 4096, kMostSites = 4096, kMostActions = 1024;

bool sameSeries(const ingest::SeriesInfo& a, const ingest::SeriesInfo& b) {
  return a.name == b.name && a.dimensions == b.dimensions && a.integer == b.integer && a.scale == b.scale;
}

template <class T>
bool replaceNamed(std::vector<T>& all, T made, std::size_t most) {
  for (T& one : all) {
    if (one.name != made.name) continue;
    one = std::move(made);
    return true;
  }
  if (all.size() >= most) return false;
  all.push_back(std::move(made));
  return true;
}

std::string textOf(qd_str text) {
  return std::string(text.data, text.size);
}

qd_str strOf(const std::string& text) {
  return {text.data(), static_cast<std::uint32_t>(text.size())};
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

Result<> ProbeSession::frame(const qd_frame& frame) {
  if (outBroken_) return fail(ErrorCode::Unavailable, "Its probe does not read what it is sent.");
  if (!admitted_) {
    if (frame.type == QD_F_HELLO) return hello(frame.body);
    return fail(ErrorCode::Corrupt, "Its probe did not begin with a hello.");
  }
  if (frame.type == QD_F_DECLARED) {
    declared_ = true;
    publishDeclaration("");
  } else if (frame.type == QD_F_BYE) {
    saidBye_ = true;
  } else if (frame.type == QD_F_HELLO) {
    return fail(ErrorCode::Corrupt, "Its probe sent a second hello.");
  } else {
    declaration(frame) || outcome(frame) || debugFrame(frame);  // unknown ones are those of a newer probe
  }
  return {};
}

bool ProbeSession::declaration(const qd_frame& frame) {
  switch (frame.type) {
    case QD_F_SERIES:
      series(frame.body);
      return true;
    case QD_F_SERIES_END: {
      qd_cursor body = frame.body;
      qd_series_end_msg end;
      if (qd_get_series_end(&body, &end) && end.handle < kMaxHandles) endedHandles_.push_back(end.handle);
      return true;
    }
    case QD_F_PARAM:
      parameter(frame.body);
      return true;
    case QD_F_PARAM_VALUE:
      parameterValue(frame.body);
      return true;
    case QD_F_SITE:
      site(frame.body);
      return true;
    case QD_F_ACTION:
      action(frame.body);
      return true;
    default:
      return false;
  }
}

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

// The same series of one instance keeps its index, also over a reconnect; a handle that the probe gives out again for
// another series gets a new one, so that two series never share an index.
std::uint32_t ProbeSession::indexFor(const ingest::SeriesInfo& wanted, std::uint32_t handle) {
  for (const auto& known : info_.series) {
    if (sameSeries(known, wanted)) return known.index.value;
  }
  std::uint32_t index = handle == LaneContext::kUndeclared ? wanted.index.value : handle;
  if (seriesAt_.contains(index)) index = std::max<std::uint32_t>(kMaxHandles, nextIndex_);
  if (index >= kMostSeries) return LaneContext::kUndeclared;
  nextIndex_ = std::max(nextIndex_, index + 1);
  seriesAt_[index] = info_.series.size();
  info_.series.push_back(wanted);
  info_.series.back().index = SeriesIndex(index);
  return index;
}

void ProbeSession::series(qd_cursor body) {
  qd_series_msg m;
  if (!qd_get_series(&body, &m) || m.handle >= kMaxHandles) return;
  ingest::SeriesInfo made;
  made.name = lineOf(m.name);
  made.unit = lineOf(m.unit);
  made.integer = !m.is_f64;
  made.scale = made.integer ? std::clamp<int>(m.scale, -18, 18) : 0;
  made.description = proseOf(m.description);
  if (m.has_budget) made.budget = m.budget;
  for (unsigned i = 0; i < m.count; ++i) {
    qd_pair_item pair;
    if (!qd_get_pair(&body, &pair)) break;
    made.dimensions.emplace_back(lineOf(pair.key), lineOf(pair.value));
  }
  const std::uint32_t before = context_.indexOf[m.handle];
  const std::uint32_t index = indexFor(made, m.handle);
  if (declared_ && before != LaneContext::kUndeclared && before != index) {  // given out again: first what was sampled
    for (std::uint32_t i = 0; i < rings_.size(); ++i) drainRing(i, monotonicNs(), 0, true);
  }
  std::erase(endedHandles_, m.handle);
  context_.indexOf[m.handle] = index;
  dirty_ = true;
}

void ProbeSession::parameter(qd_cursor body) {
  qd_param_msg m;
  if (!qd_get_param(&body, &m)) return;
  ingest::ParameterSpec made = parameterOf(body, m);
  ingest::ParameterValue value;
  value.name = made.name;
  value.value = valueOf(m.value);
  value.version = m.version;
  value.time = utcNowNs();
  value.tick = info_.tick;
  if (!replaceNamed(info_.parameters, std::move(made), kMostParameters)) return;
  changedValues_.push_back(std::move(value));
  dirty_ = true;
}

void ProbeSession::parameterValue(qd_cursor body) {
  qd_param_value_msg m;
  if (!qd_get_param_value(&body, &m)) return;
  ingest::ParameterValue value;
  value.name = lineOf(m.name);
  value.value = valueOf(m.value);
  value.version = m.version;
  value.tick = static_cast<Tick>(m.tick);
  value.time = utc(m.time_ns);
  value.pushId = lineOf(m.push_id);
  if (!value.pushId.empty()) value.who = observer_.whoPushed(value.pushId);
  changedValues_.push_back(std::move(value));
  if (declared_) publishValues();
}

void ProbeSession::site(qd_cursor body) {
  qd_site_msg m;
  if (!qd_get_site(&body, &m)) return;
  ingest::SiteInfo made{lineOf(m.name), lineOf(m.file),
                        static_cast<std::int32_t>(std::min<std::uint32_t>(m.line, INT32_MAX))};
  if (replaceNamed(info_.sites, std::move(made), kMostSites)) dirty_ = sitesDirty_ = true;
}

void ProbeSession::action(qd_cursor body) {
  qd_action_msg m;
  if (!qd_get_action(&body, &m)) return;
  ingest::ActionSpec made;
  made.name = lineOf(m.name);
  made.description = proseOf(m.description);
  made.risk = static_cast<ingest::Risk>(std::min<int>(m.risk, QD_DANGEROUS));
  for (unsigned i = 0; i < m.count; ++i) {
    qd_arg_item arg;
    if (!qd_get_arg(&body, &arg)) break;
    ingest::ParameterSpec spec;
    spec.name = lineOf(arg.name);
    spec.type = typeOf(arg.type);
    spec.description = proseOf(arg.description);
    made.arguments.push_back(std::move(spec));
  }
  if (replaceNamed(info_.actions, std::move(made), kMostActions)) dirty_ = true;
}

void ProbeSession::publishDeclaration(const std::string& reason) {
  dirty_ = false;
  if (lane_) {
    qd_lane_status status;
    qd_lane_get_status(lane_, &status);
    info_.tick = static_cast<Tick>(status.tick & INT64_MAX);
  }
  table_.put(info_);
  log_.append(ingest::ProcessChange{info_, reason});
  publishValues();
  if (sitesDirty_ || !toldUp_) {
    sitesDirty_ = false;
    toldUp_ = true;
    observer_.up(*this);
  }
}

void ProbeSession::publishValues() {
  if (changedValues_.empty()) return;
  ingest::ParameterChange change{ref(), std::move(changedValues_)};
  changedValues_.clear();
  table_.setParameters(change.process, change.values);
  log_.append(std::move(change));
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
  control::ProcessUp up{info_.id, info_.instance, info_.kind, info_.domain, info_.tickHz, {}};
  for (const auto& site : info_.sites) up.sites.push_back(site.name);
  return up;
}

// --- orders ----------------------------------------------------------------------------------------------------------

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
}

void ProbeSession::resume() {
  if (lane_) qd_lane_resume(lane_);
}

void ProbeSession::step(Tick until, std::uint64_t stopId) {
  if (lane_) qd_lane_step(lane_, static_cast<std::uint64_t>(std::max<Tick>(until, 0)), stopId);
}

void ProbeSession::renew() {
  if (lane_) qd_lane_renew(lane_);
}

}  // namespace qd::daemon
