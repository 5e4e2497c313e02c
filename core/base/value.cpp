// SPDX-License-Identifier: Apache-2.0
#include "core/base/value.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace qd {
namespace {

constexpr std::size_t kMaxString = 4096;

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
// Largest first: toText takes the first that divides the duration.
constexpr std::array<Unit, 6> kUnits{{{"h", 3600 * 1'000'000'000LL},
                                      {"m", 60 * 1'000'000'000LL},
                                      {"s", 1'000'000'000},
                                      {"ms", 1'000'000},
                                      {"us", 1000},
                                      {"ns", 1}}};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

template <class T>
std::optional<T> number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::unexpected<Error> bad(std::string_view text, std::string_view expected) {
  constexpr std::size_t kShown = 60;
  const std::string shown = text.size() > kShown ? std::string(text.substr(0, kShown)) + "…" : std::string(text);
  return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" is not {}.", shown, expected));
}

// Length of the valid UTF-8 sequence at the start of `text`, 0 if there is none.
std::size_t utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : (lead & 0xF0) == 0xE0       ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (length == 3 && ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F))) return 0;
  if (length == 4 && ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F))) return 0;
  return length;
}

bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Result<Value> parseBool(std::string_view text) {
  if (text == "true" || text == "on" || text == "yes" || text == "1") return Value(true);
  if (text == "false" || text == "off" || text == "no" || text == "0") return Value(false);
  return bad(text, "a boolean; write true or false");
}

Result<Value> parseVector(std::string_view text) {
  constexpr std::string_view kExpected = "a vector of 1 to 4 numbers; write it as [1, 2, 3]";
  std::string_view rest = text;
  if (rest.size() >= 2 && rest.front() == '[' && rest.back() == ']') rest = rest.substr(1, rest.size() - 2);
  Vector result;
  while (true) {
    const auto comma = rest.find(',');
    const auto component = number<double>(trim(rest.substr(0, comma)));
    if (!component || !std::isfinite(*component) || result.size() == 4) return bad(text, kExpected);
    result.push_back(*component);
    if (comma == std::string_view::npos) return Value(std::move(result));
    rest.remove_prefix(comma + 1);
  }
}

struct TextOf {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(Duration value) const { return toText(value); }
  std::string operator()(const Vector& value) const { return fmt::format("[{}]", fmt::join(value, ", ")); }
};

}  // namespace

std::string_view name(ValueType type) {
  switch (type) {
    case ValueType::None:
      return "none";
    case ValueType::Bool:
      return "bool";
    case ValueType::Int:
      return "int";
    case ValueType::Float:
      return "float";
    case ValueType::Enum:
      return "enum";
    case ValueType::String:
      return "string";
    case ValueType::Duration:
      return "duration";
    case ValueType::Vector:
      return "vector";
  }
  return "none";
}

std::string toText(const Value& value) {
  return std::visit(TextOf{}, value);
}

std::string toText(Duration duration) {
  if (duration.ns == 0) return "0ms";
  for (const Unit& unit : kUnits) {
    if (duration.ns % unit.ns == 0) return fmt::format("{}{}", duration.ns / unit.ns, unit.name);
  }
  return fmt::format("{}ns", duration.ns);
}

Result<Duration> parseDuration(std::string_view input) {
  constexpr std::string_view kExpected = "a duration; write it as 500ms, 10s or 5m";
  const std::string_view text = trim(input);
  const auto end = text.find_last_of("0123456789.");
  if (end == std::string_view::npos) return bad(input, kExpected);
  const std::string_view digits = text.substr(0, end + 1);
  const std::string_view suffix = trim(text.substr(end + 1));
  if (suffix.empty() && number<double>(digits) == 0.0) return Duration{};
  for (const Unit& unit : kUnits) {
    if (suffix != unit.name && !(unit.name == "us" && suffix == "µs")) continue;
    if (const auto whole = number<std::int64_t>(digits)) {
      std::int64_t ns = 0;
      if (__builtin_mul_overflow(*whole, unit.ns, &ns))
        return bad(input, "a duration that fits; the most is 292 years");
      return Duration{ns};
    }
    const auto value = number<double>(digits);
    const double ns = value ? std::round(*value * static_cast<double>(unit.ns)) : 0;
    if (!value || !(std::abs(ns) < 9.2e18)) return bad(input, kExpected);
    return Duration{static_cast<std::int64_t>(ns)};
  }
  return bad(input, kExpected);
}

Result<Value> parseValue(ValueType type, std::string_view input) {
  const std::string_view text = trim(input);
  switch (type) {
    case ValueType::None:
      return text.empty() ? Result<Value>(Value{}) : bad(input, "empty, and this value has no type");
    case ValueType::Bool:
      return parseBool(text);
    case ValueType::Int:
      if (const auto value = number<std::int64_t>(text)) return Value(*value);
      return bad(input, "a whole number of 64 bits");
    case ValueType::Float:
      if (const auto value = number<double>(text); value && std::isfinite(*value)) return Value(*value);
      return bad(input, "a finite number");
    case ValueType::Enum:
      return text.empty() ? bad(input, "a choice; write one of the choices") : Result<Value>(Value(std::string(text)));
    case ValueType::String:
      if (input.size() > kMaxString) return bad(input, "at most 4096 bytes long");
      if (!isUtf8(input)) return bad("the text", "valid UTF-8");
      return Value(std::string(input));
    case ValueType::Duration: {
      const auto value = parseDuration(text);
      return value ? Result<Value>(Value(*value)) : std::unexpected(value.error());
    }
    case ValueType::Vector:
      return parseVector(text);
  }
  return bad(input, "of a known type");
}

}  // namespace qd
