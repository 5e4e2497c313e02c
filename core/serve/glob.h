// SPDX-License-Identifier: Apache-2.0
// Several patterns of core/base/glob.h, as a client sends them: checked and bounded. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/glob.h"

namespace qd::serve {

inline constexpr std::size_t kMaxGlobs = 256;
inline constexpr std::size_t kMaxGlobBytes = 256;

using qd::globMatches;

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
