// SPDX-License-Identifier: GPL-3.0-or-later
// Takes the shown moment to what was typed after "Go to": a tick of the selected server's domain, a UTC time, a step.
// Error: one sentence, where it cannot be read or is not in the session. UI thread.
#pragma once

#include <QString>

#include "core/base/error.h"
#include "widgets/base/session_context.h"

namespace qd::console {

Result<> goTo(const widgets::SessionContext& context, const QString& typed);

}  // namespace qd::console
