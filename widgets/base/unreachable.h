// SPDX-License-Identifier: GPL-3.0-or-later
// Why nothing comes: what the first agent that is not connected was refused or lost for, one sentence; empty while any
// agent of the session is connected, or none has said why yet. Whoever includes it links core/ingest. Any thread.
#pragma once

#include <QString>

#include "core/ingest/directory.h"

namespace qd::widgets {

inline QString whyUnreachable(const ingest::Directory& directory) {
  QString why;
  for (const ingest::AgentInfo& agent : directory.agents()) {
    if (agent.state == ingest::AgentState::Connected) return {};
    if (why.isEmpty()) why = QString::fromStdString(agent.reason);
  }
  return why;
}

}  // namespace qd::widgets
