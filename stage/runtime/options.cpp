// SPDX-License-Identifier: Apache-2.0
#include "stage/runtime/options.h"

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <csignal>

#include "stage/netcode/types.h"

namespace qd::stage {
namespace {

// A number and the rest of the text; nothing when there is no finite number ≥ 0.
bool splitNumber(const std::string& text, double& number, std::string& rest) {
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) return false;
  rest.assign(stop, end);
  return true;
}

}  // namespace

std::expected<std::int64_t, std::string> parseDuration(const std::string& text) {
  double number = 0;
  std::string unit;
  double scale = 0;
  if (splitNumber(text, number, unit)) {
    if (unit == "us") scale = 1e3;
    if (unit == "ms") scale = 1e6;
    if (unit == "s") scale = 1e9;
    if (unit == "m") scale = 60e9;
    if (unit == "h") scale = 3600e9;
  }
  if (scale == 0 || number * scale > 9e18) {
    return std::unexpected("\"" + text + "\" is no duration: give a number and a unit, such as 500ms, 10s or 5m.");
  }
  return std::llround(number * scale);
}

std::expected<ImpairmentSettings, std::string> parseImpairment(const std::string& text) {
  const auto wrong =
      std::unexpected("\"" + text + "\" is no impairment: give LATENCY/JITTER/LOSS, such as 60ms/8ms/1%.");
  const auto first = text.find('/'), second = text.find('/', first == std::string::npos ? first : first + 1);
  if (first == std::string::npos || second == std::string::npos) return wrong;
  const auto latency = parseDuration(text.substr(0, first));
  const auto jitter = parseDuration(text.substr(first + 1, second - first - 1));
  double loss = 0;
  std::string unit;
  if (!latency || !jitter || !splitNumber(text.substr(second + 1), loss, unit) || (!unit.empty() && unit != "%"))
    return wrong;
  if (unit == "%") loss /= 100;
  if (loss > 1 || *latency > 10 * kNsPerSecond || *jitter > 10 * kNsPerSecond) return wrong;
  return ImpairmentSettings{.latencyNs = *latency, .jitterNs = *jitter, .loss = loss};
}

std::string impairmentText(const ImpairmentSettings& s) {
  return std::to_string(s.latencyNs / 1'000) + "us/" + std::to_string(s.jitterNs / 1'000) + "us/" +
         std::to_string(s.loss);
}

int terminationFd() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool terminated(int fd) {
  signalfd_siginfo info{};
  return read(fd, &info, sizeof info) == sizeof info;
}

void dieWithParent(int expectedParent) {
  if (expectedParent <= 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have died before the call took effect.
  if (getppid() != expectedParent) _exit(1);
}

}  // namespace qd::stage
