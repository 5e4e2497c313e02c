// SPDX-License-Identifier: Apache-2.0
// The built qdctl as a child process, and its CSV read back.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/paths.h"

namespace qd::cli::testing {

using Json = nlohmann::json;

struct Ran {
  int code = -1;
  std::string out, err;
  Json json() const { return Json::parse(out, nullptr, false); }
  long errorLines() const { return std::count(err.begin(), err.end(), '\n'); }
};

// A running qdctl whose first line of output can be awaited.
class Child {
 public:
  explicit Child(const std::vector<std::string>& words) {
    EXPECT_EQ(::pipe(out_), 0);
    EXPECT_EQ(::pipe(err_), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out_[1], 1);
      ::dup2(err_[1], 2);
      for (const int fd : {out_[0], out_[1], err_[0], err_[1]}) ::close(fd);
      std::vector<char*> argv;
      std::string program = paths::kBinDir + "/qdctl";
      argv.push_back(program.data());
      for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
      argv.push_back(nullptr);
      ::execv(program.c_str(), argv.data());
      ::_exit(127);
    }
    ::close(out_[1]);
    ::close(err_[1]);
  }
  std::string line() {
    std::string text;
    char c = 0;
    while (::read(out_[0], &c, 1) == 1 && c != '\n') text += c;
    return text;
  }
  void signal(int number) { ::kill(pid_, number); }
  Ran end() {
    Ran ran;
    std::thread errors([&] { ran.err = all(err_[0]); });
    ran.out = all(out_[0]);
    errors.join();
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ::close(out_[0]);
    ::close(err_[0]);
    return ran;
  }

 private:
  static std::string all(int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
    return text;
  }
  int out_[2], err_[2];
  pid_t pid_ = -1;
};

inline Ran run(const std::vector<std::string>& words) {
  return Child(words).end();
}

inline std::vector<std::vector<std::string>> csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) {
        cells.emplace_back();
      } else if (c != '"') {
        cells.back() += c;
      }
    }
    rows.push_back(std::move(cells));
  }
  return rows;
}

}  // namespace qd::cli::testing
