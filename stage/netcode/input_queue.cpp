// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/input_queue.h"

#include <algorithm>

namespace qd::stage {

void InputQueue::push(const InputCommand& command) {
  if (command.tick <= taken_) {
    // Redundant copies of what was taken are normal; only one that never arrived in time is late.
    if (command.tick > newest_) ++counts_.late;
    newest_ = std::max(newest_, command.tick);
    return;
  }
  if (command.tick > taken_ + kAhead && taken_ != 0) {
    ++counts_.tooEarly;
    return;
  }
  auto& slot = slots_[static_cast<std::size_t>(command.tick % kAhead)];
  if (slot.used && slot.command.tick == command.tick) {
    ++counts_.duplicate;
    return;
  }
  if (!slot.used) ++waiting_;
  slot = {true, command};
  newest_ = std::max(newest_, command.tick);
}

InputCommand InputQueue::take(Tick tick, int tickHz) {
  if (tick > taken_ + 1) {  // else nothing older can wait: what is not newer than `taken_` was never let in
    for (auto& slot : slots_) {
      if (slot.used && slot.command.tick < tick) {
        slot.used = false;
        --waiting_;
      }
    }
  }
  taken_ = tick;
  auto& slot = slots_[static_cast<std::size_t>(tick % kAhead)];
  lastMissing_ = !(slot.used && slot.command.tick == tick);
  if (!lastMissing_) {
    slot.used = false;
    --waiting_;
    lastSeen_ = tick;
    return last_ = slot.command;
  }
  if (lastSeen_ != 0) ++counts_.missing;
  InputCommand bridge = last_;
  bridge.tick = tick;
  bridge.buttons &= static_cast<std::uint8_t>(~kFire);
  if (tick - lastSeen_ > tickHz / 4) bridge.moveX = bridge.moveY = 0;
  return bridge;
}

}  // namespace qd::stage
