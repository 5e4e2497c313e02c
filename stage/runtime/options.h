// SPDX-License-Identifier: Apache-2.0
// What the stage's programs read from their command lines in common: durations (`500ms`, `10s`, `5m`), the impairment
// `60ms/8ms/1%`, and the signals that end them. Errors are one sentence that says what to give instead.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "stage/netcode/impairment.h"

namespace qd::stage {

std::expected<std::int64_t, std::string> parseDuration(const std::string& text);
// LATENCY/JITTER/LOSS: one way, σ per direction, share of packets (`1%` or `0.01`).
std::expected<ImpairmentSettings, std::string> parseImpairment(const std::string& text);
std::string impairmentText(const ImpairmentSettings& settings);

// A descriptor that becomes readable at SIGTERM or SIGINT, which are blocked in every thread started afterwards;
// SIGPIPE is ignored. Call once, first in main.
int terminationFd();
// True once such a signal has come. Never blocks.
bool terminated(int fd);

// The process dies with its parent, even when that is killed: nobody is left behind. No-op when already orphaned.
void dieWithParent(int expectedParent);

}  // namespace qd::stage
