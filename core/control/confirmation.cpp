// SPDX-License-Identifier: Apache-2.0
#include "core/control/confirmation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace qd::control {
namespace {

// The number that a word is, whole and not negative.
std::optional<std::int64_t> numberIn(std::string_view word) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  const bool whole = !word.empty() && error == std::errc() && end == word.data() + word.size() && out >= 0;
  return whole ? std::optional(out) : std::nullopt;
}

// Takes "NUMBER noun" off the end of a text.
std::optional<std::int64_t> takeCount(std::string_view& text, std::string_view noun) {
  std::string_view rest = text;
  if (!rest.ends_with(noun)) return std::nullopt;
  rest.remove_suffix(noun.size());
  if (!rest.ends_with(' ')) return std::nullopt;
  rest.remove_suffix(1);
  const std::size_t space = rest.rfind(' ');
  const auto out = numberIn(space == std::string_view::npos ? rest : rest.substr(space + 1));
  if (out) text = space == std::string_view::npos ? std::string_view() : rest.substr(0, space);
  return out;
}

bool names(std::string_view text, const Touched& here) {
  auto players = takeCount(text, "players");
  if (!players) players = takeCount(text, "player");
  if (here.players) {
    const std::int64_t since = std::max<std::int64_t>(2, players.value_or(0) / 10);
    if (!players || *players + since < *here.players) return false;
  }
  if (here.processes.size() == 1 && text == here.processes.front().value) return true;
  const auto processes = takeCount(text, "processes");
  return processes && text.empty() && *processes > 1 && static_cast<std::size_t>(*processes) >= here.processes.size();
}

}  // namespace

std::string confirmationText(const std::vector<ProcessId>& targets, std::optional<std::int64_t> players) {
  std::string out = targets.size() == 1 ? targets.front().value : fmt::format("{} processes", targets.size());
  if (players) out += fmt::format(" {} {}", *players, *players == 1 ? "player" : "players");
  return out;
}

Result<> checkDangerous(const std::string& what, const Touched& here, const std::string& why,
                        const std::string& confirmed) {
  const std::string where = here.processes.size() == 1 ? " of " + here.processes.front().value : std::string();
  if (why.empty()) {
    return fail(ErrorCode::InvalidArgument, fmt::format("{}{} is dangerous: say why in a comment.", what, where));
  }
  if (names(confirmed, here)) return {};
  return fail(ErrorCode::InvalidArgument,
              fmt::format("{}{} is dangerous: confirm it by naming what it touches, \"{}\"{}.", what, where,
                          confirmationText(here.processes, here.players),
                          confirmed.empty() ? "" : fmt::format("; \"{}\" does not", confirmed)));
}

}  // namespace qd::control
