// SPDX-License-Identifier: Apache-2.0
// Up to kChunkSamples consecutive samples of one series, columnar and immutable, with a small pyramid over them.
// Integer columns (ticks, times, raw values) are kept as 32-bit residuals to a straight line where they fit, which
// takes 12 bytes a sample on ordinary telemetry. A chunk never spans a break of the line or two segments. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/series/extent.h"

namespace qd::series {

inline constexpr std::size_t kChunkSamples = 1024;
inline constexpr std::size_t kFineNode = 16;     // samples under a node of the lower level
inline constexpr std::size_t kCoarseNode = 128;  // and of the upper one

// A column of integers; operator[] is O(1). Wraps like unsigned arithmetic, so any values are safe.
class PackedInts {
 public:
  explicit PackedInts(std::span<const std::int64_t> values);
  std::int64_t operator[](std::size_t i) const {
    if (!wide_.empty()) return wide_[i];
    return static_cast<std::int64_t>(base_ + step_ * i + static_cast<std::uint64_t>(std::int64_t{narrow_[i]}));
  }
  std::size_t bytes() const { return narrow_.capacity() * 4 + wide_.capacity() * 8; }

 private:
  std::uint64_t base_ = 0, step_ = 0;
  std::vector<std::int32_t> narrow_;
  std::vector<std::int64_t> wide_;
};

class Chunk {
 public:
  // `rows`: not empty, ascending in time and in tick.
  Chunk(const Kind& kind, bool breakBefore, std::span<const Row> rows);

  std::size_t size() const { return size_; }
  const Kind& kind() const { return kind_; }
  bool breakBefore() const { return breakBefore_; }
  TimeNs time(std::size_t i) const { return times_[i]; }
  Tick tick(std::size_t i) const { return ticks_[i]; }
  double value(std::size_t i) const;  // displayed
  Row row(std::size_t i) const { return {time(i), tick(i), bits(i)}; }
  const Summary& fine(std::size_t node) const { return fine_[node]; }      // samples [16 node, 16 node + 16)
  const Summary& coarse(std::size_t node) const { return coarse_[node]; }  // samples [128 node, 128 node + 128)
  const Summary& all() const { return all_; }
  std::size_t bytes() const;

  // Index of the first sample with x >= `from` / x > `to`.
  std::size_t firstAtTime(TimeNs from) const;
  std::size_t firstAfterTime(TimeNs to) const;
  std::size_t firstAtTick(Tick from) const;
  std::size_t firstAfterTick(Tick to) const;

 private:
  std::uint64_t bits(std::size_t i) const;
  double displayed(std::int64_t raw) const;
  Summary foldWhole(std::span<const Row> rows) const;
  static Summary foldReal(std::span<const Row> rows);

  Kind kind_;
  bool breakBefore_;
  std::size_t size_;
  double divisor_, factor_;
  PackedInts times_, ticks_, raw_;
  std::vector<double> real_;
  std::vector<Summary> fine_, coarse_;
  Summary all_;
};
using ChunkPtr = std::shared_ptr<const Chunk>;

}  // namespace qd::series
