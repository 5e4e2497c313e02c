// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/dap_codec.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

namespace qd::debug {
namespace {

constexpr std::size_t kLongestHeader = 4096;

bool isLength(std::string_view name) {
  constexpr std::string_view kName = "content-length";
  if (name.size() != kName.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(name[i])) != kName[i]) return false;
  }
  return true;
}

std::optional<std::size_t> lengthIn(std::string_view header) {
  while (!header.empty()) {
    const auto end = header.find("\r\n");
    const std::string_view line = header.substr(0, end);
    header = end == std::string_view::npos ? std::string_view() : header.substr(end + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !isLength(line.substr(0, colon))) continue;
    std::string_view digits = line.substr(colon + 1);
    while (digits.starts_with(' ')) digits.remove_prefix(1);
    std::size_t length = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error == std::errc() && rest == digits.data() + digits.size()) return length;
  }
  return std::nullopt;
}

}  // namespace

std::string framed(const Json& message) {
  const std::string body = dumped(message);
  return fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

Result<std::optional<Json>> DapReader::next() {
  const auto end = buffer_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (buffer_.size() > kLongestHeader) return fail(ErrorCode::Corrupt, "The debugger sent no DAP header.");
    return std::nullopt;
  }
  const auto length = lengthIn(std::string_view(buffer_).substr(0, end));
  if (!length || *length > kLargest) {
    return fail(ErrorCode::Corrupt, "The debugger sent a DAP message of no or of impossible length.");
  }
  const std::size_t begin = end + 4;
  if (buffer_.size() - begin < *length) return std::nullopt;
  Json message = Json::parse(buffer_.begin() + static_cast<std::ptrdiff_t>(begin),
                             buffer_.begin() + static_cast<std::ptrdiff_t>(begin + *length), nullptr, false);
  buffer_.erase(0, begin + *length);
  if (message.is_discarded() || !message.is_object()) {
    return fail(ErrorCode::Corrupt, "The debugger sent a DAP message that is no JSON object.");
  }
  return message;
}

}  // namespace qd::debug
