// SPDX-License-Identifier: Apache-2.0
// Lines of a source file, for who has not got it. Only what looks like source text is read: a regular file of at most
// 4 MiB with the ending of a programming language. Reads the disk; any thread.
#pragma once

#include <string>

#include "core/base/error.h"

namespace qd::debug {

struct SourceLines {
  std::string file;
  int firstLine = 1;
  std::string text;
};

// `count` 0: to the end, at most 512 KiB. Errors: InvalidArgument (no source file), NotFound, Io.
Result<SourceLines> sourceLines(const std::string& file, int firstLine, int count);

}  // namespace qd::debug
