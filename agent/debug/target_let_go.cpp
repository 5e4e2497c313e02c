// SPDX-License-Identifier: Apache-2.0
// How a Target ends: it lets go of its process in order, or its adapter or its process is gone.
#include <fmt/format.h>
#include <signal.h>

#include <utility>

#include "agent/debug/target.h"

namespace qd::debug {

void Target::detach(std::function<void()> done) {
  if (state_ == State::Ended) return done();
  detaching_ = true;
  wanted_.clear();
  letGo_ = std::move(done);
  if (initialized_) apply();
  if (initialized_ && quirks_.haltsByTrap()) {  // asked after the breakpoints are out
    dap_.request("threads", Json::object(), [this](const DapAnswer&) { standToLetGo(); });
    return;
  }
  resumeWanted_ = true;
  resume();
  disconnect();
}

// A SIGTRAP with which the debugger has halted it, and which another stop got ahead of, would end the process as soon
// as nobody traces it. So it is made to stand, and runs on under the debugger until none is left.
void Target::standToLetGo() {
  constexpr int kTries = 8;
  letsGo_ = true;
  letGoTries_ = kTries;
  if (state_ == State::Stopped) return letGoIfClean();
  if (state_ == State::Running) return stop(0);
  if (state_ == State::Attaching) disconnect();
}

void Target::letGoIfClean() {
  if (letGoTries_-- > 0 && port_.trapPending()) return resume();
  letsGo_ = false;
  disconnect();
}

void Target::disconnect() {
  dap_.request("disconnect", {{"terminateDebuggee", false}, {"restart", false}}, [this](const DapAnswer& answer) {
    letGoInOrder_ = answer.ok;
    // A SIGSTOP that nobody has seen yet would leave it standing, with no debugger to run it on.
    if (std::exchange(signalsOpen_, 0) > 0) port_.signal(SIGCONT);
    end({false, "The debugger has let go of it."});
    letGo_();
  });
}

void Target::adapterClosed(const std::string& why) {
  if (state_ == State::Ended) return;
  end({false, why});
  dap_.closed(why);
}

// lldb says so too where only its server has ended.
void Target::exitTold(std::int64_t code) {
  if (!port_.processThere()) return processExited(fmt::format("It exited with code {}.", code));
  adapterClosed("The debugger has lost it.");
}

void Target::processExited(const std::string& how) {
  end({true, how});
  dap_.closed(how);
}

void Target::end(const Gone& gone) {
  if (state_ == State::Ended) return;
  state_ = State::Ended;
  gatherAt_.reset();
  port_.tell(gone);
}

}  // namespace qd::debug
