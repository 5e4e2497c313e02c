// SPDX-License-Identifier: Apache-2.0
// Follows a log file as `tail -F` does: from its end on (a file that appears later from its beginning), across rotation
// (another file under the name: the old one is read to its end first) and truncation. A pipe (FIFO) works too. A line
// that has not ended waits; a longer one than kMostLine is given in pieces. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace qd::daemon {

class FileTail {
 public:
  static constexpr std::size_t kMostLine = 4096, kMostAtOnce = std::size_t{1} << 20;

  explicit FileTail(std::string path) : path_(std::move(path)) {}
  ~FileTail();
  FileTail(const FileTail&) = delete;
  FileTail& operator=(const FileTail&) = delete;

  // Reads what is new, at most kMostAtOnce. Returns whether there is more at once.
  bool read(const std::function<void(std::string_view line)>& line);
  bool there() const { return fd_ >= 0; }
  const std::string& path() const { return path_; }
  std::uint64_t rotations() const { return rotations_; }

 private:
  void open();
  bool replaced() const;
  void take(std::string_view bytes, const std::function<void(std::string_view)>& line);

  std::string path_, rest_;
  int fd_ = -1;
  bool first_ = true, regular_ = false;
  std::int64_t at_ = 0;
  std::uint64_t rotations_ = 0;
};

// 0 trace to 5 fatal (qd_level), by the first word of a line that says so; info when none does.
int levelOfLine(std::string_view line);

}  // namespace qd::daemon
