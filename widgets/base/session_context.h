// SPDX-License-Identifier: GPL-3.0-or-later
// What every panel is given: the session it looks at. Composition (app/console) owns all of it and outlives the panels.
// A panel pulls on FrameTick::tick(), shows the state as of clock.now(), follows selection, and orders through
// `commands`. UI thread only.
#pragma once

#include <QString>

namespace qd::series {
class Store;
}
namespace qd::ingest {
class Directory;
class EventLog;
class InterestSet;
class RollupBook;
}  // namespace qd::ingest
namespace qd::netcode {
class WorldHistory;
}
namespace qd::params {
class ParamBook;
}
namespace qd::breakpoints {
class RegistryView;
}
namespace qd::control {
class CommandPort;
}

namespace qd::widgets {

class FrameTick;
class Selection;
class ViewClock;

struct SessionContext {
  series::Store& store;
  ingest::Directory& directory;
  ingest::EventLog& log;
  netcode::WorldHistory& world;
  params::ParamBook& params;
  breakpoints::RegistryView& breakpoints;
  control::CommandPort* commands;  // null in a replay: controls are shown, disabled
  ViewClock& clock;
  Selection& selection;
  FrameTick& ticker;
  QString who;  // shown with pushes and marks
  bool replay = false;
  const ingest::RollupBook* rollups = nullptr;  // null: there are none, the store alone knows
  ingest::InterestSet* interest = nullptr;      // where a panel declares what it shows; null in a replay
};

}  // namespace qd::widgets
