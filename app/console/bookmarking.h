// SPDX-License-Identifier: GPL-3.0-or-later
// Asks for the note of a bookmark at the moment that is shown, and sets it. Not modal; time may go on meanwhile, the
// moment stays that at which it was asked. UI thread.
#pragma once

class QWidget;

namespace qd::console {

class Session;

void askBookmark(Session& session, QWidget& window);

}  // namespace qd::console
