// SPDX-License-Identifier: Apache-2.0
// Every place of an event where a process is named, for renaming them all at once. Pure function; any thread.
#pragma once

#include <functional>

#include "core/ingest/events.h"

namespace qd::recording {

using NameOf = std::function<ProcessId(const ProcessId&)>;

void renameProcesses(ingest::Event& event, const NameOf& nameOf);

}  // namespace qd::recording
