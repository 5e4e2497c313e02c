// SPDX-License-Identifier: Apache-2.0
// One dynamically typed value: of a parameter, an event's field, an action's argument, a local at a stop.
// Durations are nanoseconds; vectors have 1 to 4 elements; strings are valid UTF-8 of at most 4 KiB. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/error.h"

namespace qd {

struct Duration {
  std::int64_t ns = 0;
  auto operator<=>(const Duration&) const = default;
};

using Vector = std::vector<double>;
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Duration, Vector>;

enum class ValueType { None, Bool, Int, Float, Enum, String, Duration, Vector };

std::string_view name(ValueType type);

// As a person writes it and as `params set` reads it: true, 12, 0.3, rain, 60ms, [1, 2, 3]. Doubles round-trip.
std::string toText(const Value& value);

// Reads `text` as `type`. Errors: InvalidArgument with a sentence that names what is expected.
Result<Value> parseValue(ValueType type, std::string_view text);

// "500ms", "10s", "5m", "1h", "250us", "80ns"; a bare 0 too. Errors: InvalidArgument.
Result<Duration> parseDuration(std::string_view text);
std::string toText(Duration duration);

using Field = std::pair<std::string, Value>;
using Fields = std::vector<Field>;

}  // namespace qd
