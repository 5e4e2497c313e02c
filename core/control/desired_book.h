// SPDX-License-Identifier: Apache-2.0
// What the last acknowledged push wanted of each parameter. A live value that differs has drifted. After a restart of a
// process they are wanted again, unless it ended within 60 s of getting them: then somebody has to look first. Pure;
// calls from one thread. Times: UTC ns.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/control/command_port.h"
#include "core/ingest/events.h"

namespace qd::control {

struct DesiredValue {
  Value value;
  std::string pushId, who;
  TimeNs since = 0;
  bool suspect = false;  // its process ended too soon after it
};

class DesiredBook {
 public:
  static constexpr std::int64_t kTooSoon = 60 * kNsPerSecond;

  void set(const ProcessId& process, const std::string& name, DesiredValue value);
  void forget(const ProcessId& process, const std::string& name);
  const DesiredValue* find(const ProcessId& process, const std::string& name) const;
  void fill(const ProcessId& process, ingest::ParameterValue& value) const;
  // The process ended: what it got within the last minute becomes suspect. True when something did.
  bool onDown(const ProcessId& process, TimeNs now) { return onEnd(process, now, now); }
  // The same where nobody saw the end: it lived at `seen`, and was found gone at `found`. Suspect is what it is not
  // known to have lived a minute with.
  bool onEnd(const ProcessId& process, TimeNs seen, TimeNs found);
  // What a new instance must be told; empty: nothing. `live`: what it declares.
  std::optional<PushOrder> onRestart(const ProcessId& process, const std::vector<ingest::ParameterValue>& live) const;

  // One process as a text for the shared store, and back (what does not read is left out).
  std::string encode(const ProcessId& process) const;
  void decode(const ProcessId& process, const std::string& text);

 private:
  std::map<ProcessId, std::map<std::string, DesiredValue>> all_;
};

}  // namespace qd::control
