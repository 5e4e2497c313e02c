// SPDX-License-Identifier: Apache-2.0
// A process without a probe, shown like the others: its Prometheus page is scraped and its log file followed, and both
// go through a probe that speaks for it to this very agent, so that nothing behind the socket knows the difference.
// A thread of its own for each; nothing that a page or a file does reaches the agent but through that socket. It has no
// ticks: one is counted for each look at it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace qd::daemon {

struct AdoptedProcess {
  std::string id;
  std::string url;   // of its metrics page; empty: none
  std::string file;  // its log; empty: none
  std::int64_t everyNs = 1'000'000'000;
};

// NAME=WHAT of --scrape and --tail into the list: the same name is the same process. Errors: InvalidArgument.
Result<> adoptIn(std::vector<AdoptedProcess>& all, const std::string& text, bool scrape);

class Adopter {
 public:
  // socket: where this agent takes probes. Errors: InvalidArgument, Io.
  static Result<std::unique_ptr<Adopter>> start(const AdoptedProcess& process, const std::string& socket);
  virtual ~Adopter() = default;  // ends the thread
};

}  // namespace qd::daemon
