// SPDX-License-Identifier: Apache-2.0
// Reading JSON that a debugger or a peer wrote: a missing key or another type gives the fallback, nothing throws. Pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace qd::debug {

using Json = nlohmann::json;

inline std::string textOf(const Json& from, const char* key, std::string fallback = {}) {
  const auto it = from.is_object() ? from.find(key) : from.end();
  return from.is_object() && it != from.end() && it->is_string() ? it->get<std::string>() : std::move(fallback);
}
inline std::int64_t integerOf(const Json& from, const char* key, std::int64_t fallback = 0) {
  if (!from.is_object()) return fallback;
  const auto it = from.find(key);
  return it != from.end() && it->is_number_integer() ? it->get<std::int64_t>() : fallback;
}
inline bool flagOf(const Json& from, const char* key, bool fallback = false) {
  if (!from.is_object()) return fallback;
  const auto it = from.find(key);
  return it != from.end() && it->is_boolean() ? it->get<bool>() : fallback;
}
// An object or array below; an empty one where there is none.
inline const Json& below(const Json& from, const char* key) {
  static const Json kNone = Json::object();
  if (!from.is_object()) return kNone;
  const auto it = from.find(key);
  return it != from.end() && it->is_structured() ? *it : kNone;
}
// For the wire: text that is no UTF-8 is replaced, so that dumping never throws.
inline std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace qd::debug
