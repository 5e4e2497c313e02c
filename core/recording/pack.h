// SPDX-License-Identifier: Apache-2.0
// Lists of numbers as bytes, bit for bit: integers as a line or as bit-packed groups of 128 (groups.h), doubles XORed
// with their predecessor and taken apart into byte planes; zstd over either where it pays. A list knows its length.
// FORMAT.md describes the bytes. A Packer belongs to one thread; unpacking is free of state.
// Unpacking is for hostile input: it spoils the reader instead of allocating or reading beyond its bounds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/recording/bytes.h"

namespace qd::recording {

inline constexpr std::size_t kMostInAList = std::size_t{1} << 24;

class Packer {
 public:
  Packer();
  ~Packer();
  void ints(std::span<const std::int64_t> values, Bytes& out);
  void doubles(std::span<const double> values, Bytes& out);

 private:
  // Appends `compressedMethod` with `plain` compressed where that saves an eighth, else `method` with it as it is.
  void best(std::uint8_t method, ByteView plain, std::uint8_t compressedMethod, ByteView input, Bytes& out);
  void plane(ByteView bytes, Bytes& out);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::vector<std::int64_t> unpackInts(ByteReader& in);
std::vector<double> unpackDoubles(ByteReader& in);

}  // namespace qd::recording
