// SPDX-License-Identifier: Apache-2.0
// ParamBook::validate: what a spec admits.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/params/param_book.h"

namespace qd::params {
namespace {

constexpr std::size_t kMaxString = 4096;
constexpr std::size_t kMaxElements = 4;

std::unexpected<Error> bad(const ingest::ParameterSpec& spec, const std::string& what) {
  return fail(ErrorCode::InvalidArgument, fmt::format("{}: {}.", spec.name, what));
}

std::string bound(const ingest::ParameterSpec& spec, double value) {
  if (spec.type == ValueType::Duration) return toText(Duration{static_cast<std::int64_t>(value)});
  return spec.unit.empty() ? fmt::format("{}", value) : fmt::format("{} {}", value, spec.unit);
}

Result<> inRange(const ingest::ParameterSpec& spec, const Value& value, double number) {
  if (!std::isfinite(number)) return bad(spec, "the value is not a finite number");
  if ((!spec.min || number >= *spec.min) && (!spec.max || number <= *spec.max)) return {};
  if (spec.min && spec.max) {
    return bad(spec, fmt::format("{} is out of range, expected {} to {}", toText(value), bound(spec, *spec.min),
                                 bound(spec, *spec.max)));
  }
  if (spec.min) return bad(spec, fmt::format("{} is below the minimum of {}", toText(value), bound(spec, *spec.min)));
  return bad(spec, fmt::format("{} is above the maximum of {}", toText(value), bound(spec, *spec.max)));
}

Result<> checkVector(const ingest::ParameterSpec& spec, const Vector& vector) {
  const auto* standard = std::get_if<Vector>(&spec.defaultValue);
  const std::size_t wanted = standard != nullptr ? standard->size() : 0;
  if (vector.empty() || vector.size() > kMaxElements || (wanted != 0 && vector.size() != wanted)) {
    return bad(spec, wanted != 0 ? fmt::format("a vector of {} numbers is expected", wanted)
                                 : "a vector of 1 to 4 numbers is expected");
  }
  for (const double element : vector) {
    if (auto ok = inRange(spec, Value(vector), element); !ok) return ok;
  }
  return {};
}

Result<> checkChoice(const ingest::ParameterSpec& spec, const std::string& choice) {
  if (std::find(spec.choices.begin(), spec.choices.end(), choice) != spec.choices.end()) return {};
  return bad(spec, fmt::format("\"{}\" is no choice, expected one of {}", choice, fmt::join(spec.choices, ", ")));
}

}  // namespace

Result<> ParamBook::validate(const ingest::ParameterSpec& spec, const Value& value) {
  switch (spec.type) {
    case ValueType::None:
      return bad(spec, "it has no type that could be set");
    case ValueType::Bool:
      return std::holds_alternative<bool>(value) ? Result<>() : bad(spec, "true or false is expected");
    case ValueType::Int:
      if (const auto* v = std::get_if<std::int64_t>(&value)) return inRange(spec, value, static_cast<double>(*v));
      return bad(spec, "a whole number is expected");
    case ValueType::Float:
      if (const auto* v = std::get_if<double>(&value)) return inRange(spec, value, *v);
      if (const auto* v = std::get_if<std::int64_t>(&value)) return inRange(spec, value, static_cast<double>(*v));
      return bad(spec, "a number is expected");
    case ValueType::Enum:
      if (const auto* v = std::get_if<std::string>(&value)) return checkChoice(spec, *v);
      return bad(spec, "one of its choices is expected");
    case ValueType::String:
      if (const auto* v = std::get_if<std::string>(&value); v != nullptr && v->size() <= kMaxString) return {};
      return bad(spec, "a text of at most 4096 bytes is expected");
    case ValueType::Duration:
      if (const auto* v = std::get_if<Duration>(&value)) return inRange(spec, value, static_cast<double>(v->ns));
      return bad(spec, "a duration is expected; write it as 500ms or 10s");
    case ValueType::Vector:
      if (const auto* v = std::get_if<Vector>(&value)) return checkVector(spec, *v);
      return bad(spec, "a vector is expected; write it as [1, 2, 3]");
  }
  return bad(spec, "its type is not known");
}

}  // namespace qd::params
