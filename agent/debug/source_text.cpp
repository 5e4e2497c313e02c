// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/source_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace qd::debug {
namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{4} << 20;
constexpr std::size_t kLargestText = std::size_t{512} << 10;
constexpr std::array<std::string_view, 18> kEndings = {".c",   ".cc",  ".cpp", ".cxx", ".h",   ".hh",
                                                       ".hpp", ".hxx", ".inl", ".inc", ".ipp", ".go",
                                                       ".s",   ".S",   ".rs",  ".cs",  ".m",   ".mm"};

}  // namespace

Result<SourceLines> sourceLines(const std::string& file, int firstLine, int count) {
  namespace fs = std::filesystem;
  const fs::path path(file);
  if (std::find(kEndings.begin(), kEndings.end(), path.extension().string()) == kEndings.end()) {
    return fail(ErrorCode::InvalidArgument, fmt::format("{} is no source file: only those are shown.", file));
  }
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return fail(ErrorCode::NotFound, fmt::format("There is no {} where the agent runs; a source map (--debugger "
                                                 "PROCESS=…,FROM:TO) says where the sources lie.",
                                                 file));
  }
  if (fs::file_size(path, error) > kLargestFile || error) {
    return fail(ErrorCode::InvalidArgument, fmt::format("{} is over 4 MiB: too long to be shown.", file));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::Io, fmt::format("{} cannot be read.", file));
  SourceLines out{file, std::max(firstLine, 1), ""};
  std::string line;
  for (int at = 1; std::getline(in, line); ++at) {
    if (at < out.firstLine) continue;
    if (count > 0 && at >= out.firstLine + count) break;
    if (out.text.size() + line.size() + 1 > kLargestText) break;
    out.text += line;
    out.text += '\n';
  }
  return out;
}

}  // namespace qd::debug
