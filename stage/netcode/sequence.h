// SPDX-License-Identifier: Apache-2.0
// What packet sequence numbers tell. `SequenceTracker` counts gaps, reordering, duplicates and bursts of a received
// stream; `ReplayWindow` is the sliding window of 256 that refuses what was already seen or is too old. Sequences start
// at 1 and are 32 bits, which at 60 packets/s lasts 2.2 years; nothing wraps. Not thread-safe.
#pragma once

#include <bitset>
#include <cstdint>

namespace qd::stage {

class ReplayWindow {
 public:
  static constexpr std::uint32_t kSize = 256;
  enum class Verdict { Fresh, Replayed, TooOld };

  Verdict check(std::uint32_t sequence) const;
  // Call only after the packet's signature held: a forged high sequence must not move the window.
  void accept(std::uint32_t sequence);
  std::uint32_t highest() const { return highest_; }

 private:
  std::bitset<kSize> seen_;
  std::uint32_t highest_ = 0;
};

class SequenceTracker {
 public:
  struct Counts {
    std::uint64_t received = 0;   // distinct packets
    std::uint64_t lost = 0;       // left the window of 256 without having arrived
    std::uint64_t reordered = 0;  // arrived after a later one
    std::uint64_t duplicated = 0;
    std::uint64_t burst = 0;  // the longest run of lost packets since takeBurst()
  };
  void add(std::uint32_t sequence);
  const Counts& counts() const { return counts_; }
  std::uint64_t takeBurst();
  // Lost ÷ (received + lost) since the last call, with the gaps that are still open counted once they have aged.
  double takeLoss();

 private:
  // A missing packet is given up once this many later ones have come; until then it may only be late.
  static constexpr std::uint32_t kPatience = 32;
  void settleUpTo(std::uint32_t sequence);
  std::bitset<256> seen_;
  std::uint32_t highest_ = 0;
  std::uint32_t settled_ = 0;
  std::uint64_t run_ = 0;
  Counts counts_;
  Counts last_;
};

}  // namespace qd::stage
