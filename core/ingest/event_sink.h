// SPDX-License-Identifier: Apache-2.0
// The one way in: live link and replay both call it, store, recorder, logs and joins implement it.
// on() is called on the thread of the source (a network thread, the replay thread), one call at a time a source;
// an implementation must be quick, never block and never throw; it may keep the pointer.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/ingest/events.h"

namespace qd::ingest {

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on(const EnvelopePtr& envelope) = 0;
};

// Gives each event to every sink, in the order of add(). add() before the first event only; then any thread may call
// on(): calls are serialised so that a sink sees one caller at a time. A sink may call on() of the fan-out from inside
// its own on() (a join that makes events does): that event follows once the present one has reached every sink.
// Sinks outlive the fan-out.
class FanOut final : public EventSink {
 public:
  void add(EventSink& sink) { sinks_.push_back(&sink); }
  void on(const EnvelopePtr& envelope) override;

 private:
  void deliver(const EnvelopePtr& envelope);

  std::mutex order_;
  std::atomic<std::thread::id> caller_;  // who holds order_
  std::deque<EnvelopePtr> made_;         // by sinks, while delivering; of the caller only
  std::vector<EventSink*> sinks_;
};

}  // namespace qd::ingest
