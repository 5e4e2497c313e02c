// SPDX-License-Identifier: GPL-3.0-or-later
// The command line of quarterdeck. Wrong usage is one sentence and exit code 2. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/value.h"

namespace qd::console {

struct Options {
  bool stage = false;
  std::vector<std::string> agents;
  std::string context;
  std::string replay;
  std::string screenshot;  // PNG file; the program ends after it
  Duration after{5 * kNsPerSecond};
  std::string frameStats;  // JSON file with the window's times, for the bench
  int memoryMib = 512;     // that samples may take
  std::string theme;       // dark, light; empty: the remembered one
};

// What to do instead of starting: print `text` (to stderr when `code` is not 0) and exit with `code`.
struct EarlyExit {
  int code = 0;
  std::string text;
};

std::expected<Options, EarlyExit> parseOptions(int argc, const char* const* argv, const std::string& version);

}  // namespace qd::console
