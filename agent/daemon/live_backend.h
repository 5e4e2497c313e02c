// SPDX-License-Identifier: Apache-2.0
// serve::Backend over the live agent: reads come straight from log and table, orders are posted to the loop thread.
// Any thread. What it points at outlives it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "agent/daemon/event_loop.h"
#include "agent/daemon/flight_log.h"
#include "agent/daemon/probe_hub.h"
#include "agent/daemon/process_table.h"

namespace qd::daemon {

class LiveBackend final : public serve::Backend {
 public:
  LiveBackend(EventLoop& loop, FlightLog& log, ProcessTable& table, ProbeHub& hub, std::string version)
      : loop_(loop), log_(log), table_(table), hub_(hub), version_(std::move(version)) {}

  serve::Snapshot snapshot() override;
  TimeNs now() override { return utcNowNs(); }
  Result<std::unique_ptr<serve::Cursor>> openCursor(const serve::CursorStart& start,
                                                    std::function<void()> wake) override;
  void push(control::PushOrder order, control::PushDone done) override;
  void queryPush(const std::string& pushId, bool settle, control::PushDone done) override;
  void runAction(control::ActionOrder order, control::ActionDone done) override;
  Result<std::unique_ptr<serve::DebugSession>> openDebug(const std::string& who) override;

 private:
  EventLoop& loop_;
  FlightLog& log_;
  ProcessTable& table_;
  ProbeHub& hub_;
  const std::string version_;
  std::atomic<control::SessionId> nextSession_{1};
};

}  // namespace qd::daemon
