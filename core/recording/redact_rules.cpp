// SPDX-License-Identifier: Apache-2.0
#include "core/recording/redact_rules.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace qd::recording {
namespace {

constexpr std::array<std::string_view, 26> kAccountFields{
    "account",   "account_id", "user",          "user_id", "user_name",     "username",    "login",
    "email",     "e_mail",     "mail",          "nick",    "nickname",      "gamertag",    "steam_id",
    "steamid",   "xuid",       "psn_id",        "epic_id", "device_id",     "player_name", "display_name",
    "real_name", "token",      "session_token", "who",     "character_name"};
constexpr std::array<std::string_view, 14> kAddressFields{
    "ip",   "addr",      "address",  "remote_addr", "peer",      "host", "hostname",
    "node", "node_name", "endpoint", "server_ip",   "client_ip", "mac",  "listen"};
constexpr std::array<std::string_view, 4> kHomes{"/home/", "/Users/", "\\Users\\", "/root/"};

bool isWord(char c) {
  const auto u = static_cast<unsigned char>(c);
  return std::isalnum(u) || c == '_' || u >= 0x80;
}
bool isName(char c) {  // within a name, an address or a mail address
  return isWord(c) || c == '.' || c == '-' || c == '+';
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c == '-' || c == '.' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// The whole name, or its last part: "client.user_id" too.
template <class List>
bool endsWithOne(std::string_view field, const List& names) {
  const std::string low = lowered(field);
  return std::any_of(names.begin(), names.end(), [&](const auto& name) {
    const std::string wanted = lowered(name);
    return low == wanted || (low.ends_with(wanted) && low[low.size() - wanted.size() - 1] == '_');
  });
}

struct Found {
  std::size_t at = 0, size = 0;
  Private kind = Private::Address;
};

// A port behind an address: ":7400".
std::size_t portAfter(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != ':') return at;
  std::size_t end = at + 1;
  while (end < text.size() && end - at <= 5 && isDigit(text[end])) ++end;
  return end > at + 1 ? end : at;
}

// A run of characters that inet_pton takes for an address of `family`.
std::optional<Found> addressAt(std::string_view text, std::size_t at, int family) {
  const auto part = [family](char c) {
    if (family == AF_INET) return isDigit(c) || c == '.';
    return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.';
  };
  if (!part(text[at]) || (at > 0 && (isWord(text[at - 1]) || part(text[at - 1])))) return std::nullopt;
  std::size_t end = at;
  while (end < text.size() && end - at < 46 && part(text[end])) ++end;
  while (end > at && (text[end - 1] == '.' || (text[end - 1] == ':' && (end - at < 2 || text[end - 2] != ':')))) --end;
  const std::string candidate(text.substr(at, end - at));
  // Names of C++ (a::b) have no digit; addresses nearly always do.
  if (family == AF_INET6 && (std::count(candidate.begin(), candidate.end(), ':') < 2 ||
                             std::none_of(candidate.begin(), candidate.end(), isDigit))) {
    return std::nullopt;
  }
  if (end < text.size() && isWord(text[end])) return std::nullopt;
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(family, candidate.c_str(), bytes.data()) != 1) return std::nullopt;
  const bool bracketed = family == AF_INET6 && at > 0 && text[at - 1] == '[' && end < text.size() && text[end] == ']';
  if (bracketed) return Found{at - 1, portAfter(text, end + 1) - (at - 1), Private::Address};
  return Found{at, portAfter(text, end) - at, Private::Address};
}

std::optional<Found> mailAt(std::string_view text, std::size_t at) {
  if (text[at] != '@' || at == 0 || at + 1 == text.size()) return std::nullopt;
  std::size_t from = at, to = at + 1;
  while (from > 0 && isName(text[from - 1])) --from;
  while (to < text.size() && isName(text[to])) ++to;
  while (to > at + 1 && !isWord(text[to - 1])) --to;
  const std::string_view host = text.substr(at + 1, to - at - 1);
  const std::size_t dot = host.rfind('.');
  const bool named = dot != std::string_view::npos && dot > 0 && host.size() - dot > 2 && !isDigit(host[dot + 1]);
  if (from == at || !named) return std::nullopt;
  return Found{from, to - from, Private::Account};
}

std::optional<Found> homeAt(std::string_view text, std::size_t at) {
  for (const std::string_view home : kHomes) {
    if (home == "/root/" || !text.substr(at).starts_with(home)) continue;
    std::size_t to = at + home.size();
    while (to < text.size() && (isName(text[to]) || text[to] == ' ') && text[to] != '/') ++to;
    if (to > at + home.size()) return Found{at + home.size(), to - at - home.size(), Private::Account};
  }
  return std::nullopt;
}

