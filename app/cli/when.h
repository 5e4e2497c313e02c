// SPDX-License-Identifier: Apache-2.0
// Moments of a recording as a person gives them to --from and --to: a UTC date and time, a time of day of the
// recording's last day, nanoseconds since the epoch, "+10s" after the start, "-30s" before the end, or a tick of a
// server ("#123456"). One thread.
#pragma once

#include <optional>
#include <string>

#include "app/cli/cli.h"
#include "core/recording/recording.h"

namespace qd::cli {

struct StretchOptions {
  std::string from, to;                // as given; empty: the start, the end
  std::string domain;                  // whose ticks are meant; empty: the one server's
  std::vector<std::string> processes;  // patterns; none: all
};
// --from, --to, --domain, --process.
void addStretch(CLI::App* verb, StretchOptions& into);

struct Stretch {
  TimeNs from = INT64_MIN, to = INT64_MAX;  // both included
  std::function<bool(const ProcessId&)> process;
};
// Errors: InvalidArgument for what does not read, NotFound for a tick or process that is not there.
Result<Stretch> resolve(const recording::Recording& file, const StretchOptions& options);

// Without ticks: pure.
Result<TimeNs> parseMoment(const std::string& text, TimeNs start, TimeNs end);

}  // namespace qd::cli
