// SPDX-License-Identifier: Apache-2.0
#include "core/control/guard_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <sstream>
#include <vector>

namespace qd::control {
namespace {

using ingest::GuardBasis;

std::unexpected<Error> bad(std::string_view text, std::string_view what) {
  return fail(ErrorCode::InvalidArgument,
              fmt::format("\"{}\" is no guard: {}. Write: p99 tick.duration > 16 ms for 120 ticks, or mean "
                          "players.online < -5% vs before for 600 ticks.",
                          text, what));
}

std::vector<std::string> words(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

template <class T>
bool number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

bool statistic(const std::string& word, ingest::GuardStatistic& out) {
  constexpr std::array kNames{"mean", "p50", "p99", "min", "max", "last"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (word != kNames[i]) continue;
    out = static_cast<ingest::GuardStatistic>(i);
    return true;
  }
  return false;
}

}  // namespace

Result<WrittenGuard> parseGuard(std::string_view text) {
  const std::vector<std::string> all = words(text);
  std::size_t at = 0;
  const auto next = [&]() -> std::string { return at < all.size() ? all[at++] : std::string(); };
  WrittenGuard out;
  std::string word = next();
  if (word == "together") {
    out.guard.group = true;
    word = next();
  }
  if (!statistic(word, out.guard.statistic)) return bad(text, "it begins with mean, p50, p99, min, max or last");
  out.guard.series = next();
  if (out.guard.series.empty()) return bad(text, "it names no series");
  word = next();
  if (word != ">" && word != "<") return bad(text, "after the series stands > or <");
  out.guard.above = word == ">";
  word = next();
  const bool percent = word.ends_with('%');
  if (percent) word.pop_back();
  if (!number(word, out.guard.threshold)) return bad(text, "the threshold is no number");
  word = next();
  if (!word.empty() && word != "vs" && word != "for") {
    out.unit = word;
    word = next();
  }
  if (word == "vs") {
    word = next();
    if (word == "before") {
      out.guard.basis = GuardBasis::Before;
    } else if (word == "untouched") {
      out.guard.basis = GuardBasis::Untouched;
    } else {
      return bad(text, "after vs stands before or untouched");
    }
    word = next();
  }
  if (percent != (out.guard.basis != GuardBasis::Absolute))
    return bad(text, "per cent go with vs before or vs untouched");
  if (word == "for") {
    if (!number(next(), out.guard.ticks) || out.guard.ticks == 0)
      return bad(text, "after for stands a number of ticks");
    word = next();
    if (word == "ticks" || word == "tick") word = next();
  }
  if (!word.empty()) return bad(text, fmt::format("\"{}\" is too much", word));
  return out;
}

Result<ingest::Wave> parseWave(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" is no wave; write 1:30s, 10%:1m or 100%.", text));
  };
  ingest::Wave out;
  const std::size_t colon = text.find(':');
  std::string_view size = text.substr(0, colon);
  if (size.ends_with('%')) {
    size.remove_suffix(1);
    if (!number(size, out.percent) || !(out.percent > 0) || out.percent > 100) return wrong();
  } else if (!number(size, out.count) || out.count == 0) {
    return wrong();
  }
  if (colon == std::string_view::npos) return out;
  const auto soak = parseDuration(text.substr(colon + 1));
  if (!soak || soak->ns < 0) return wrong();
  out.soak = *soak;
  return out;
}

Result<> parseRamp(std::string_view text, ingest::ChangePlan& into) {
  const auto wrong = [&] {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("\"{}\" is no ramp; write linear:10s, smooth:1m or steps:5:1m.", text));
  };
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return wrong();
  const std::string_view shape = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 1);
  if (shape == "linear") {
    into.ramp = ingest::RampShape::Linear;
  } else if (shape == "smooth") {
    into.ramp = ingest::RampShape::Smooth;
  } else if (shape == "steps") {
    into.ramp = ingest::RampShape::Steps;
    const std::size_t second = rest.find(':');
    if (second == std::string_view::npos || !number(rest.substr(0, second), into.rampSteps) || into.rampSteps < 2) {
      return wrong();
    }
    rest = rest.substr(second + 1);
  } else {
    return wrong();
  }
  const auto time = parseDuration(rest);
  if (!time || time->ns <= 0) return wrong();
  into.rampTime = *time;
  return {};
}

}  // namespace qd::control
