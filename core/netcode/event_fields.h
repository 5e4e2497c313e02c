// SPDX-License-Identifier: Apache-2.0
// Reading the fields of game events, which come from somebody else's process. Pure; any thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/value.h"

namespace qd::netcode {

inline const Value* fieldOf(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields)
    if (key == name) return &value;
  return nullptr;
}

// A number, a bool as 0 or 1; nothing for what is missing, of another type or not finite.
inline std::optional<double> numberOf(const Fields& fields, std::string_view name) {
  const Value* value = fieldOf(fields, name);
  if (value == nullptr) return std::nullopt;
  if (const auto* d = std::get_if<double>(value)) return std::isfinite(*d) ? std::optional(*d) : std::nullopt;
  if (const auto* i = std::get_if<std::int64_t>(value)) return static_cast<double>(*i);
  if (const auto* b = std::get_if<bool>(value)) return *b ? 1.0 : 0.0;
  return std::nullopt;
}

inline std::optional<std::int64_t> integerOf(const Fields& fields, std::string_view name) {
  const auto number = numberOf(fields, name);
  if (!number || std::abs(*number) > 9e15) return std::nullopt;
  return std::llround(*number);
}

inline std::string textOf(const Fields& fields, std::string_view name) {
  const Value* value = fieldOf(fields, name);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::string() : *text;
}

}  // namespace qd::netcode
