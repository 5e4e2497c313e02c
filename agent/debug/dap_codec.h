// SPDX-License-Identifier: Apache-2.0
// The framing of the Debug Adapter Protocol (its specification, "Base protocol"): header lines, an empty line, then
// Content-Length bytes of JSON. Bounded: an adapter that announces more than 16 MiB, or sends what is no header, is
// broken. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/debug/json_get.h"
#include "core/base/error.h"

namespace qd::debug {

std::string framed(const Json& message);

class DapReader {
 public:
  static constexpr std::size_t kLargest = std::size_t{16} << 20;

  void feed(std::string_view bytes) { buffer_ += bytes; }
  // The next whole message; empty: more bytes are needed. Errors: Corrupt, after which the stream is lost.
  Result<std::optional<Json>> next();

 private:
  std::string buffer_;
};

}  // namespace qd::debug
