// SPDX-License-Identifier: Apache-2.0
// Reading a command line as all programs of the stage do: wrong usage ends with exit code 2 and one sentence.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>

namespace qd::stage {

inline int stop(int code, const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return code;
}

// The exit code when the program has to end here: after --help or --version, or on a wrong flag.
inline std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::string sentence = error.what();
    for (char& c : sentence) {
      if (c == '\n') c = ' ';
    }
    return stop(2, app.get_name() + ": " + sentence + " (see --help).");
  }
  return std::nullopt;
}

}  // namespace qd::stage
