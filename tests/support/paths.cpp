// SPDX-License-Identifier: Apache-2.0
#include "tests/support/paths.h"

namespace qd::paths {

const std::string kBinDir = QD_BIN_DIR;
const std::string kSourceDir = QD_SOURCE_DIR;

}  // namespace qd::paths
