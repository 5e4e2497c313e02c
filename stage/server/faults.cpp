// SPDX-License-Identifier: Apache-2.0
#include "stage/server/faults.h"

#include <cstring>

#include "stage/runtime/udp.h"

namespace qd::stage {
namespace {

void burn(std::int64_t ns) {
  for (const auto until = monotonicNs() + ns; monotonicNs() < until;) {
  }
}

}  // namespace

void Faults::leak(const Settings& settings) {
  if (settings.debugLeakBytes == 0) {
    kept_.clear();
    leaked_ = 0;
    owed_ = 0;
    return;
  }
  owed_ += static_cast<double>(settings.debugLeakBytes) / static_cast<double>(settings.tickHz);
  constexpr std::size_t kBlock = 256 << 10;
  while (owed_ >= kBlock && leaked_ + kBlock <= kMostLeaked) {
    kept_.push_back(std::make_unique<char[]>(kBlock));
    std::memset(kept_.back().get(), 1, kBlock);  // touched: else it would take no memory at all
    leaked_ += kBlock;
    owed_ -= kBlock;
  }
}

bool Faults::tick(const Settings& settings) {
  if (settings.debugHogNs > 0) burn(settings.debugHogNs);
  leak(settings);
  if (settings.debugSlowTickNs == 0) return false;
  burn(settings.debugSlowTickNs);
  return true;
}

}  // namespace qd::stage
