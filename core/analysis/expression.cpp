// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/expression.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/value.h"

namespace qd::analysis {
namespace {

constexpr TimeNs kLongestWindow = 24 * 3600 * kNsPerSecond;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Parts between commas that stand outside of braces.
std::vector<std::string_view> partsOf(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '{') ++depth;
    if (i < text.size() && text[i] == '}') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    parts.push_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  return parts;
}

std::unexpected<Error> wrong(std::string_view text, std::string_view what) {
  return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\": {}", text, what));
}

Result<Operand> parseOperand(std::string_view text) {
  Operand operand;
  std::string_view rest = text;
  if (const auto brace = rest.find('{'); brace != std::string_view::npos) {
    if (rest.back() != '}') return wrong(text, "a brace is not closed");
    for (const auto part : partsOf(rest.substr(brace + 1, rest.size() - brace - 2))) {
      const auto equals = part.find('=');
      if (equals == std::string_view::npos || equals == 0) return wrong(text, "a dimension reads name=value");
      operand.dimensions.emplace_back(trimmed(part.substr(0, equals)), trimmed(part.substr(equals + 1)));
    }
    rest = trimmed(rest.substr(0, brace));
  }
  if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
    operand.process = ProcessId(std::string(trimmed(rest.substr(0, colon))));
    if (operand.process.value.empty()) return wrong(text, "there is no process before the colon");
    rest = trimmed(rest.substr(colon + 1));
  }
  if (rest.empty()) return wrong(text, "a series has no name");
  if (rest.find_first_of("(){},") != std::string_view::npos)
    return wrong(text, "the name of a series has no brackets and commas");
  operand.name = rest;
  return operand;
}

Result<TimeNs> parseWindow(std::string_view text) {
  const auto window = parseDuration(std::string(text));
  if (!window || window->ns <= 0 || window->ns > kLongestWindow)
    return wrong(text, "a window is a duration such as 500ms or 10s, at most a day");
  return window->ns;
}

// "p95" is 0.95, "p99.9" is 0.999; negative: not a percentile.
double fractionOf(std::string_view name) {
  if (name.size() < 2 || name.front() != 'p') return -1;
  double percent = 0, place = 0;
  for (const char c : name.substr(1)) {
    if (c == '.' && place == 0) {
      place = 1;
    } else if (c < '0' || c > '9') {
      return -1;
    } else if (place == 0) {
      percent = percent * 10 + (c - '0');
    } else {
      percent += (c - '0') * (place /= 10);
    }
  }
  return percent <= 100 ? percent / 100 : -1;
}

std::string windowText(TimeNs window) {
  if (window % kNsPerSecond == 0) return fmt::format("{}s", window / kNsPerSecond);
  if (window % kNsPerMs == 0) return fmt::format("{}ms", window / kNsPerMs);
  return fmt::format("{}ns", window);
}

}  // namespace

Result<Expression> parseExpression(std::string_view given) {
  const std::string_view text = trimmed(given);
  Expression out;
  const auto open = text.find('(');
  if (open == std::string_view::npos) {
    auto operand = parseOperand(text);
    if (!operand) return std::unexpected(operand.error());
    out.a = std::move(*operand);
    return out;
  }
  if (text.back() != ')') return wrong(text, "a bracket is not closed");
  const std::string_view name = trimmed(text.substr(0, open));
  const auto parts = partsOf(text.substr(open + 1, text.size() - open - 2));
  out.fraction = std::max(0.0, fractionOf(name));
  if (name == "rate") {
    out.kind = Derivation::Rate;
  } else if (name == "avg") {
    out.kind = Derivation::Average;
  } else if (name == "diff") {
    out.kind = Derivation::Difference;
  } else if (fractionOf(name) >= 0) {
    out.kind = Derivation::Percentile;
  } else {
    return wrong(text, "there are rate(a), avg(a, 5s), p95(a, 5s) and diff(a, b)");
  }
  const std::size_t wanted = out.kind == Derivation::Rate ? 1 : 2;
  if (parts.size() != wanted) return wrong(text, wanted == 1 ? "it takes one series" : "it takes two parts");
  auto a = parseOperand(parts[0]);
  if (!a) return std::unexpected(a.error());
  out.a = std::move(*a);
  if (out.kind == Derivation::Difference) {
    auto b = parseOperand(parts[1]);
    if (!b) return std::unexpected(b.error());
    out.b = std::move(*b);
  } else if (wanted == 2) {
    const auto window = parseWindow(parts[1]);
    if (!window) return std::unexpected(window.error());
    out.window = *window;
  }
  return out;
}

std::string textOf(const Operand& operand) {
  std::string text = operand.process.value.empty() ? std::string() : operand.process.value + ":";
  text += operand.name;
  for (std::size_t i = 0; i < operand.dimensions.size(); ++i) {
    text += fmt::format("{}{}={}", i == 0 ? "{" : ",", operand.dimensions[i].first, operand.dimensions[i].second);
  }
  return operand.dimensions.empty() ? text : text + "}";
}

std::string textOf(const Expression& e) {
  switch (e.kind) {
    case Derivation::Rate:
      return fmt::format("rate({})", textOf(e.a));
    case Derivation::Average:
      return fmt::format("avg({}, {})", textOf(e.a), windowText(e.window));
    case Derivation::Percentile:
      return fmt::format("p{:g}({}, {})", std::round(e.fraction * 1e6) / 1e4, textOf(e.a), windowText(e.window));
    case Derivation::Difference:
      return fmt::format("diff({}, {})", textOf(e.a), textOf(e.b));
    case Derivation::None:
      break;
  }
  return textOf(e.a);
}

std::string unitOf(const Expression& e, const std::string& unit) {
  return e.kind != Derivation::Rate ? unit : unit.empty() ? "1/s" : unit + "/s";
}

}  // namespace qd::analysis
