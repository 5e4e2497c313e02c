// SPDX-License-Identifier: Apache-2.0
// Breakpoints that wait for a metric which no process sends: a console joins it from several of them (interp.error), so
// that console watches it, and what it finds is ordered from the agent like anybody's click. No console attached:
// nothing is armed, and the agent says so. Every member of the breakpoint's group is looked at, for the metric may be
// the editor's and the line the server's. on() on the source thread, from where `crossed` is called too.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/control/metric_watch.h"
#include "core/ingest/event_sink.h"

namespace qd::breakpoints {

class DerivedTrigger final : public ingest::EventSink {
 public:
  // Once a breakpoint and revision. `breakpoint` as the agent knows it.
  using Crossed =
      std::function<void(const ingest::Breakpoint& breakpoint, const control::MetricWatch::Crossed& crossing)>;
  explicit DerivedTrigger(Crossed crossed) : crossed_(std::move(crossed)) {}
  void on(const ingest::EnvelopePtr& envelope) override;

 private:
  void learn(const ingest::DerivedSeries& derived);
  void samples(const ingest::SampleBlock& block);
  void watch();

  const Crossed crossed_;
  control::MetricWatch watch_;
  std::map<ProcessId, ingest::ProcessInfo> derived_;  // with what is joined here alone
  std::map<std::string, ingest::Breakpoint> waiting_;
  std::map<std::string, std::vector<ProcessId>> groups_;
};

}  // namespace qd::breakpoints
