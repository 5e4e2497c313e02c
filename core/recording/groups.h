// SPDX-License-Identifier: Apache-2.0
// Groups of up to 128 integers as bits, each in the form that is smallest: offsets from the least value, differences,
// or differences of differences, at the width of the greatest, or as Rice codes (Golomb 1966, Rice 1979) where a few
// are far from the rest. FORMAT.md describes the bytes. Unpacking is for hostile input: it spoils the reader. Any
// thread.
#pragma once

#include <cstdint>
#include <span>

#include "core/recording/bytes.h"

namespace qd::recording {

inline constexpr std::size_t kGroup = 128;

// What a group continues from: the value before it and the step that led there.
struct Before {
  std::uint64_t value = 0, step = 0;
};

void packGroup(std::span<const std::int64_t> values, Before& before, Bytes& out);
void unpackGroup(ByteReader& in, std::size_t n, Before& before, std::int64_t* out);

}  // namespace qd::recording
