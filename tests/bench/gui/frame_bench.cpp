// SPDX-License-Identifier: Apache-2.0
// The real window on a display of its own: how long after the start of the process it is painted, and what its frames
// take while an agent sends it 200 processes × 50 series × 20 Hz. Limits: for the first paint a program that starts and
// ends (qdctl --version); for a frame the time between two at 60 Hz.
#include <stdlib.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/scratch.h"

namespace qd::bench {
namespace {

using namespace std::chrono_literals;

// Sets a variable for children, and puts back what was there.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* now = getenv(name)) before_ = now;
    if (value.empty()) {
      unsetenv(name);
    } else {
      setenv(name, value.c_str(), 1);
    }
  }
  ~Environment() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

// The stats of one run of the console for `seconds`; `startedNs`: when its process was started.
nlohmann::json runConsole(const Scratch& scratch, std::vector<std::string> arguments, int seconds,
                          std::int64_t& startedNs) {
  const std::string file = scratch / "frames.json";
  std::vector<std::string> command{"quarterdeck",
                                   "--frame-stats",
                                   file,
                                   "--screenshot",
                                   scratch / "window.png",
                                   "--after",
                                   std::to_string(seconds) + "s"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  startedNs = monotonicNs();
  Child console(std::move(command));
  if (!console.ended(std::chrono::seconds(seconds + 30))) return {};
  std::ifstream in(file);
  return nlohmann::json::parse(in, nullptr, false);
}

double number(const nlohmann::json& stats, const char* key) {
  return stats.is_object() ? stats.value(key, std::nan("")) : std::nan("");
}

void firstPaint(const Report& report, const Scratch& scratch) {
  double least = std::nan("");
  for (int i = 0; i < 3; ++i) {
    std::int64_t started = 0;
    const auto stats = runConsole(scratch, {}, 1, started);
    least = std::fmin(least, (number(stats, "first_paint_ns") - static_cast<double>(started)) / 1e6);
  }
  const double program = best(3, [] { Child({"qdctl", "--version"}).ended(10s); }) * 1e3;
  report({.name = "window: start to first paint", .unit = "ms", .value = least, .limit = program, .target = 500});
}

void frames(const Report& report, const Scratch& scratch) {
  const std::string socket = scratch / "agent.sock";
  Child agent({"quarterdeckd", "--listen", "127.0.0.1:0", "--socket", socket, "--data", scratch / "data"});
  const auto listening = agent.line(20s);
  Child load({"qd_load", "--socket", socket, "--processes", "200", "--series", "50", "--hz", "20"});
  nlohmann::json stats;
  std::int64_t started = 0;
  if (listening && load.line(60s)) {
    const auto at = listening->find("127.0.0.1:");
    const std::string endpoint = at == std::string::npos
                                     ? *listening
                                     : listening->substr(at, listening->find_first_not_of("0123456789", at + 10) - at);
    stats = runConsole(scratch, {"--agent", endpoint}, 15, started);
  }
  const double frame = 1000.0 / 60;
  report({.name = "window: frame p99, 200 x 50 x 20 Hz",
          .unit = "ms",
          .value = number(stats, "p99_ms"),
          .limit = frame,
          .target = 16});
  report(
      {.name = "window: frame p50, 200 x 50 x 20 Hz", .unit = "ms", .value = number(stats, "p50_ms"), .limit = frame});
  report({.name = "window: slowest frame", .unit = "ms", .value = number(stats, "max_ms"), .limit = frame});
  report({.name = "window: frames p99 apart", .unit = "ms", .value = number(stats, "apart_p99_ms"), .limit = frame});
  report({.name = "window: frames measured", .unit = "frames", .value = number(stats, "frames")});
}

}  // namespace

QD_BENCH(window) {
  const Scratch scratch;
  Child display({"/usr/bin/Xvfb", "-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"});
  const auto number = display.line(20s);
  const Environment shown("DISPLAY", number ? ":" + *number : std::string()), platform("QT_QPA_PLATFORM", "xcb");
  const Environment config("XDG_CONFIG_HOME", scratch / "config"), data("XDG_DATA_HOME", scratch / "share");
  firstPaint(report, scratch);
  frames(report, scratch);
}

}  // namespace qd::bench
