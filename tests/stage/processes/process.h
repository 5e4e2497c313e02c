// SPDX-License-Identifier: Apache-2.0
// A child process of a test: started from the build's programs, its first lines readable, killed when the test lets go.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/paths.h"

namespace qd::stage {

struct Process {
  pid_t pid = -1;
  FILE* out = nullptr;

  explicit Process(std::vector<std::string> words) {
    words[0] = paths::kBinDir + "/" + words[0];
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    pid = fork();
    if (pid == 0) {
      std::vector<char*> arguments;
      for (auto& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      setenv("QUARTERDECK_SOCKET", "/nonexistent/probe.sock", 1);
      dup2(ends[1], STDOUT_FILENO);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    close(ends[1]);
    out = fdopen(ends[0], "r");
  }
  ~Process() {
    if (out != nullptr) fclose(out);
    if (pid > 0) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }
  std::string line() {
    char buffer[4096] = "";
    return fgets(buffer, sizeof buffer, out) != nullptr ? buffer : "";
  }
  int wait() {
    int status = 0;
    waitpid(std::exchange(pid, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

}  // namespace qd::stage
