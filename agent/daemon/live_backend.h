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
  LiveBackend(EventLoop& loop, FlightLog& log, ProcessTable& table, ProbeHub& hub, AuditLog& audit,
              control::SharedStore& store, std::string version)
      : loop_(loop), log_(log), table_(table), hub_(hub), audit_(audit), store_(store), version_(std::move(version)) {}

  serve::Snapshot snapshot() override;
  TimeNs now() override { return utcNowNs(); }
  Result<std::unique_ptr<serve::Cursor>> openCursor(const serve::CursorStart& start,
                                                    std::function<void()> wake) override;
  void push(control::PushOrder order, control::PushDone done) override;
  void queryPush(const std::string& pushId, bool settle, control::PushDone done) override;
  void runAction(control::ActionOrder order, control::ActionDone done) override;
  void startChange(ingest::ChangePlan plan, control::ChangeDone done) override;
  void orderChange(control::ChangeVerb verb, control::ChangesDone done) override;
  void syncChange(control::ChangeSync sync, control::ChangeDone done) override;
  void audit(std::uint64_t after, std::uint32_t most, control::AuditDone done) override;
  void shared(const std::string& prefix, control::SharedDone done) override;
  void share(control::SharedWrite write, control::SharedDone done) override;
  void adopt(control::AdoptOrder order, control::AdoptDone done) override;
  Result<std::unique_ptr<serve::DebugSession>> openDebug(const std::string& who) override;
  Result<std::unique_ptr<serve::LendSession>> openLend(const std::string& who,
                                                       std::function<void(control::LendEvent)> send) override;

 private:
  EventLoop& loop_;
  FlightLog& log_;
  ProcessTable& table_;
  template <class T>
  void onLoop(std::function<void(Result<T>)> done, std::function<void(const std::function<void(Result<T>)>&)> work);

  ProbeHub& hub_;
  AuditLog& audit_;
  control::SharedStore& store_;
  const std::string version_;
  std::atomic<control::SessionId> nextSession_{1};
};

}  // namespace qd::daemon
