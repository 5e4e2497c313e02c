// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/text.h"

#include <algorithm>
#include <cstdint>

namespace qd::link {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Decoded {
  std::uint32_t code = 0;
  std::size_t length = 0;  // 0: invalid here
};

Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

bool allowed(std::uint32_t code, TextKind kind) {
  if (code == '\t') return true;
  if (code == '\n') return kind == TextKind::Prose;
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
  const bool reorders = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return !reorders && code != 0x2028 && code != 0x2029;
}

bool plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

std::string sanitise(std::string_view raw, std::size_t cap, TextKind kind) {
  if (raw.size() <= cap && plain(raw)) return std::string(raw);
  std::string out;
  out.reserve(std::min(raw.size(), cap));
  while (!raw.empty()) {
    const Decoded next = decode(raw);
    const bool good = next.length > 0 && allowed(next.code, kind);
    const std::string_view piece = good ? raw.substr(0, next.length) : kReplacement;
    if (out.size() + piece.size() > cap) break;
    out += piece;
    raw.remove_prefix(std::max<std::size_t>(next.length, 1));
  }
  return out;
}

bool isProcessId(std::string_view id) {
  const std::size_t at = id.find('@');
  const std::string_view name = id.substr(0, at);
  const auto isWord = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), isWord)) return false;
  if (at == std::string_view::npos) return true;
  const std::string_view endpoint = id.substr(at + 1);
  return !endpoint.empty() && endpoint.size() <= 128 && std::all_of(endpoint.begin(), endpoint.end(), [&](char c) {
    return isWord(c) || c == ':' || c == '[' || c == ']' || c == '/' || c == '@';
  });
}

}  // namespace qd::link
