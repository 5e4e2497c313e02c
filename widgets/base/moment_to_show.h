// SPDX-License-Identifier: GPL-3.0-or-later
// Where to go when a person picks a moment: its own time, except for a hit. Its time is when the first of its group
// came to it; one goes to where all of them stood, so that the banner and both sides' stacks are there. Whoever
// includes it links core/breakpoints. Any thread.
#pragma once

#include <algorithm>

#include "core/breakpoints/registry_view.h"
#include "core/ingest/event_log.h"

namespace qd::widgets {

inline TimeNs momentToShow(const breakpoints::RegistryView& registry, const std::string& hitId, TimeNs hitTime) {
  const auto stands = registry.standsAt(hitId);
  return stands ? std::max(*stands, hitTime) : hitTime;
}

inline TimeNs momentToShow(const breakpoints::RegistryView& registry, const ingest::Moment& moment) {
  if (!moment.envelope) return moment.time;
  if (const auto* hit = std::get_if<ingest::Hit>(&moment.envelope->event)) {
    return momentToShow(registry, hit->id, moment.time);
  }
  const auto* group = std::get_if<ingest::LinkGroup>(&moment.envelope->event);
  if (group == nullptr || moment.kind != ingest::MomentKind::Stop) return moment.time;
  return momentToShow(registry, group->hitId, std::max(moment.time, moment.envelope->received));
}

}  // namespace qd::widgets
