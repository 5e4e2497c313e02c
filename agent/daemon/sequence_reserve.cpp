// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/sequence_reserve.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

namespace qd::daemon {
namespace {
constexpr std::size_t kMostHoles = 256;  // of so many the entries are long gone
}

Result<> SequenceReserve::open(const std::filesystem::path& folder, std::uint64_t last) {
  file_ = folder / "sequence";
  std::ifstream in(file_);
  if (in >> upTo_) {
    for (Hole hole; in >> hole.first >> hole.second;) holes_.push_back(hole);
  } else {
    upTo_ = last == 0 ? 0 : last + kStep;
  }
  begin_ = std::max(last, upTo_);
  if (begin_ > last) holes_.emplace_back(last + 1, begin_);
  if (holes_.size() > kMostHoles) holes_.erase(holes_.begin());
  return reserve(begin_ + kStep);
}

Result<> SequenceReserve::reserve(std::uint64_t upTo) {
  upTo_ = upTo;
  return file_.empty() ? Result<>() : write();  // empty: the folder is somebody else's, or there is none
}

// In the place of the one before in one step: a torn file would be worse than none.
Result<> SequenceReserve::write() const {
  std::string text = fmt::format("{}\n", upTo_);
  for (const auto& [first, last] : holes_) text += fmt::format("{} {}\n", first, last);
  const auto fresh = file_.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0640);
  if (fd < 0) return failErrno(fmt::format("Writing {}", fresh), errno);
  const bool done = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fdatasync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!done) return failErrno(fmt::format("Writing {}", fresh), error);
  std::error_code failed;
  std::filesystem::rename(fresh, file_, failed);
  if (failed) return fail(ErrorCode::Io, fmt::format("Writing {}: {}.", file_.string(), failed.message()));
  return {};
}

}  // namespace qd::daemon
