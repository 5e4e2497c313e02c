// SPDX-License-Identifier: Apache-2.0
// Breakpoints, link groups and hits as the console knows them, now or at any moment of the session. Intent and
// acknowledgement come from the agent that is home to the group; nothing here decides. on() on the source thread;
// everything else on any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"

namespace qd::breakpoints {

class RegistryView final : public ingest::EventSink {
 public:
  static constexpr TimeNs kNow = INT64_MAX;

  RegistryView();
  ~RegistryView() override;
  void on(const ingest::EnvelopePtr& envelope) override;

  std::uint64_t revision() const;
  std::vector<ingest::Breakpoint> breakpoints(TimeNs asOf = kNow) const;  // without removed ones
  std::vector<ingest::LinkGroup> groups(TimeNs asOf = kNow) const;
  // The group that is not running, if any: what the banner is about.
  std::optional<ingest::LinkGroup> stopped(TimeNs asOf = kNow) const;
  std::vector<ingest::Hit> hits() const;  // oldest first, at most 1,000
  std::optional<ingest::Hit> hit(const std::string& id) const;
  // From when on all of that hit's group stood, as its agent said: later than the hit, which is when the first of them
  // came to it. Empty: it never did, or that is not known.
  std::optional<TimeNs> standsAt(const std::string& hitId) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::breakpoints
