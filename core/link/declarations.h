// SPDX-License-Identifier: Apache-2.0
// What an agent's processes have declared, as far as the link must know it: to leave out a state that says nothing new,
// and columns whose type contradicts the declaration. At most 4,096 instances. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/ingest/events.h"

namespace qd::link {

class Declarations {
 public:
  // True when it tells something new (other than its tick).
  bool learn(const ingest::ProcessInfo& info);
  // Removes the columns that contradict the declaration of their instance; returns how many. Of an instance that was
  // never declared nothing is known and nothing removed.
  std::size_t checkColumns(ingest::SampleBlock& block) const;

 private:
  struct Known {
    std::string fingerprint;
    std::unordered_map<std::uint32_t, bool> integer;  // by series index
  };
  std::unordered_map<std::uint64_t, Known> instances_;
};

}  // namespace qd::link
