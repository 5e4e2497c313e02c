// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/event_sink.h"

namespace qd::ingest {

void FanOut::on(const EnvelopePtr& envelope) {
  if (caller_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
    made_.push_back(envelope);
    return;
  }
  const std::lock_guard lock(order_);
  caller_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  deliver(envelope);
  while (!made_.empty()) {
    const EnvelopePtr next = std::move(made_.front());
    made_.pop_front();
    deliver(next);
  }
  caller_.store(std::thread::id{}, std::memory_order_relaxed);
}

void FanOut::deliver(const EnvelopePtr& envelope) {
  for (EventSink* sink : sinks_) sink->on(envelope);
}

}  // namespace qd::ingest
