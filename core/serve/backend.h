// SPDX-License-Identifier: Apache-2.0
// What core/serve offers over gRPC, as plain structs: the agent implements it for live processes, a replay for a file.
// Every call may come from any gRPC thread, several at a time, and must return soon (a short disk read is fine, waiting
// is not); `done` callbacks are called exactly once, on any thread. The backend outlives the server. A capability that
// a backend lacks answers Unsupported with a sentence.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/control/command_port.h"
#include "core/control/debug_order.h"
#include "core/control/lending.h"
#include "core/ingest/events.h"

namespace qd::serve {

// Everything as of now: what Describe answers, and what a subscription sends first (as entries of sequence 0).
struct Snapshot {
  std::string agentId;         // random at the first start of a data folder (or made from the recording's id)
  std::string version;         // of the program
  std::uint64_t logFirst = 0;  // oldest and newest sequence of the log; 0, 0: empty
  std::uint64_t logLast = 0;
  std::vector<ingest::ProcessInfo> earlier;  // instances that a later one of the same id replaced; only for backfills
  std::vector<ingest::ProcessInfo> processes;
  std::vector<ingest::ParameterChange> parameters;  // values in force, one per process that has any
  std::vector<ingest::Breakpoint> breakpoints;
  std::vector<ingest::LinkGroup> groups;
  std::vector<ingest::Hit> hits;  // of the stops that are not over
  bool rollups = false;           // the log holds them; else a subscription makes its own out of the samples
  std::vector<ingest::ChangeState> changes;
  std::vector<ingest::SharedItem> shared;
};

// Which kinds of events a reader wants at all; a hint with which a cursor may skip without decoding.
enum Kind : std::uint32_t {
  kSamples = 1,      // SampleBlock
  kEntities = 2,     // EntityFrame
  kFrames = 4,       // FrameBlock
  kProcesses = 8,    // ProcessChange
  kParameters = 16,  // ParameterChange
  kDebug = 32,       // Breakpoint, LinkGroup, Hit
  kOther = 64,       // all the rest
  kPushes = 128,     // PushResult, ChangeState
  kRollups = 256,    // Rollup
  kEverything = 511,
};
std::uint32_t kindOf(const ingest::Event& event);

// Where a cursor begins: right after sequence `after` if `agentId` is ours, else at the first entry not older than
// `backfill` before now (0: at what comes next).
struct CursorStart {
  std::uint64_t after = 0;
  std::string agentId;
  Duration backfill;
  std::uint32_t kinds = kEverything;
};

// One reader's place in the log. Its owner calls next() from one thread at a time.
class Cursor {
 public:
  virtual ~Cursor() = default;  // after it returns, `wake` is not called any more
  // The next entry in order, ascending sequence > 0; null: no more for now, and `wake` will be called once when there
  // is (it may be called early or from inside the append, so it must only hand over to another thread).
  // When the place was lost (the log's oldest entries are gone), a Gap comes first, its sequence the one just before
  // the oldest entry that is left.
  virtual ingest::EnvelopePtr next() = 0;
  // Other kinds than at the start, from here on; a hint as well.
  virtual void want(std::uint32_t) {}
  // The sequence after which this cursor began: `previous` of its first entry.
  virtual std::uint64_t startedAfter() const = 0;
};

// One Debug stream. What changes (breakpoints, groups, hits) comes out of the log like everything else.
class DebugSession {
 public:
  virtual ~DebugSession() = default;  // the stream is over: its lease is no longer renewed
  virtual void execute(control::DebugOrder order, control::DebugDone done) = 0;
  virtual void inspect(control::InspectOrder order, control::InspectDone done);
};

// One Lend stream, from the home of link groups whose members may be processes of this backend. The stream is over with
// it: what it has borrowed is given back when the home has not come again in time.
class LendSession {
 public:
  virtual ~LendSession() = default;
  virtual Result<> order(control::LendOrder order) = 0;  // Exhausted: the stream ends
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual Snapshot snapshot() = 0;
  // The clock of the times in the log, UTC ns (SyncClock answers with it).
  virtual TimeNs now() = 0;
  // Open the cursor before taking the snapshot: then nothing falls between them.
  virtual Result<std::unique_ptr<Cursor>> openCursor(const CursorStart& start, std::function<void()> wake) = 0;

  virtual void push(control::PushOrder order, control::PushDone done) = 0;
  virtual void queryPush(const std::string& pushId, bool settle, control::PushDone done) = 0;
  virtual void runAction(control::ActionOrder order, control::ActionDone done) = 0;

  // A backend without changes answers Unsupported to all of these.
  virtual void startChange(ingest::ChangePlan plan, control::ChangeDone done);
  virtual void orderChange(control::ChangeVerb verb, control::ChangesDone done);
  virtual void syncChange(control::ChangeSync sync, control::ChangeDone done);
  virtual void audit(std::uint64_t after, std::uint32_t most, control::AuditDone done);
  virtual void shared(const std::string& prefix, control::SharedDone done);
  virtual void share(control::SharedWrite write, control::SharedDone done);
  virtual void adopt(control::AdoptOrder order, control::AdoptDone done);

  virtual Result<std::unique_ptr<DebugSession>> openDebug(const std::string& who) = 0;
  // `send` may be called until the session's end, on the backend's own thread, and does not wait.
  virtual Result<std::unique_ptr<LendSession>> openLend(const std::string& who,
                                                        std::function<void(control::LendEvent)> send);
};

}  // namespace qd::serve