bool isReplacement(std::string_view text) {
  for (const std::string_view prefix : {"address-", "account-"}) {
    if (text.starts_with(prefix) && text.size() > prefix.size() &&
        std::all_of(text.begin() + static_cast<std::ptrdiff_t>(prefix.size()), text.end(), isDigit)) {
      return true;
    }
  }
  return false;
}

std::optional<Found> findFrom(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    std::optional<Found> found = addressAt(text, at, AF_INET);
    if (!found) found = addressAt(text, at, AF_INET6);
    if (!found) found = mailAt(text, at);
    if (!found) found = homeAt(text, at);
    if (found && !isReplacement(text.substr(found->at, found->size))) return found;
  }
  return std::nullopt;
}

bool standsAlone(std::string_view text, std::size_t at, std::size_t size) {
  const bool before = at == 0 || !isWord(text[at - 1]) || !isWord(text[at]);
  const std::size_t end = at + size;
  return before && (end == text.size() || !isWord(text[end]) || !isWord(text[end - 1]));
}

}  // namespace

std::vector<std::string> redactionRules() {
  return {
      fmt::format(
          "Addresses: IPv4 and IPv6 addresses with or without a port in any text; the agents' endpoints; values "
          "of fields, labels and dimensions called {}; and these wherever they stand again.",
          fmt::join(kAddressFields, ", ")),
      fmt::format(
          "Accounts: who pushed, marked or acted; e-mail addresses; user names in home folders; values of fields, "
          "labels, dimensions and text parameters called {}; and these wherever they stand again.",
          fmt::join(kAccountFields, ", ")),
      "Locals: the values of every local and of every site's context in a hit; their names and the stacks stay.",
      "Each address and account becomes address-1, account-1 and so on, the same one everywhere in the file; samples, "
      "ticks and times stay bit for bit."};
}

bool namesAccount(std::string_view field, const std::vector<std::string>& more) {
  return endsWithOne(field, kAccountFields) || endsWithOne(field, more);
}

bool namesAddress(std::string_view field) {
  return endsWithOne(field, kAddressFields);
}

void Scrubber::name(Private kind, const std::string& text) {
  if (text.empty() || isReplacement(text)) return;
  const auto [at, fresh] = names_.try_emplace(text);
  if (!fresh) return;
  at->second =
      kind == Private::Address ? fmt::format("address-{}", ++addresses_) : fmt::format("account-{}", ++accounts_);
}

void Scrubber::learn(Private kind, const std::string& text) {
  constexpr std::size_t kShortest = 3;  // a part that is shorter would be found in everything
  name(kind, text);
  if (kind == Private::Account) {
    const std::size_t at = text.find('@');
    if (at == std::string::npos) return;
    if (at >= kShortest) name(Private::Account, text.substr(0, at));
    if (text.size() - at > kShortest) name(Private::Address, text.substr(at + 1));
    return;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon < kShortest || text.find(':') != colon) return;
  name(Private::Address, text.substr(0, colon));
}

void Scrubber::learnFrom(std::string_view text) {
  for (auto found = findFrom(text, 0); found; found = findFrom(text, found->at + found->size)) {
    learn(found->kind, std::string(text.substr(found->at, found->size)));
  }
}

std::string Scrubber::replacement(Private kind, const std::string& text) {
  if (text.empty() || isReplacement(text)) return text;
  name(kind, text);
  return names_.at(text);
}

std::string Scrubber::scrub(const std::string& text) const {
  // Longest first, so that a part never tears the whole apart.
  std::vector<std::pair<std::string_view, std::string_view>> present;
  for (const auto& [original, name] : names_) {
    if (text.find(original) != std::string::npos) present.emplace_back(original, name);
  }
  if (present.empty()) return text;
  std::sort(present.begin(), present.end(),
            [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto hit = std::find_if(present.begin(), present.end(), [&](const auto& p) {
      return text.compare(at, p.first.size(), p.first) == 0 && standsAlone(text, at, p.first.size());
    });
    if (hit == present.end()) {
      out += text[at++];
    } else {
      out += hit->second;
      at += hit->first.size();
    }
  }
  return out;
}

std::string findPrivate(std::string_view text) {
  const auto found = findFrom(text, 0);
  return found ? std::string(text.substr(found->at, found->size)) : std::string();
}

}  // namespace qd::recording
