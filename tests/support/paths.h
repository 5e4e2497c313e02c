// SPDX-License-Identifier: Apache-2.0
// Where this build's programs and the sources lie. A library of its own, so that no other test is compiled with the
// name of a folder in it: the compiler cache then serves every checkout.
#pragma once

#include <string>

namespace qd::paths {

extern const std::string kBinDir;     // the build's programs
extern const std::string kSourceDir;  // the checkout

}  // namespace qd::paths
