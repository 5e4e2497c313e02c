// SPDX-License-Identifier: Apache-2.0
#include "core/control/lending.h"

#include <algorithm>

namespace qd::control {
namespace {

constexpr std::size_t kLongestAddress = 255;

}  // namespace

std::string farName(std::string_view raw, std::string_view endpoint) {
  std::string out(raw);
  if (raw.empty() || raw.find('@') != std::string_view::npos) return out;
  return out.append("@").append(endpoint);
}

std::optional<FarName> splitFar(std::string_view name) {
  const std::size_t at = name.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  return FarName{std::string(name.substr(0, at)), std::string(name.substr(at + 1))};
}

bool isAddress(std::string_view text) {
  return !text.empty() && text.size() <= kLongestAddress && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:[]%").find(c) != std::string_view::npos;
  });
}

}  // namespace qd::control
