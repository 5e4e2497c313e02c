// SPDX-License-Identifier: Apache-2.0
// Which blocks of one ring of one process instance have come already, so that a block that comes again (a resume, a
// backfill that overlaps) is dropped by its sequence and never by its time. Bounded: beyond kMost holes the oldest two
// ranges become one. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace qd::series {

class SeenBlocks {
 public:
  static constexpr std::size_t kMost = 4096;

  // False: the block that begins at `first` was here before.
  bool add(std::uint64_t first, std::uint64_t count) {
    std::uint64_t begin = first;
    std::uint64_t end = first + (count == 0 ? 1 : count);
    if (end < first) end = UINT64_MAX;
    auto next = ranges_.upper_bound(first);
    if (next != ranges_.begin()) {
      const auto before = std::prev(next);
      if (before->second > first) return false;
      if (before->second == first) {
        begin = before->first;
        ranges_.erase(before);
      }
    }
    while (next != ranges_.end() && next->first <= end) {
      end = next->second > end ? next->second : end;
      next = ranges_.erase(next);
    }
    ranges_.emplace(begin, end);
    if (ranges_.size() > kMost) {
      const auto second = std::next(ranges_.begin());
      ranges_.begin()->second = second->second;
      ranges_.erase(second);
    }
    return true;
  }

  static constexpr std::size_t kRange = 64;  // a node of the map, with what the allocator takes
  std::size_t bytes() const { return ranges_.size() * kRange; }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // begin → end
};

}  // namespace qd::series
