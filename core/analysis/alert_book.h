// SPDX-License-Identifier: Apache-2.0
// The built-in alerts: a tick over its budget, a process gone, an agent lost, samples dropped. Judged from the stream
// itself, so a recording raises the same ones at the same times. What repeats within ten seconds is one alert that goes
// on. Bounded: the oldest of kMost go first. on() on the source thread; everything else on any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"

namespace qd::analysis {

enum class AlertRule { TickOverrun, ProcessGone, AgentLost, SamplesDropped };

struct Alert {
  AlertRule rule = AlertRule::TickOverrun;
  ProcessId process;          // empty: of an agent
  std::string subject;        // process or agent, as a person reads it
  std::string text;           // one sentence
  TimeNs from = 0, last = 0;  // first and newest time it held
  TimeNs ended = 0;           // 0: nothing ended it yet
  Tick tick = 0;              // at `from`
  std::uint64_t count = 0;    // overruns, samples; 1 for the others
};

class AlertBook final : public ingest::EventSink {
 public:
  static constexpr TimeNs kQuiet = 10 * kNsPerSecond;  // this long without another: it is over
  static constexpr std::size_t kMost = 1000;

  void on(const ingest::EnvelopePtr& envelope) override;

  std::uint64_t revision() const;
  // Those that began at or before `asOf`, oldest first.
  std::vector<Alert> alerts(TimeNs asOf) const;

 private:
  using Key = std::pair<AlertRule, std::string>;

  void take(const ingest::ProcessChange& change, const AgentId& agent);
  void take(const ingest::AgentChange& change, const AgentId& agent);
  void take(const ingest::SampleBlock& block);
  void take(const ingest::Gap& gap, const AgentId& agent);
  void countOverruns(const ingest::SampleBlock& block, const ingest::Column& column);
  void raise(Alert alert);
  void end(AlertRule rule, const std::string& subject, TimeNs time);

  mutable std::mutex mutex_;
  std::deque<Alert> alerts_;
  std::map<Key, std::uint64_t> open_;  // number of the alert that goes on, counted from the first ever
  std::uint64_t first_ = 0;            // number of alerts_.front()
  std::uint64_t revision_ = 0;
  TimeNs newest_ = 0;
  struct Overruns {
    ingest::ProcessRef process;
    SeriesIndex series;
  };
  std::map<ProcessId, Overruns> overruns_;
};

}  // namespace qd::analysis
