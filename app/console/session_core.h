// SPDX-License-Identifier: GPL-3.0-or-later
// One session without its window: the stores, the fan-out that feeds them, the recorder, and the source, which is a
// live cluster or a recording. Built and torn down on a worker thread, because opening files and closing streams may
// wait; its stores may be read from the UI thread meanwhile. The source stops before anything it feeds goes away.
#pragma once

#include <memory>
#include <string>

#include "core/analysis/alert_book.h"
#include "core/base/error.h"
#include "core/breakpoints/registry_view.h"
#include "core/control/command_port.h"
#include "core/ingest/directory.h"
#include "core/ingest/event_log.h"
#include "core/ingest/event_sink.h"
#include "core/netcode/interp_join.h"
#include "core/netcode/rewind_join.h"
#include "core/netcode/world_history.h"
#include "core/params/param_book.h"
#include "core/series/store.h"
#include "widgets/session/contexts.h"

namespace qd::console {

class SessionCore {
 public:
  // Attaches; agents that are not there yet are tried again and again, and shown as lost meanwhile.
  // Error: the recording cannot be made, the certificates cannot be read.
  static Result<std::unique_ptr<SessionCore>> live(const session::Context& context, const std::string& recordingPath);
  // Opens the file and goes on reading it on a thread of its own; panels fill meanwhile.
  // Errors: no such file, not a recording, a newer format.
  static Result<std::unique_ptr<SessionCore>> replay(const std::string& path);
  ~SessionCore();

  struct Recording {
    std::string path;
    std::uint64_t bytes = 0, dropped = 0;
    std::string problem;  // one sentence; empty: it is being written
  };
  // Of a recording: how far it is read, and what was wrong with it.
  struct Loading {
    double share = 1;
    std::string problem;  // one sentence; empty: nothing
  };
  bool isReplay() const { return isReplay_; }
  control::CommandPort* commands();       // null in a recording
  std::uint64_t droppedOnTheWay() const;  // by the link's and the recorder's queues
  Recording recording() const;            // path empty: none is written
  Loading loading() const;
  void put(const ingest::EnvelopePtr& envelope) { fan.on(envelope); }  // what this console adds, such as a mark

  series::Store store;
  ingest::Directory directory;
  ingest::EventLog log;
  netcode::WorldHistory world;
  params::ParamBook params;
  breakpoints::RegistryView breakpoints;
  analysis::AlertBook alerts;
  ingest::FanOut fan;
  netcode::InterpJoin join;
  netcode::RewindJoin rewindJoin;

 private:
  explicit SessionCore(bool isReplay);

  struct Source;
  bool isReplay_;
  std::unique_ptr<Source> source_;
};

}  // namespace qd::console
