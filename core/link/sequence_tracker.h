// SPDX-License-Identifier: Apache-2.0
// Where a subscription stands in its agent's log: tells a new entry from one that came before, and sees what is missing
// by the previous-sequence number that each entry carries. Value; one thread.
#pragma once

#include <cstdint>

namespace qd::link {

class SequenceTracker {
 public:
  enum class Verdict { New, NewAfterGap, Duplicate };

  // `previous` 0: the agent does not say (an agent made by others may not).
  Verdict on(std::uint64_t sequence, std::uint64_t previous) {
    if (sequence <= last_) return Verdict::Duplicate;
    const bool gap = last_ != 0 && previous > last_;
    missingFrom_ = last_ + 1;
    missingTo_ = previous;
    last_ = sequence;
    return gap ? Verdict::NewAfterGap : Verdict::New;
  }
  void reset() { last_ = 0; }

  std::uint64_t last() const { return last_; }
  // After NewAfterGap: entries of the log, some of which this subscription should have had.
  std::uint64_t missingFrom() const { return missingFrom_; }
  std::uint64_t missingTo() const { return missingTo_; }

 private:
  std::uint64_t last_ = 0;
  std::uint64_t missingFrom_ = 0, missingTo_ = 0;
};

}  // namespace qd::link
