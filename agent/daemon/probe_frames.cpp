// SPDX-License-Identifier: Apache-2.0
// The frames: what a probe declares.
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

}  // namespace

Result<> ProbeSession::frame(const qd_frame& frame) {
  if (outBroken_) return fail(ErrorCode::Unavailable, "Its probe does not read what it is sent.");
  if (!admitted_) {
    if (frame.type == QD_F_HELLO) return hello(frame.body);
    if (frame.type == QD_F_STREAM) return openStream(frame.body);
    return fail(ErrorCode::Corrupt, "Its probe did not begin with a hello.");
  }
  if (stream_) {
    auto taken = streamFrame(frame);
    if (!taken) return std::unexpected(taken.error());
    if (*taken) return {};
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
  rollupMaker_.declare(info_);
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
  for (auto& value : change.values) observer_.fillDesired(info_.id, value);
  table_.setParameters(change.process, change.values);
  log_.append(std::move(change));
}

}  // namespace qd::daemon
