// SPDX-License-Identifier: Apache-2.0
// Linked source breakpoints: a Go server under delve and a C++ process under lldb, driven by the script that the tests
// use too. From the hit on one side until the other stands, and until both run again. The raw limit is a SIGSTOP to a
// child that nobody debugs, until the kernel says that it stands.
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/bench/bench.h"

namespace qd::bench {
namespace {

using Clock = std::chrono::steady_clock;

double plainStopMs() {
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) ::usleep(1000);
  }
  double least = 1e9;
  for (int round = 0; round < 50; ++round) {
    const auto start = Clock::now();
    ::kill(child, SIGSTOP);
    int status = 0;
    ::waitpid(child, &status, WUNTRACED);
    least = std::min(least, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    ::kill(child, SIGCONT);
    ::usleep(2000);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return least;
}

std::string outputOf(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) return out;
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  ::pclose(pipe);
  return out;
}

}  // namespace

QD_BENCH(source_links) {
  const std::string bin = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::string said = outputOf("QD_BIN_DIR='" + bin +
                                    "' QD_SOURCE_DIR='" QD_SOURCE_DIR "' /usr/bin/python3 '" QD_SOURCE_DIR
                                    "/tests/integration/source_links.py' --hits 200");
  const auto json = nlohmann::json::parse(said, nullptr, false);
  const double raw = plainStopMs();
  const struct {
    const char* key;
    const char* name;
    double median, p99;
  } rows[] = {{"go_hit_cpp_stopped", "source link: Go hit, C++ stands", 3, 8},
              {"cpp_hit_go_stopped", "source link: C++ hit, Go stands", 3, 8},
              {"resume_of_both", "source link: both run again", 3, 0}};
  for (const auto& row : rows) {
    const bool there = json.is_object() && json.contains(row.key);
    const double median = there ? json[row.key]["median_ms"].get<double>() : std::nan("");
    const double p99 = there ? json[row.key]["p99_ms"].get<double>() : std::nan("");
    report({.name = std::string(row.name) + ", median",
            .unit = "ms",
            .value = median,
            .limit = raw,
            .target = row.median});
    Figure worst{.name = std::string(row.name) + ", p99", .unit = "ms", .value = p99, .limit = raw};
    if (row.p99 > 0) worst.target = row.p99;
    report(worst);
  }
}

}  // namespace qd::bench
