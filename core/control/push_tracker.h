// SPDX-License-Identifier: Apache-2.0
// What became of every push of one agent: at most once, and the outcome known in the end. Pure: events in, actions out.
// A push id is sent to each target once; the same id again answers what it did the first time. A target that has not
// answered at the deadline is Unknown, and asked again when it reconnects; one that started anew in between stays
// Unknown, saying so. The newest 1,000 pushes are remembered. Times: UTC ns. Calls from one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/base/error.h"
#include "core/control/command_port.h"
#include "core/ingest/events.h"

namespace qd::control {

using WaiterId = std::uint64_t;  // whoever waits for an answer, numbered by the driver

struct SendPush {
  ProcessId process;
  PushOrder order;
};
struct AskPush {  // ask the process what became of it
  ProcessId process;
  std::string pushId;
};
struct PublishPush {  // into the log
  ingest::PushResult result;
};
struct AnswerPush {
  WaiterId waiter = 0;
  std::vector<ingest::PushResult> results;  // one a target, in the order of the order
};
using PushAction = std::variant<SendPush, AskPush, PublishPush, AnswerPush>;
using PushActions = std::vector<PushAction>;

// Is its value what stood before that push, under the version that the push made?
bool takesBack(const ingest::PushResult& done, const Assignment& assignment);

class PushTracker {
 public:
  // Log the order's id before doing the actions. Targets that are not live are Rejected at once.
  PushActions begin(const PushOrder& order, WaiterId waiter, TimeNs now);
  // GetPush: answers at once where all is known, else asks the processes again and answers within 2 s.
  // Errors: NotFound for an id that was never seen.
  Result<PushActions> query(const std::string& pushId, WaiterId waiter, TimeNs now);
  // An id that was never seen is not carried out any more: whoever lost the connection knows the outcome for good.
  void refuse(const std::string& pushId);
  void forget(WaiterId waiter);  // it is gone, do not answer

  PushActions onProcessUp(const ProcessId& process, InstanceId instance);
  void onProcessDown(const ProcessId& process);
  // What the process reports; who and comment are filled in here. Answers to a query carry Unknown where the process
  // does not remember the id.
  PushActions onResult(ingest::PushResult result);

  PushActions onTime(TimeNs now);
  std::optional<TimeNs> nextDeadline() const;
  const std::vector<ingest::PushResult>* results(const std::string& pushId) const;
  // Would this take back what a push of here did to the process?
  bool takesBack(const ProcessId& process, const Assignment& assignment) const;

 private:
  struct Waiter {
    WaiterId id = 0;
    TimeNs deadline = 0;
  };
  struct Push {
    PushOrder order;
    std::vector<ingest::PushResult> results;  // one a target
    std::vector<bool> settled;                // applied or rejected: never changes again
    TimeNs deadline = 0;                      // when Pending becomes Unknown; 0: it has
    std::vector<Waiter> waiters;
  };

  static bool open(const Push& push);
  void answer(Push& push, bool all, TimeNs now, PushActions& out);
  Push& remember(const PushOrder& order, TimeNs now);

  std::map<std::string, Push> pushes_;
  std::deque<std::string> order_;
  std::set<std::string> refused_;
  std::deque<std::string> refusedOrder_;
  std::map<ProcessId, InstanceId> live_;
};

}  // namespace qd::control
