// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/go_to.h"

#include <charconv>
#include <optional>
#include <string>

#include "core/base/value.h"

namespace qd::session {
namespace {

constexpr TimeNs kDay = 86'400 * kNsPerSecond;

std::optional<std::int64_t> readNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// "11.25" -> 11.25 s in ns.
std::optional<TimeNs> readSeconds(std::string_view text) {
  const auto dot = text.find('.');
  const auto whole = readNumber(text.substr(0, dot));
  if (!whole || *whole > 59) return std::nullopt;
  if (dot == text.npos) return *whole * kNsPerSecond;
  std::string digits(text.substr(dot + 1));
  if (digits.size() > 9) return std::nullopt;
  digits.resize(9, '0');
  const auto fraction = readNumber(digits);
  if (!fraction) return std::nullopt;
  return *whole * kNsPerSecond + *fraction;
}

std::optional<TimeNs> readTimeOfDay(std::string_view text) {
  const auto first = text.find(':');
  if (first == text.npos) return std::nullopt;
  const auto second = text.find(':', first + 1);
  const auto hours = readNumber(text.substr(0, first));
  const auto minutes = readNumber(text.substr(first + 1, second == text.npos ? text.npos : second - first - 1));
  const auto seconds = second == text.npos ? std::optional<TimeNs>(0) : readSeconds(text.substr(second + 1));
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59) return std::nullopt;
  return (*hours * 3600 + *minutes * 60) * kNsPerSecond + *seconds;
}

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

}  // namespace

Result<Destination> parseDestination(std::string_view raw, TimeNs now, TimeNs last) {
  std::string_view text = trimmed(raw);
  if (!text.empty() && (text.back() == 'Z' || text.back() == 'z')) text.remove_suffix(1);
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    const auto step = parseDuration(text.substr(1));
    if (step && text.size() > 1) return GoToTime{text.front() == '-' ? now - step->ns : now + step->ns};
  } else if (const auto time = readTimeOfDay(text)) {
    const TimeNs midnight = last - last % kDay;
    return GoToTime{midnight + *time <= last ? midnight + *time : midnight + *time - kDay};
  } else if (const auto tick = readNumber(text.starts_with('#') ? text.substr(1) : text)) {
    return GoToTick{*tick};
  }
  return fail(ErrorCode::InvalidArgument,
              "Type a tick (123456), a UTC time (14:02:11) or a step (-30s); this is none of them.");
}

}  // namespace qd::session
