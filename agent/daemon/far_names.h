// SPDX-License-Identifier: Apache-2.0
// The same thing as the agent at `endpoint` names it, from what its group's home at `home` calls it, and back: the
// home's own ids get an "@home", the other agent's own lose their "@endpoint", a third agent's stay. Values only.
#pragma once

#include <string>

#include "core/control/debug_order.h"
#include "core/control/lending.h"

namespace qd::daemon {

struct FarNames {
  std::string home, endpoint;

  std::string there(const std::string& id) const;  // of a process or a domain
  std::string here(const std::string& id) const;
  ProcessId there(const ProcessId& id) const { return ProcessId(there(id.value)); }
  ProcessId here(const ProcessId& id) const { return ProcessId(here(id.value)); }
  ingest::Breakpoint copy(ingest::Breakpoint breakpoint) const;
  ingest::LinkGroup copy(ingest::LinkGroup group) const;
  ingest::Hit copy(ingest::Hit hit) const;
  control::DebugOrder here(control::DebugOrder order) const;  // also takes the "@home" off its ids
};

}  // namespace qd::daemon
