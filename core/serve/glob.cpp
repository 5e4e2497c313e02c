// SPDX-License-Identifier: Apache-2.0
#include "core/serve/glob.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace qd::serve {

Result<GlobSet> GlobSet::make(std::vector<std::string> patterns, std::string_view what) {
  if (patterns.size() > kMaxGlobs) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{} {} patterns are too many; send at most {}.", patterns.size(), what, kMaxGlobs));
  }
  for (const std::string& pattern : patterns) {
    const bool control = std::any_of(pattern.begin(), pattern.end(), [](unsigned char c) { return c < 0x20; });
    if (pattern.empty() || pattern.size() > kMaxGlobBytes || control) {
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("A {} pattern must be 1 to {} printable characters.", what, kMaxGlobBytes));
    }
  }
  GlobSet set;
  if (std::find(patterns.begin(), patterns.end(), "*") == patterns.end()) set.patterns_ = std::move(patterns);
  return set;
}

bool GlobSet::matches(std::string_view text) const {
  return patterns_.empty() || std::any_of(patterns_.begin(), patterns_.end(),
                                          [&](const std::string& pattern) { return globMatches(pattern, text); });
}

}  // namespace qd::serve
