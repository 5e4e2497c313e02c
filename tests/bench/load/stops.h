// SPDX-License-Identifier: Apache-2.0
// The two processes of the stop bench. The leader hits a site at every millisecond's tick while it is armed; the peer
// only watches for the order to stop. Each prints when: {"hit_ns":…} and {"order_ns":…}, CLOCK_MONOTONIC.
#pragma once

#include <string>

namespace qd::load {

int runLeader(const std::string& socket, int terminated);
int runPeer(const std::string& socket, int terminated);

}  // namespace qd::load
