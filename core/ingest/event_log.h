// SPDX-License-Identifier: Apache-2.0
// The rare events of a session in time order: log lines, game events, pushes, actions, hits, stops, gaps, marks,
// process changes. Bounded in bytes: the oldest log lines and game events go first, counted; pushes, hits, stops and
// marks stay as long as there is any of those. Written by the source thread (EventSink), read by any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"

namespace qd::ingest {

enum class MomentKind { Log, Game, Push, Action, Hit, Stop, Resume, Process, Agent, Gap, Mark };

struct Moment {
  std::uint64_t id = 0;  // ascending in order of arrival
  MomentKind kind = MomentKind::Log;
  TimeNs time = 0;
  Tick tick = 0;
  ProcessId process;
  LogLevel level = LogLevel::Info;
  std::string category;  // of the log line, or the event's name
  std::string text;      // one line for a person
  EnvelopePtr envelope;  // what it came from
};

struct MomentFilter {
  std::vector<MomentKind> kinds;  // empty: all
  std::vector<ProcessId> processes;
  LogLevel minimumLevel = LogLevel::Trace;  // for Log
  std::string gamePrefix;                   // for Game: only events whose name begins with it
  std::string text;                         // case-insensitive substring of category or text
  // About one player: game events with that number in a field that names players (player, shooter, victim, claimed,
  // hit, entity), log lines with "player N" or with `playerName` as a word.
  std::optional<std::int64_t> player;
  std::string playerName;
};

class EventLog final : public EventSink {
 public:
  explicit EventLog(std::size_t budgetBytes = std::size_t{64} << 20);
  ~EventLog() override;
  void on(const EnvelopePtr& envelope) override;

  std::uint64_t revision() const;
  // Those of [from, to] by time that pass, oldest first, at most `most` of the newest.
  std::vector<Moment> query(TimeNs from, TimeNs to, const MomentFilter& filter, std::size_t most) const;
  std::uint64_t forgotten() const;  // moments dropped because of the budget

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::ingest
