// SPDX-License-Identifier: Apache-2.0
// Shell-like patterns on names: * any run, ? one character; nothing else is special. Linear in practice: no recursion,
// at most pattern × text steps. Pure; any thread.
#pragma once

#include <string_view>

namespace qd {

bool globMatches(std::string_view pattern, std::string_view text);

}  // namespace qd
