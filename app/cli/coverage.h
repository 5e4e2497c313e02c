// SPDX-License-Identifier: Apache-2.0
// What arrived of what was asked for: from when to when each process is there, and what is missing: agents that do not
// answer, flight recorders that do not go back so far, gaps, samples that a full ring dropped. on() on the source's
// thread; the rest after it has ended, except miss() and onAgentChange.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "app/cli/cli.h"
#include "core/ingest/event_sink.h"

namespace qd::cli {

struct Missing {
  AgentId agent;
  ProcessId process;        // empty: all of the agent's
  TimeNs from = 0, to = 0;  // 0: not known
  std::string what;
  bool failure = false;  // the agent could not be read, rather than not having it
};
std::string describe(const Missing& missing);

class Coverage final : public ingest::EventSink {
 public:
  explicit Coverage(TimeNs askedFrom) : asked_(askedFrom) {}

  void on(const ingest::EnvelopePtr& envelope) override;
  void miss(Missing missing);  // any thread
  std::function<void()> onAgentChange;

  void end();  // nothing comes any more: works out what is missing
  const std::vector<Missing>& missing() const { return missing_; }
  std::size_t failures() const;
  bool isComplete() const { return missing_.empty(); }
  Json agentsJson() const;
  Json missingJson() const;

 private:
  struct Process {
    AgentId agent;
    ProcessId id;
    TimeNs started = 0, first = 0, last = 0;
    std::uint64_t points = 0, dropped = 0;
  };
  void add(const ingest::Envelope& envelope, const ingest::SampleBlock& block);

  const TimeNs asked_;
  std::mutex mutex_;  // of missing_ until end()
  std::vector<Missing> missing_;
  std::map<InstanceId, Process> processes_;
};

}  // namespace qd::cli
