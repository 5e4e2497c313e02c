// SPDX-License-Identifier: Apache-2.0
// The sample blocks of a merge: the same block of two recordings becomes one, with every column and row that either
// has; a block that was given out already is a duplicate. Ranges of sequences are remembered exactly, a range for each
// stretch without a hole. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "core/ingest/events.h"

namespace qd::recording {

// Integers seen, as ranges. Wraps never: what ends beyond the greatest value ends there.
class SeenRanges {
 public:
  bool contains(std::int64_t value) const;
  void add(std::int64_t first, std::int64_t last);

 private:
  std::map<std::int64_t, std::int64_t> ranges_;  // first → last, both included, never touching
};

// What identifies a block.
struct BlockKey {
  InstanceId instance;
  std::uint32_t ring = 0;
  std::uint64_t first = 0;
  auto operator<=>(const BlockKey&) const = default;
};
BlockKey keyOf(const ingest::SampleBlock& block);

// `into` gets the columns and rows that it lacks of `other`, a block of the same identity.
void unite(ingest::SampleBlock& into, const ingest::SampleBlock& other);

// Joined series of several consoles: one index for each (instance, name and dimensions), each tick once.
class DerivedMerge {
 public:
  // False: known already. The index in `series` becomes the one of the merged recording.
  bool declare(std::size_t file, ingest::DerivedSeries& series);
  // False: nothing is left of it.
  bool take(std::size_t file, ingest::SampleBlock& block);

 private:
  struct Series {
    std::map<std::size_t, SeenRanges> byFile;
  };
  struct Instance {
    std::map<std::string, std::uint32_t> indices;                            // by label
    std::map<std::pair<std::size_t, std::uint32_t>, std::uint32_t> renamed;  // of a file
    std::map<std::uint32_t, Series> series;
    std::uint64_t nextSequence = 0;
  };
  std::map<InstanceId, Instance> instances_;
};

}  // namespace qd::recording
