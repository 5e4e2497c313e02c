// SPDX-License-Identifier: GPL-3.0-or-later
// One session without its window: the stores, the fan-out that feeds them, the recorder, and the source, which is a
// live cluster or a recording. Built and torn down on a worker thread, because opening files and closing streams may
// wait; its stores may be read from the UI thread meanwhile. The source stops before anything it feeds goes away.
#pragma once

#include <memory>
#include <string>

#include "core/analysis/alert_book.h"
#include "core/base/error.h"
#include "core/breakpoints/derived_trigger.h"
#include "core/breakpoints/registry_view.h"
#include "core/control/command_port.h"
#include "core/ingest/directory.h"
#include "core/ingest/event_log.h"
#include "core/ingest/event_sink.h"
#include "core/ingest/interest_planner.h"
#include "core/ingest/interest_set.h"
#include "core/ingest/rollup_book.h"
#include "core/netcode/interp_join.h"
#include "core/netcode/rewind_join.h"
#include "core/netcode/world_history.h"
#include "core/params/change_book.h"
#include "core/params/param_book.h"
#include "core/series/store.h"
#include "widgets/session/contexts.h"

namespace qd::recording {
class RecordedSamples;
}

namespace qd::console {

class SessionCore {
 public:
  static constexpr std::size_t kBudget = std::size_t{512} << 20;  // bytes that samples may take
  // Attaches; agents that are not there yet are tried again and again, and shown as lost meanwhile.
  // A recording that cannot be made is a problem of recording(), not of the session; it rolls hourly.
  // Error: the certificates cannot be read.
  static Result<std::unique_ptr<SessionCore>> live(const session::Context& context, const std::string& recordingPath,
                                                   std::size_t budget = kBudget);
  // Opens the file at once, whatever its size: what each series comes to is known, samples and frames are read when
  // somebody looks at them, events in the background. A file of format 1 is read whole on a thread of its own; panels
  // fill meanwhile. Errors: no such file, not a recording, a newer format.
  static Result<std::unique_ptr<SessionCore>> replay(const std::string& path, std::size_t budget = kBudget);
  ~SessionCore();

  struct Recording {
    std::string path;
    std::uint64_t bytes = 0;
    std::uint64_t dropped = 0;  // entries that are not in it and were not fetched again
    std::string problem;        // one sentence; empty: it is being written
    std::string warning;        // one sentence; it goes on
  };
  // In a recording: which moment is shown and how fast it moves (0: it stands). Any thread, cheap.
  void look(TimeNs now, double speed);
  // Of a recording: how far its events are read, and what was wrong with it.
  struct Loading {
    double share = 1;
    std::string problem;  // one sentence; empty: nothing
  };
  bool isReplay() const { return isReplay_; }
  control::CommandPort* commands();  // null in a recording
  // Asks the agents for what is shown and recorded by rule, within the context's cap. About once a second; UI thread.
  void adjustInterest(const ingest::InterestSet& shown);
  struct Cost {
    ingest::InterestPlanner::Level level = ingest::InterestPlanner::Level::Everything;
    double wanted = 0, cap = 0;  // points a second at full rate; 0: no cap
    std::uint64_t bytes = 0;     // received so far
    bool tiers = false;          // the agents know them
  };
  Cost cost() const;
  Recording recording() const;                     // path empty: none is written
  std::vector<std::string> recordedFiles() const;  // of this session, the oldest first
  Loading loading() const;
  void put(const ingest::EnvelopePtr& envelope) { fan.on(envelope); }  // what this console adds, such as a mark

  series::Store store;
  ingest::Directory directory;
  ingest::EventLog log;
  netcode::WorldHistory world;
  params::ParamBook params;
  params::ChangeBook changes;
  breakpoints::RegistryView breakpoints;
  analysis::AlertBook alerts;
  ingest::RollupBook rollups{{"tick.duration", "frame.duration", "tick.rate", "players.online"}};

 private:
  class ExactSamples;
  std::unique_ptr<ExactSamples> exact_;  // before the fan-out that feeds it

 public:
  ingest::FanOut fan;
  netcode::InterpJoin join;
  netcode::RewindJoin rewindJoin;

 private:
  SessionCore(bool isReplay, std::size_t budget);

  static Result<std::unique_ptr<SessionCore>> replay(const std::string& path, std::size_t budget,
                                                     std::shared_ptr<recording::RecordedSamples> samples);
  class Worker;
  struct Source;
  bool isReplay_;
  std::unique_ptr<Source> source_;
};

}  // namespace qd::console
