// SPDX-License-Identifier: Apache-2.0
// Shell-like patterns on names: * any run, ? one character; nothing else is special. Linear in practice: no recursion,
// at most pattern × text steps. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace qd::serve {

inline constexpr std::size_t kMaxGlobs = 256;
inline constexpr std::size_t kMaxGlobBytes = 256;

bool globMatches(std::string_view pattern, std::string_view text);

// Several patterns; none at all matches everything.
class GlobSet {
 public:
  GlobSet() = default;
  // InvalidArgument: too many, empty, too long, or with control characters. `what` names them ("process").
  static Result<GlobSet> make(std::vector<std::string> patterns, std::string_view what);
  bool all() const { return patterns_.empty(); }
  bool matches(std::string_view text) const;

 private:
  std::vector<std::string> patterns_;
};

}  // namespace qd::serve
