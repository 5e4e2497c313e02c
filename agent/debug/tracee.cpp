// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/tracee.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace qd::debug {
namespace {

constexpr unsigned char kTrap = 0xCC;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kNear = 8;  // an address that the loader has put into code differs in more than a byte here

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

struct Mapping {
  std::uint64_t begin = 0, end = 0, offset = 0;
  dev_t device = 0;
  ino_t inode = 0;
  std::string path;
};

// Code that was loaded from a file, copied on write.
std::vector<Mapping> codeOf(std::int64_t pid) {
  std::vector<Mapping> out;
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  for (std::string line; std::getline(maps, line);) {
    Mapping one;
    unsigned long begin = 0, end = 0, offset = 0, inode = 0;
    unsigned major = 0, minor = 0;
    std::array<char, 5> rights{};
    int path = 0;
    const int got = std::sscanf(line.c_str(), "%lx-%lx %4s %lx %x:%x %lu %n", &begin, &end, rights.data(), &offset,
                                &major, &minor, &inode, &path);
    if (got < 7 || rights[2] != 'x' || rights[3] != 'p' || inode == 0 || path <= 0) continue;
    one.begin = begin;
    one.end = end;
    one.offset = offset;
    one.device = makedev(major, minor);
    one.inode = inode;
    one.path = line.substr(static_cast<std::size_t>(path));
    out.push_back(std::move(one));
  }
  return out;
}

// The pages of which it has its own copy, so that they may differ from the file (pagemap: present or swapped, and not
// the file's).
std::vector<std::uint64_t> ownPagesOf(const Mapping& code, int pagemap) {
  std::vector<std::uint64_t> entries((code.end - code.begin) / kPage);
  const std::size_t bytes = entries.size() * sizeof(std::uint64_t);
  const auto at = static_cast<off_t>(code.begin / kPage * sizeof(std::uint64_t));
  std::vector<std::uint64_t> out;
  if (::pread(pagemap, entries.data(), bytes, at) != static_cast<ssize_t>(bytes)) return out;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool there = (entries[i] >> 62U) != 0;
    const bool ofFile = ((entries[i] >> 61U) & 1U) != 0;
    if (there && !ofFile) out.push_back(code.begin + i * kPage);
  }
  return out;
}

// Where `now` has a trap that `before` has not, and nothing else differs near it.
std::vector<std::size_t> trapsIn(const std::array<unsigned char, kPage>& now,
                                 const std::array<unsigned char, kPage>& before) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < kPage; ++i) {
    if (now[i] != kTrap || before[i] == kTrap) continue;
    bool lone = true;
    for (std::size_t k = i - std::min(i, kNear); k < std::min(i + kNear + 1, kPage); ++k) {
      lone = lone && (now[k] == before[k] || now[k] == kTrap);
    }
    if (lone) out.push_back(i);
  }
  return out;
}

}  // namespace

char stateOf(std::int64_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(in, line);
  const auto end = line.rfind(')');
  return end != std::string::npos && end + 2 < line.size() ? line[end + 2] : ' ';
}

bool isThere(std::int64_t pid) {
  const char state = stateOf(pid);
  return state != 'Z' && state != 'X' && state != ' ';
}

std::int64_t tracerOf(std::int64_t pid) {
  std::ifstream in(fmt::format("/proc/{}/status", pid));
  constexpr std::string_view kKey = "TracerPid:";
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kKey)) return std::strtoll(line.c_str() + kKey.size(), nullptr, 10);
  }
  return 0;
}

bool isTrapPending(std::int64_t pid) {
  const auto pendingIn = [](const std::string& file) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with("SigPnd:") && !line.starts_with("ShdPnd:")) continue;
      if (std::strtoull(line.c_str() + 7, nullptr, 16) >> (SIGTRAP - 1) & 1) return true;
    }
    return false;
  };
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), ignored)) {
    if (pendingIn(task.path() / "status")) return true;
  }
  return false;
}

std::string nameOf(std::int64_t pid) {
  std::ifstream in(fmt::format("/proc/{}/comm", pid));
  std::string out;
  std::getline(in, out);
  return out;
}

std::vector<std::int64_t> descendants() {
  std::vector<std::int64_t> out;
  std::vector<std::int64_t> todo = {static_cast<std::int64_t>(::getpid())};
  while (!todo.empty()) {
    const std::int64_t parent = todo.back();
    todo.pop_back();
    std::error_code ignored;
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", parent), ignored)) {
      std::ifstream children(task.path() / "children");
      for (std::int64_t child = 0; children >> child;) {
        out.push_back(child);
        todo.push_back(child);
      }
    }
  }
  return out;
}

std::size_t removeLeftTraps(std::int64_t pid) {
#if !defined(__x86_64__)
  (void)pid;
  return 0;
#else
  const File memory(fmt::format("/proc/{}/mem", pid), O_RDWR);
  const File pagemap(fmt::format("/proc/{}/pagemap", pid), O_RDONLY);
  std::size_t removed = 0;
  for (const Mapping& code : codeOf(pid)) {
    const File file(fmt::format("/proc/{}/root{}", pid, code.path), O_RDONLY);
    struct stat is {};
    if (::fstat(file.fd(), &is) != 0 || is.st_ino != code.inode || is.st_dev != code.device)
      continue;  // replaced since
    for (const std::uint64_t page : ownPagesOf(code, pagemap.fd())) {
      std::array<unsigned char, kPage> now{}, before{};
      const auto at = static_cast<off_t>(page);
      if (::pread(memory.fd(), now.data(), kPage, at) != static_cast<ssize_t>(kPage)) continue;
      if (::pread(file.fd(), before.data(), kPage, static_cast<off_t>(code.offset + (page - code.begin))) <= 0)
        continue;
      for (const std::size_t i : trapsIn(now, before)) {
        removed += ::pwrite(memory.fd(), &before[i], 1, at + static_cast<off_t>(i)) == 1 ? 1U : 0U;
      }
    }
  }
  return removed;
#endif
}

}  // namespace qd::debug
