// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that a panel is given, filled by demo_feed.h: for demo programs and GUI tests. Whoever includes it links
// the core rooms below. UI thread only.
#pragma once

#include "core/breakpoints/registry_view.h"
#include "core/ingest/directory.h"
#include "core/ingest/event_log.h"
#include "core/netcode/world_history.h"
#include "core/params/param_book.h"
#include "core/series/store.h"
#include "widgets/base/demo_feed.h"
#include "widgets/base/frame_tick.h"
#include "widgets/base/selection.h"
#include "widgets/base/session_context.h"
#include "widgets/base/view_clock.h"

namespace qd::widgets::demo {

class Session {
 public:
  // `length` 0: an empty session. `budget`: of the store, in bytes.
  explicit Session(TimeNs length, bool replay = false, std::size_t budget = std::size_t{512} << 20)
      : store(budget), context{store,   directory, log,       world,  params, breakpoints,
                               nullptr, clock,     selection, ticker, {},     replay} {
    for (ingest::EventSink* sink :
         {static_cast<ingest::EventSink*>(&store), static_cast<ingest::EventSink*>(&directory),
          static_cast<ingest::EventSink*>(&log), static_cast<ingest::EventSink*>(&world),
          static_cast<ingest::EventSink*>(&params), static_cast<ingest::EventSink*>(&breakpoints)})
      all.add(*sink);
    clock.setRecording(replay);
    if (length <= 0) return;
    Feed(all, length).run();
    const auto totals = store.totals();
    clock.setExtent(totals.firstTime, totals.lastTime);
  }

  series::Store store;
  ingest::Directory directory;
  ingest::EventLog log;
  netcode::WorldHistory world;
  params::ParamBook params;
  breakpoints::RegistryView breakpoints;
  ingest::FanOut all;
  ViewClock clock;
  Selection selection;
  FrameTick ticker;
  SessionContext context;
};

}  // namespace qd::widgets::demo
