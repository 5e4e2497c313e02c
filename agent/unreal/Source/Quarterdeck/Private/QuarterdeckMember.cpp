// SPDX-License-Identifier: Apache-2.0
#include "QuarterdeckMember.h"

#include <cstdio>
#include <utility>

namespace quarterdeck::unreal {

Member::~Member() {
  qd_close(probe_);
}

bool Member::Open(const MemberConfig& config, std::string& error) {
  config_ = config;
  const qd_pair labels[] = {{"engine", "unreal"}, {"map", config_.map.c_str()}};
  qd_config made{};
  made.id = config_.id.c_str();
  made.kind = IsServer() ? QD_KIND_SERVER : QD_KIND_EDITOR;
  made.name = config_.name.empty() ? nullptr : config_.name.c_str();
  made.domain = config_.domain.c_str();
  made.tick_hz = IsServer() ? config_.tickHz : config_.frameHz;
  made.labels = labels;
  made.label_count = 2;
  made.build_version = config_.version.c_str();
  made.socket_path = config_.socket.empty() ? nullptr : config_.socket.c_str();
  made.token = config_.token.empty() ? nullptr : config_.token.c_str();
  made.park_by_polling = config_.inEditor ? 1 : 0;
  made.on_park = &Member::Parked;
  made.on_park_user = this;
  char why[256] = "";
  probe_ = qd_open(&made, why, sizeof why);
  error = why;
  if (!probe_) return false;
  duration_ = qd_series_i64(probe_, IsServer() ? "tick.duration" : "frame.duration", "ms", 6);
  delta_ = qd_series_f64(probe_, IsServer() ? "tick.delta" : "frame.delta", "ms");
  return true;
}

void Member::BeginTick(double serverSeconds, double deltaSeconds) {
  if (!probe_ || standing_) return;
  inTick_ = true;
  startedNs_ = qd_now_ns();
  const std::uint64_t wanted = TickOf(serverSeconds, config_.tickHz);
  if (IsServer()) {
    tick_ = wanted > tick_ ? wanted : tick_ + 1;
    qd_tick_begin(probe_, tick_);
  } else {
    tick_ = wanted;
    qd_frame_begin(probe_, ++frame_, RenderTickOf(serverSeconds, config_.tickHz), wanted);
  }
  qd_sample_f64(probe_, delta_, deltaSeconds * 1e3);
}

void Member::EndTick() {
  if (!probe_ || !inTick_) return;
  inTick_ = false;
  qd_sample_i64(probe_, duration_, static_cast<std::int64_t>(qd_now_ns() - startedNs_));
  if (IsServer()) {
    qd_tick_end(probe_);
  } else {
    qd_frame_end(probe_);
  }
}

bool Member::Poll() {
  return probe_ && standing_ && qd_park_poll(probe_) != 0;
}

void Member::Parked(void* user, int parked, std::uint64_t) {
  auto* self = static_cast<Member*>(user);
  self->standing_ = parked != 0;
  if (self->config_.pauseWorld) self->config_.pauseWorld(self->standing_);
}

void Member::Poses(const std::vector<Pose>& poses) {
  if (!qd_wants_entities(probe_) || standing_) return;
  const auto kind = IsServer() ? QD_ENTITIES_AUTHORITATIVE : QD_ENTITIES_RENDERED;
  if (qd_entities_begin(probe_, kind, tick_ << 16, static_cast<std::uint32_t>(poses.size())) != 0) return;
  for (const Pose& pose : poses) {
    if (!IsPlace(pose.location)) continue;
    qd_entity e{};
    e.id = pose.id;
    e.flags = pose.flags;
    SetPosition(e, pose.location);
    SetVelocity(e, pose.velocity);
    SetRotation(e, pose.rotation);
    qd_entities_add(probe_, &e);
  }
  qd_entities_end(probe_);
}

qd_series Member::Series(const std::string& name, const char* unit) {
  const auto found = series_.find(name);
  if (found != series_.end()) return found->second;
  return series_[name] = qd_series_f64(probe_, name.c_str(), unit);
}

void Member::Sample(const std::string& name, const std::string& unit, double value) {
  if (probe_) qd_sample_f64(probe_, Series(name, unit.c_str()), value);
}

void Member::Net(const NetStats& stats) {
  Sample("net.bandwidth", "B/s", stats.inBytesPerSecond);
  Sample("net.bandwidth_up", "B/s", stats.outBytesPerSecond);
  Sample("net.loss", "%", stats.inLossPercent);
  Sample("net.loss_up", "%", stats.outLossPercent);
  if (IsServer()) Sample("net.clients", "count", stats.connections);
  if (stats.pingMs >= 0) Sample("net.rtt", "ms", stats.pingMs);
}

void Member::Event(const std::string& name, const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<qd_field> all;
  for (const auto& [key, value] : fields) all.push_back(qd_kv(key.c_str(), qd_text(value.c_str())));
  qd_event(probe_, name.c_str(), all.data(), static_cast<std::uint32_t>(all.size()));
}

void Member::Log(qd_level level, const char* category, const char* text) {
  qd_log(probe_, level, category, text);
}

void Member::MapLoaded(const std::string& map) {
  qd_segment_begin(probe_, nullptr, ("map " + map).c_str());
  Event("map.loaded", {{"map", map}});
}

void Member::Patched() {
  Event("code.patched", {{"by", "Live Coding"}});
}

bool Member::Hit(const std::string& name, const char* file, int line,
                 const std::vector<std::pair<std::string, double>>& fields) {
  if (!probe_) return false;
  auto found = sites_.find(name);
  if (found == sites_.end()) {
    std::string names;
    for (const auto& [key, value] : fields) names += (names.empty() ? "" : ",") + key;
    found = sites_.emplace(name, qd_site_declare(probe_, name.c_str(), file, line, names.c_str())).first;
  }
  if (!qd_site_enabled(found->second)) return false;
  std::vector<qd_field> all;
  for (const auto& [key, value] : fields) all.push_back(qd_kv(key.c_str(), qd_f64(value)));
  return qd_site_hit(probe_, found->second, all.data(), static_cast<std::uint32_t>(all.size())) != 0;
}

void Member::Declare(const Parameter& parameter) {
  if (!probe_ || bound_.count(parameter.name)) return;
  Bound& bound = bound_[parameter.name];
  bound.parameter = parameter;
  const auto made = [&](double v) {
    return parameter.truth ? qd_bool(v != 0) : parameter.whole ? qd_i64(static_cast<std::int64_t>(v)) : qd_f64(v);
  };
  qd_param_desc desc{};
  desc.name = bound.parameter.name.c_str();
  desc.type = made(0).type;
  desc.unit = bound.parameter.unit.c_str();
  desc.group = bound.parameter.group.c_str();
  desc.description = bound.parameter.description.c_str();
  desc.initial = made(parameter.value);
  if (parameter.least != parameter.most && !parameter.truth) {
    desc.min = made(parameter.least);
    desc.max = made(parameter.most);
  }
  desc.risk = parameter.risk;
  desc.apply = &Member::Applied;
  desc.user = &bound;
  bound.value = parameter.value;
  bound.handle = qd_param_declare(probe_, &desc);
  if (bound.handle < 0) Log(QD_WARNING, "quarterdeck", qd_last_error(probe_));
}

void Member::Applied(void* user, const qd_value* value) {
  auto* bound = static_cast<Bound*>(user);
  bound->value = value->type == QD_TYPE_F64 ? value->vec[0] : static_cast<double>(value->i64);
  if (bound->parameter.apply) bound->parameter.apply(bound->value);
}

void Member::Changed(const std::string& name, double value) {
  const auto found = bound_.find(name);
  if (found == bound_.end() || found->second.handle < 0 || found->second.value == value) return;
  found->second.value = value;
  const Parameter& p = found->second.parameter;
  qd_param_set(probe_, found->second.handle,
               p.truth   ? qd_bool(value != 0)
               : p.whole ? qd_i64(static_cast<std::int64_t>(value))
                         : qd_f64(value));
}

void Member::Declare(const std::string& action, const std::string& description,
                     std::function<bool(std::string& result)> run) {
  if (!probe_ || offered_.count(action)) return;
  Offered& offered = offered_[action];
  offered.run = std::move(run);
  qd_action_desc desc{};
  desc.name = action.c_str();
  desc.description = description.c_str();
  desc.run = &Member::Run;
  desc.user = &offered;
  qd_action_declare(probe_, &desc);
}

int Member::Run(void* user, const qd_field*, std::uint32_t, char* result, std::size_t size) {
  std::string text;
  const bool ok = static_cast<Offered*>(user)->run(text);
  std::snprintf(result, size, "%s", text.c_str());
  return ok ? 0 : 1;
}

}  // namespace quarterdeck::unreal
