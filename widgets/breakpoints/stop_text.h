// SPDX-License-Identifier: GPL-3.0-or-later
// What the window says about stops, as sentences: never that both are stopped when they are not. Pure; any thread.
#pragma once

#include <QString>
#include <optional>

#include "core/ingest/events.h"

namespace qd::widgets {

QString memberStateText(ingest::MemberState state);
QString groupStateText(ingest::GroupState state);
QString ackText(const ingest::BreakpointMember& member);

// "server-1 stopped at tick 1 234 · editor-1 stopped at tick 1 234 (skew 0 ticks)".
QString membersText(const ingest::LinkGroup& group);

// Whole seconds until the group resumes by itself; empty without a lease.
std::optional<int> secondsLeft(const ingest::LinkGroup& group, TimeNs now);

// "combat.hit_resolved if damage > 50, from hit 3 on", "tick 1 234", "main.cpp:42".
QString breakpointText(const ingest::Breakpoint& breakpoint);

}  // namespace qd::widgets
