// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/file_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <utility>

namespace qd::daemon {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
constexpr std::size_t kLevelWithin = 160;  // bytes of a line in which its level stands

}  // namespace

FileTail::~FileTail() {
  if (fd_ >= 0) ::close(fd_);
}

void FileTail::open() {
  fd_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  struct stat status {};
  if (fd_ >= 0 && (::fstat(fd_, &status) != 0 || S_ISDIR(status.st_mode))) ::close(std::exchange(fd_, -1));
  regular_ = fd_ >= 0 && S_ISREG(status.st_mode);
  at_ = first_ && regular_ ? status.st_size : 0;
  first_ = false;
}

// Is another file under the name, or was this one emptied?
bool FileTail::replaced() const {
  struct stat mine {
  }, named{};
  if (::fstat(fd_, &mine) != 0) return true;
  if (mine.st_size < at_) return true;
  if (::stat(path_.c_str(), &named) != 0) return false;  // between the renaming and the new file
  return named.st_ino != mine.st_ino || named.st_dev != mine.st_dev;
}

bool FileTail::read(const std::function<void(std::string_view)>& line) {
  if (fd_ < 0) open();
  static thread_local std::array<char, kChunk> chunk;
  for (std::size_t taken = 0; fd_ >= 0; taken += kChunk) {
    if (taken >= kMostAtOnce) return true;
    const ssize_t n =
        regular_ ? ::pread(fd_, chunk.data(), chunk.size(), at_) : ::read(fd_, chunk.data(), chunk.size());
    if (n > 0) {
      at_ += n;
      take({chunk.data(), static_cast<std::size_t>(n)}, line);
      continue;
    }
    if (!regular_ || !replaced()) return false;
    if (!rest_.empty()) line(rest_);
    rest_.clear();
    ::close(std::exchange(fd_, -1));
    ++rotations_;
    open();
  }
  return false;
}

void FileTail::take(std::string_view bytes, const std::function<void(std::string_view)>& line) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    const std::size_t room = kMostLine - rest_.size();
    rest_.append(part.substr(0, room));
    if (part.size() > room) {
      line(rest_);
      rest_.clear();
      bytes.remove_prefix(room);
      continue;
    }
    if (end == std::string_view::npos) return;
    if (!rest_.empty() && rest_.back() == '\r') rest_.pop_back();
    if (!rest_.empty()) line(rest_);
    rest_.clear();
    bytes.remove_prefix(end + 1);
  }
}

int levelOfLine(std::string_view line) {
  static constexpr std::array<std::pair<std::string_view, int>, 14> kWords{{{"trace", 0},
                                                                            {"verbose", 0},
                                                                            {"debug", 1},
                                                                            {"info", 2},
                                                                            {"notice", 2},
                                                                            {"display", 2},
                                                                            {"warn", 3},
                                                                            {"warning", 3},
                                                                            {"err", 4},
                                                                            {"error", 4},
                                                                            {"critical", 5},
                                                                            {"fatal", 5},
                                                                            {"panic", 5},
                                                                            {"emerg", 5}}};
  line = line.substr(0, kLevelWithin);
  std::string word;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    const auto c = static_cast<unsigned char>(i < line.size() ? line[i] : ' ');
    if (std::isalpha(c)) {
      word.push_back(static_cast<char>(std::tolower(c)));
      continue;
    }
    for (const auto& [name, level] : kWords) {
      if (word == name) return level;
    }
    word.clear();
  }
  return 2;
}

}  // namespace qd::daemon
