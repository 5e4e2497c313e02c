// SPDX-License-Identifier: Apache-2.0
// Why an action is run, for the audit: v1 of the wire has no field for it, so it travels as an argument of a name that
// no process can declare, and the agent keeps it. Pure functions; any thread.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "core/control/command_port.h"

namespace qd::control {

inline constexpr const char* kWhy = "#why";

inline void setWhy(ActionOrder& order, const std::string& why) {
  if (!why.empty()) order.arguments.emplace_back(kWhy, why);
}

// Takes it out again. Empty: there is none.
inline std::string takeWhy(ActionOrder& order) {
  std::string out;
  for (const auto& [name, value] : order.arguments) {
    if (const auto* text = std::get_if<std::string>(&value); name == kWhy && text) out = *text;
  }
  std::erase_if(order.arguments, [](const auto& argument) { return argument.first == kWhy; });
  return out;
}

}  // namespace qd::control
