// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/wish_driver.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace qd::daemon {
namespace {

constexpr std::string_view kPrefix = "desired/";

}  // namespace

void WishDriver::recall(const std::map<InstanceId, TimeNs>& seen) {
  for (const auto& info : table_.all()) {
    if (info.state == ingest::ProcessState::Gone) continue;
    const auto known = seen.find(info.instance);
    before_[info.id] = {info.instance, known == seen.end() ? 0 : known->second};
  }
}

void WishDriver::load() {
  store_.get("", [this](const Result<std::vector<ingest::SharedItem>>& items) {
    if (!items) return;
    for (const auto& item : *items) {
      if (item.key.starts_with(kPrefix)) {
        book_.decode(ProcessId(item.key.substr(kPrefix.size())), item.value);
      } else {
        table_.setShared(item);
      }
    }
    // Those that were found gone before it was known what they had got.
    for (const auto& [process, before] : before_) {
      if (before.found != 0) suspect(process, before.seen, before.found);
    }
  });
}

// A value on its passing way (a ramp, a lease, a rollout that may go back) is no drift.
void WishDriver::fill(const ProcessId& process, ingest::ParameterValue& value) const {
  book_.fill(process, value);
  if (value.desired && passing_ && !value.pushId.empty() && passing_(value.pushId)) {
    value.desired.reset();
    value.desiredPush.clear();
    value.desiredWho.clear();
  }
}

bool WishDriver::wants(const ProcessId& process, const std::string& name, const Value& value) const {
  const auto* wanted = book_.find(process, name);
  return wanted && wanted->value == value;
}

void WishDriver::want(const ProcessId& process, const std::string& name, control::DesiredValue value) {
  book_.set(process, name, std::move(value));
}

void WishDriver::keep(const ProcessId& process) {
  control::SharedWrite write;
  write.item.key = std::string(kPrefix) + process.value;
  write.item.value = book_.encode(process);
  write.item.who = "agent";
  store_.put(std::move(write), [](const auto& done) {
    if (!done) spdlog::warn("desired values are not kept: {}", done.error().message);
  });
}

void WishDriver::acknowledged(const ingest::PushResult& result) {
  std::set<std::string> names;
  for (const auto& parameter : result.parameters) {
    want(result.process.id, parameter.name, {parameter.newValue, result.pushId, result.who, utcNowNs(), false});
    names.insert(parameter.name);
  }
  keep(result.process.id);
  republish(result.process, names);
}

void WishDriver::settled(const ingest::ChangeState& change) {
  for (const auto& target : change.targets) {
    if (!target.agent.empty() || target.state != ingest::TargetState::Applied) continue;
    std::set<std::string> names;
    for (const auto& value : change.plan.values) {
      want(target.process, value.name, {value.value, target.pushId, change.plan.who, utcNowNs(), false});
      names.insert(value.name);
    }
    keep(target.process);
    if (const auto info = table_.find(target.process)) republish({info->id, info->instance}, names);
  }
}

// The live value came before the news of what is wanted: say it again with both.
void WishDriver::republish(const ingest::ProcessRef& process, const std::set<std::string>& names) {
  ingest::ParameterChange change{process, {}};
  for (auto& value : table_.parameters(process.id)) {
    if (!names.contains(value.name)) continue;
    fill(process.id, value);
    change.values.push_back(std::move(value));
  }
  if (change.values.empty()) return;
  table_.setParameters(change.process, change.values);
  log_.append(std::move(change));
  log_.notify();
}

void WishDriver::shared(const ingest::SharedItem& item) {
  if (item.key.starts_with(kPrefix)) {
    book_.decode(ProcessId(item.key.substr(kPrefix.size())), item.value);
    return;
  }
  table_.setShared(item);
  log_.append(item);
  log_.notify();
}

void WishDriver::down(const ProcessId& process) {
  const TimeNs now = utcNowNs();
  suspect(process, now, now);
}

void WishDriver::lost(const ProcessId& process) {
  const auto before = before_.find(process);
  if (before == before_.end() || before->second.found != 0) return;
  before->second.found = utcNowNs();
  suspect(process, before->second.seen, before->second.found);
}

void WishDriver::suspect(const ProcessId& process, TimeNs seen, TimeNs found) {
  if (!book_.onEnd(process, seen, found)) return;
  spdlog::warn("{} ended within a minute of getting values; they are not given to it again", process.value);
  audit_.append("agent", "agent", fmt::format("{} ended within a minute of getting values", process.value), "",
                "they are not given to it again");
  keep(process);
}

void WishDriver::up(const ingest::ProcessRef& process) {
  const auto before = before_.find(process.id);
  if (before != before_.end() && before->second.instance == process.instance) before_.erase(before);
  if (!told_.insert(process.instance).second) return;
  lost(process.id);
  auto order = book_.onRestart(process.id, table_.parameters(process.id));
  if (!order) return;
  spdlog::info("{} gets {} desired values again", process.id.value, order->assignments.size());
  pushes_.push(std::move(*order), [](const auto&) {});
}

Result<ingest::ParameterChange> WishDriver::adopt(const control::AdoptOrder& order) {
  const auto info = table_.find(order.process);
  if (!info || info->state == ingest::ProcessState::Gone) {
    return fail(ErrorCode::NotFound, fmt::format("{} is no live process of this agent.", order.process.value));
  }
  std::set<std::string> names;
  for (const auto& value : table_.parameters(order.process)) {
    const bool named = std::find(order.names.begin(), order.names.end(), value.name) != order.names.end();
    const auto* wanted = book_.find(order.process, value.name);
    const bool drifted = wanted && wanted->value != value.value;
    if (!named && !(order.names.empty() && drifted)) continue;
    want(order.process, value.name, {value.value, value.pushId, order.who, utcNowNs(), false});
    names.insert(value.name);
  }
  if (names.empty()) return fail(ErrorCode::NotFound, fmt::format("Nothing of {} has drifted.", order.process.value));
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  audit_.append(order.who, order.from, fmt::format("live values of {} are wanted: {}", order.process.value, list),
                order.comment, "done");
  keep(order.process);
  republish({order.process, info->instance}, names);
  ingest::ParameterChange out{{order.process, info->instance}, {}};
  for (auto& value : table_.parameters(order.process)) {
    if (names.contains(value.name)) out.values.push_back(std::move(value));
  }
  return out;
}

}  // namespace qd::daemon
