// SPDX-License-Identifier: Apache-2.0
// What a recording that begins in the middle must know to stand alone: which agents and processes are there and what
// they declare, derived series, parameters as they are, breakpoints and groups, changes under way, what is shared, how
// clocks differ. Fed with everything; gives it back as
// envelopes that are no part of a log. Value; one thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/ingest/events.h"

namespace qd::recording {

// The same without a place in its agent's log.
ingest::EnvelopePtr outsideTheLog(const ingest::EnvelopePtr& envelope);

class Preamble {
 public:
  void on(const ingest::EnvelopePtr& envelope);
  // In an order in which declarations come first.
  std::vector<ingest::EnvelopePtr> envelopes() const;

 private:
  using ProcessKey = std::pair<AgentId, ProcessId>;
  struct Process {
    ingest::EnvelopePtr change;
    std::map<SeriesIndex, ingest::EnvelopePtr> derived;
    std::map<std::string, ingest::ParameterValue> parameters;
    ingest::EnvelopePtr parametersFrom;  // whose agent and time the parameters' envelope gets
  };
  std::map<AgentId, ingest::EnvelopePtr> agents_;
  std::map<ProcessKey, Process> processes_;
  std::map<std::pair<AgentId, std::string>, ingest::EnvelopePtr> groups_, breakpoints_, changes_, shared_;
  std::map<AgentId, ingest::EnvelopePtr> clocks_;
};

}  // namespace qd::recording
