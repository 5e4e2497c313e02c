// SPDX-License-Identifier: GPL-3.0-or-later
// "Keep this stretch": asks for the session's name and has it kept. UI thread.
#pragma once

class QWidget;

namespace qd::console {

class Composition;
class Session;

void askKeep(Session& session, Composition& composition, QWidget& window);

}  // namespace qd::console
