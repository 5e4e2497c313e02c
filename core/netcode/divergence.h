// SPDX-License-Identifier: Apache-2.0
// Where a client's prediction and its server first differed: the first tick and the field. The client says what it had
// predicted for each tick since both last agreed (event predict.diverged); the server's own frames of those ticks say
// what was true. Neither side can tell alone: the client hears of every second tick only, the server of none of the
// predictions. Exact, in µm, before any smoothing. Pure; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/ingest/events.h"
#include "core/netcode/world_history.h"

namespace qd::netcode {

struct DivergedField {
  std::string name;                         // "pos.x", "alive"
  double predicted = 0, authoritative = 0;  // m; alive: 0 or 1
};

struct Divergence {
  ProcessId client;
  std::uint32_t player = 0;
  TimeNs time = 0;                  // when the client learnt of it
  Tick tick = 0;                    // the first at which both sides differ
  Tick confirmed = 0;               // the one of which the client was told
  std::optional<Tick> agreed;       // the last one of which it was told that both were the same
  bool located = false;             // `tick` is from the server's frames; else it is `confirmed`
  std::string field;                // the first that differs, causes before consequences: health, vel.x, pos.x, …
  std::vector<std::string> fields;  // all, at `confirmed`
  std::vector<DivergedField> at;    // what both sides had at `tick`, of what differed; empty where not located
  double errorM = 0;                // distance at `confirmed`
  int replayed = 0;                 // inputs that were replayed
};

// The server's frame of exactly that tick, or null.
using FrameOfTick = std::function<EntityFramePtr(Tick)>;

// Empty where the event is another one or makes no sense.
std::optional<Divergence> divergenceOf(const ingest::GameEvent& event, const FrameOfTick& frames);

// One sentence: "Player 41 was predicted wrongly from tick 1204 on: health (the server had …)."
std::string describe(const Divergence& divergence);

}  // namespace qd::netcode
