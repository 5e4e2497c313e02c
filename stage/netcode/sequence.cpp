// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/sequence.h"

#include <algorithm>
#include <utility>

namespace qd::stage {

ReplayWindow::Verdict ReplayWindow::check(std::uint32_t sequence) const {
  if (sequence == 0) return Verdict::TooOld;
  if (sequence > highest_) return Verdict::Fresh;
  if (highest_ - sequence >= kSize) return Verdict::TooOld;
  return seen_[sequence % kSize] ? Verdict::Replayed : Verdict::Fresh;
}

void ReplayWindow::accept(std::uint32_t sequence) {
  if (sequence > highest_) {
    if (sequence - highest_ >= kSize) {
      seen_.reset();
    } else {
      for (std::uint32_t s = highest_ + 1; s < sequence; ++s) seen_.reset(s % kSize);
    }
    highest_ = sequence;
  }
  seen_.set(sequence % kSize);
}

void SequenceTracker::settleUpTo(std::uint32_t sequence) {
  for (; settled_ < sequence; ++settled_) {
    const auto s = settled_ + 1;
    if (seen_[s % 256]) {
      run_ = 0;
    } else {
      ++counts_.lost;
      counts_.burst = std::max(counts_.burst, ++run_);
    }
    seen_.reset(s % 256);
  }
}

void SequenceTracker::add(std::uint32_t sequence) {
  if (sequence <= settled_) {
    if (sequence != 0) ++counts_.reordered;  // far too late: it was already counted as lost
    return;
  }
  if (sequence - settled_ > 4096) settled_ = sequence - 1;  // first packet, or a stream that began anew
  while (sequence - settled_ > 255) settleUpTo(settled_ + 1);
  if (seen_[sequence % 256]) {
    ++counts_.duplicated;
    return;
  }
  seen_.set(sequence % 256);
  ++counts_.received;
  if (sequence < highest_) ++counts_.reordered;
  highest_ = std::max(highest_, sequence);
  if (highest_ > kPatience) settleUpTo(std::max(settled_, highest_ - kPatience));
}

std::uint64_t SequenceTracker::takeBurst() {
  return std::exchange(counts_.burst, 0);
}

double SequenceTracker::takeLoss() {
  const auto received = counts_.received - last_.received;
  const auto lost = counts_.lost - last_.lost;
  last_ = counts_;
  return received + lost == 0 ? 0 : static_cast<double>(lost) / static_cast<double>(received + lost);
}

}  // namespace qd::stage
