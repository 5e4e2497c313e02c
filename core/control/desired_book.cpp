// SPDX-License-Identifier: Apache-2.0
#include "core/control/desired_book.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/control/value_type.h"

namespace qd::control {
namespace {

using Json = nlohmann::json;

}  // namespace

void DesiredBook::set(const ProcessId& process, const std::string& name, DesiredValue value) {
  all_[process][name] = std::move(value);
}

void DesiredBook::forget(const ProcessId& process, const std::string& name) {
  if (const auto found = all_.find(process); found != all_.end()) found->second.erase(name);
}

const DesiredValue* DesiredBook::find(const ProcessId& process, const std::string& name) const {
  const auto found = all_.find(process);
  if (found == all_.end()) return nullptr;
  const auto value = found->second.find(name);
  return value == found->second.end() ? nullptr : &value->second;
}

void DesiredBook::fill(const ProcessId& process, ingest::ParameterValue& value) const {
  const DesiredValue* wanted = find(process, value.name);
  value.desired = wanted ? std::optional(wanted->value) : std::nullopt;
  value.desiredPush = wanted ? wanted->pushId : std::string();
  value.desiredWho = wanted ? wanted->who : std::string();
}

bool DesiredBook::onEnd(const ProcessId& process, TimeNs seen, TimeNs found) {
  const auto its = all_.find(process);
  if (its == all_.end()) return false;
  bool any = false;
  for (auto& [name, wanted] : its->second) {
    if (wanted.suspect || wanted.since > found || seen - wanted.since >= kTooSoon) continue;
    wanted.suspect = any = true;
  }
  return any;
}

std::optional<PushOrder> DesiredBook::onRestart(const ProcessId& process,
                                                const std::vector<ingest::ParameterValue>& live) const {
  const auto found = all_.find(process);
  if (found == all_.end()) return std::nullopt;
  PushOrder order;
  for (const auto& value : live) {
    const auto wanted = found->second.find(value.name);
    if (wanted == found->second.end() || wanted->second.suspect || wanted->second.value == value.value) continue;
    order.assignments.push_back({value.name, wanted->second.value, value.version});
  }
  if (order.assignments.empty()) return std::nullopt;
  order.pushId = newPushId();
  order.targets = {process};
  order.who = "agent";
  order.comment = "desired values after a restart";
  return order;
}

std::string DesiredBook::encode(const ProcessId& process) const {
  Json list = Json::array();
  if (const auto found = all_.find(process); found != all_.end()) {
    for (const auto& [key, wanted] : found->second) {
      list.push_back({{"name", key},
                      {"type", std::string(name(typeOf(wanted.value)))},
                      {"value", toText(wanted.value)},
                      {"push", wanted.pushId},
                      {"who", wanted.who},
                      {"since", wanted.since},
                      {"suspect", wanted.suspect}});
    }
  }
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void DesiredBook::decode(const ProcessId& process, const std::string& text) {
  const Json list = Json::parse(text, nullptr, false);
  if (!list.is_array()) return;
  std::map<std::string, DesiredValue> read;
  for (const Json& item : list) {
    try {
      auto value = parseValue(typeNamed(item.at("type").get<std::string>()), item.at("value").get<std::string>());
      if (!value) continue;
      read[item.at("name").get<std::string>()] = {std::move(*value), item.at("push").get<std::string>(),
                                                  item.at("who").get<std::string>(),
                                                  item.at("since").get<std::int64_t>(), item.at("suspect").get<bool>()};
    } catch (const Json::exception&) {
      continue;  // of a newer or a broken peer
    }
  }
  all_[process] = std::move(read);
}

}  // namespace qd::control
