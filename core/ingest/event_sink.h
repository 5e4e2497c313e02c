// SPDX-License-Identifier: Apache-2.0
// The one way in: live link and replay both call it, store, recorder, logs and joins implement it.
// on() is called on the thread of the source (a network thread, the replay thread), one call at a time a source;
// an implementation must be quick, never block and never throw; it may keep the pointer.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "core/ingest/events.h"

namespace qd::ingest {

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on(const EnvelopePtr& envelope) = 0;
};

// Gives each event to every sink, in the order of add(). add() before the first event only; then any thread may call
// on(): calls are serialised so that a sink sees one caller at a time. Sinks outlive the fan-out.
class FanOut final : public EventSink {
 public:
  void add(EventSink& sink) { sinks_.push_back(&sink); }
  void on(const EnvelopePtr& envelope) override;

 private:
  std::mutex order_;
  std::vector<EventSink*> sinks_;
};

}  // namespace qd::ingest
