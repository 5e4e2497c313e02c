// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/impairment.h"

#include <algorithm>

namespace qd::stage {

std::int64_t Impairment::due(std::int64_t nowNs) {
  const auto jitter = static_cast<std::int64_t>(random_.gaussian() * static_cast<double>(settings_.jitterNs));
  return nowNs + std::max<std::int64_t>(0, settings_.latencyNs + jitter);
}

Impairment::Fate Impairment::send(std::int64_t nowNs) {
  // The same number of draws for every packet: changing one setting does not shift the fate of the others.
  const double lossDraw = random_.uniform(), stateDraw = random_.uniform(), copyDraw = random_.uniform();
  const std::int64_t held = random_.uniform() < settings_.reorder ? settings_.reorderNs : 0;
  const std::int64_t first = due(nowNs), second = due(nowNs);
  bad_ = bad_ ? stateDraw >= settings_.burstLeave : stateDraw < settings_.burstEnter;
  Fate fate;
  if (nowNs < settings_.blackoutUntilNs || lossDraw < (bad_ ? settings_.burstLoss : settings_.loss)) return fate;
  fate.copies = copyDraw < settings_.duplicate ? 2 : 1;
  fate.dueNs[0] = first + held;
  fate.dueNs[1] = second;
  return fate;
}

}  // namespace qd::stage
