// SPDX-License-Identifier: GPL-3.0-or-later
// What the operator asks for: attach to agents, try the stage, or open a recording. Plain value; any thread.
#pragma once

#include <QString>

#include "widgets/session/contexts.h"

namespace qd::session {

struct SessionRequest {
  enum class Kind { Attach, Stage, Replay };
  Kind kind = Kind::Attach;
  Context context;    // Attach: name, agents, certificates; Stage: filled in when it is ready
  QString recording;  // Replay: path of the file
};

}  // namespace qd::session
