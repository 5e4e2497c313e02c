// SPDX-License-Identifier: Apache-2.0
// Joins each shot that a server judged with what its shooter's editor really drew: |p rewound − p drawn|, m. The
// server's own figure trusts the shot's claim; this one does not: the drawn position comes from the editor's entity
// frames, found by the exact render time that the shot names.
//
// Reads the server's shots (core/netcode/shot.h) and emits as a derived series of the server (ring kDerivedRing):
// lagcomp.rewind_error.joined. Shots of players whose client is not instrumented cannot be joined and give nothing. A
// shot waits at most kWait of the session's time for its frame. Where that derived series comes with the stream (a
// replay), it stands. Bounded. on() on the source thread; totals() on any.
#pragma once

#include <cstdint>
#include <memory>

#include "core/ingest/event_sink.h"

namespace qd::netcode {

class RewindJoin final : public ingest::EventSink {
 public:
  static constexpr TimeNs kWait = 2 * kNsPerSecond;

  explicit RewindJoin(ingest::EventSink& out);
  ~RewindJoin() override;
  void on(const ingest::EnvelopePtr& envelope) override;

  struct Totals {
    std::uint64_t joined = 0, unavailable = 0;  // shots that claim a hit
  };
  Totals totals() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::netcode
