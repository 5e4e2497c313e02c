// SPDX-License-Identifier: Apache-2.0
// Carries out what ChangeCoordinator and ChangeMember decide: pushes through the PushDriver, words to the agents of the
// other targets, states into log and table, turns into the audit. What is over stays known (the newest 100). Loop
// thread only; `done` is called on it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/daemon/audit_log.h"
#include "agent/daemon/event_loop.h"
#include "agent/daemon/flight_log.h"
#include "agent/daemon/process_table.h"
#include "agent/daemon/push_driver.h"
#include "core/control/change_coordinator.h"
#include "core/control/change_member.h"

namespace qd::daemon {

class ChangeDriver {
 public:
  // Says a word to another agent; `done` on any thread.
  using Speak = std::function<void(const std::string& endpoint, const control::ChangeSync&, control::ChangeDone)>;
  // A change is there for good: its values are what is wanted from now on.
  using Settled = std::function<void(const ingest::ChangeState&)>;

  ChangeDriver(EventLoop& loop, FlightLog& log, ProcessTable& table, PushDriver& pushes, AuditLog& audit)
      : loop_(loop), log_(log), table_(table), pushes_(pushes), audit_(audit) {}

  // Gives a coordinator its number, greater than any before; an error: it may not begin.
  using Fenced = std::function<void(Result<std::uint64_t>)>;
  using Fence = std::function<void(const std::string& change, const std::string& who, Fenced done)>;

  void setFence(Fence fence) { fence_ = std::move(fence); }
  void setSpeak(Speak speak) { speak_ = std::move(speak); }
  void setSettled(Settled settled) { settled_ = std::move(settled); }
  void restore(const std::map<std::string, ingest::ChangeState>& changes);

  void start(ingest::ChangePlan plan, const control::ChangeDone& done);
  void order(const control::ChangeVerb& verb, const control::ChangesDone& done);
  void sync(const control::ChangeSync& word, const control::ChangeDone& done);

  // May these processes of this agent get its values? Errors: NotFound, InvalidArgument.
  Result<> check(const ingest::ChangePlan& plan, const std::vector<ProcessId>& targets) const;
  // How a change stands that this agent coordinates, with the newest readings.
  std::optional<ingest::ChangeState> state(const std::string& id) const;

  bool active() const { return !running_.empty(); }
  // Is the value of this push one that a change may still take back?
  bool isPassing(const std::string& pushId) const;
  void down(const ProcessId& process);
  void sampled(const ingest::SampleBlock& block);
  void onTime(TimeNs now, const std::vector<ProbeSession*>& live);

 private:
  struct Peer {
    bool asked = false;
    TimeNs askAt = 0, heardAt = 0;
    std::uint64_t sent = 0, confirmed = 0;  // revisions of the word
  };
  struct Running {
    std::optional<control::ChangeCoordinator> coordinator;  // none: another agent coordinates
    std::unique_ptr<control::ChangeMember> member;
    std::map<std::size_t, Peer> peers;
    std::uint64_t told = 0, published = 0, reported = 0;
    ingest::ChangePhase phase = ingest::ChangePhase::Planned;
    TimeNs publishAt = 0, reportAt = 0;
    TimeNs lastSync = 0;
    bool stays = false;  // a member that was told to settle
  };
  Result<> meant(const ingest::ChangePlan& plan, const std::vector<ProcessId>& targets) const;
  void begin(const ingest::ChangePlan& plan, std::uint64_t fence, const control::ChangeDone& done);
  Running& make(const ingest::ChangePlan& plan);
  void takeUp(Running& running, ingest::ChangeState& state, Duration grace, TimeNs now);
  void stepOne(const std::string& id, Running& running, TimeNs now);
  void perform(const std::string& id, control::MemberActions actions);
  void answered(const std::string& id, const Result<std::vector<ingest::PushResult>>& results,
                const std::string& pushId, const ProcessId& process);
  void speakTo(const std::string& id, Running& running, std::size_t agent, TimeNs now);
  void publish(Running& running, TimeNs now);
  void refreshSessions(const std::vector<ProbeSession*>& live, TimeNs now);
  std::vector<control::Candidate> candidates() const;
  bool finished(const Running& running, TimeNs now) const;

  EventLoop& loop_;
  FlightLog& log_;
  ProcessTable& table_;
  PushDriver& pushes_;
  AuditLog& audit_;
  Fence fence_;
  Speak speak_;
  Settled settled_;
  std::map<std::string, Running> running_;
  std::vector<ProbeSession*> live_;
  TimeNs refreshedAt_ = 0;
};

}  // namespace qd::daemon
