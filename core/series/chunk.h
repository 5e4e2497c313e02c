// SPDX-License-Identifier: Apache-2.0
// Up to kChunkSamples consecutive samples of one series, columnar and immutable, with a small pyramid over them. Ticks
// and times may be shared with other series of the process. Values come out bit for bit as they went in (NaN payloads,
// negative zero and denormals included); what is displayed is raw * 10^-scale. A chunk never spans a break of the line
// or two segments. A chunk may also be a view of samples that are still being filled: it has no pyramid, and its extent
// says what it covers and how many, but nothing of values. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/series/extent.h"
#include "core/series/meter.h"
#include "core/series/packed.h"
#include "core/series/places.h"

namespace qd::series {

inline constexpr std::size_t kChunkSamples = kPageRows;
inline constexpr std::size_t kNodeSamples = 128;  // under a node of the pyramid
inline constexpr std::size_t kHalfSamples = 512;  // and of its upper level

// The fold of some consecutive samples of a chunk, kept small: a question from afar walks through all of them.
struct Node {
  double min, max, sum, last;
  TimeNs t0, t1;  // of the first and the last of them
  std::uint32_t count, total;
  Summary summary() const { return {min, max, sum, last, count, total}; }
};

class Chunk {
 public:
  // `bits`: not empty, at most kChunkSamples; sample i stands in row first + i of `places`.
  Chunk(Meter& meter, const Kind& kind, bool breakBefore, PlacesPtr places, std::size_t first,
        std::span<const std::uint64_t> bits);
  // A view of the first `size` of them, which is not 0.
  Chunk(Meter& meter, const Kind& kind, bool breakBefore, PlacesPtr places, const std::uint64_t* bits,
        std::size_t size);
  // `rows`: not empty, ascending in time and in tick.
  static std::shared_ptr<Chunk> of(Meter& meter, const Kind& kind, bool breakBefore, std::span<const Row> rows);

  std::size_t size() const { return size_; }
  const Kind& kind() const { return kind_; }
  bool breakBefore() const { return breakBefore_; }
  TimeNs time(std::size_t i) const { return places_->times[first_ + i]; }
  Tick tick(std::size_t i) const { return places_->ticks[first_ + i]; }
  std::uint64_t bits(std::size_t i) const { return values_[i]; }
  double value(std::size_t i) const { return displayed(kind_, values_[i]); }
  Row row(std::size_t i) const { return {time(i), tick(i), bits(i)}; }
  const Extent& extent() const { return extent_; }
  // Sample i stands in row first() + i of these.
  const PackedLine& times() const { return places_->times; }
  const PackedLine& ticks() const { return places_->ticks; }
  std::size_t first() const { return first_; }

  bool pyramid() const { return pyramid_; }
  // What a question from afar reads of a chunk, without reading anything of it.
  [[gnu::always_inline]] static void prefetch(const Chunk* chunk) {
    const auto* at = reinterpret_cast<const char*>(chunk);
    for (std::size_t byte = 0; byte < 64 + sizeof(nodes_); byte += 64) __builtin_prefetch(at + byte);
  }
  // Node n covers samples [128 n, 128 n + 128), the last one what is left; half n [512 n, 512 n + 512), whole ones
  // only.
  const Node& node(std::size_t n) const { return nodes_[n]; }
  std::size_t halves() const { return pyramid() ? size_ / kHalfSamples : 0; }
  const Node& half(std::size_t n) const { return nodes_[(size_ + kNodeSamples - 1) / kNodeSamples + n]; }

  // The fold of samples from `begin` on that are alike finite or not, at most up to `end`; `begin` becomes where it
  // stopped. begin < end.
  Summary fold(std::size_t& begin, std::size_t end) const;

  // Index of the first sample with x >= `from` / x > `to`.
  std::size_t firstAtTime(TimeNs from) const;
  std::size_t firstAfterTime(TimeNs to) const;
  std::size_t firstAtTick(Tick from) const;
  std::size_t firstAfterTick(Tick to) const;

  std::size_t bytes() const { return metered_.bytes(); }
  void letGo() const { metered_.letGo(); }  // see Metered
  // Brought by a load, so that it may go before what is live; `used`: somebody looked at it since that was cleared.
  bool loaded = false;
  mutable std::atomic<bool> used{false};

  static double displayed(const Kind& kind, std::uint64_t bits);

 private:
  void buildNodes();
  std::size_t owned() const;

  Kind kind_;
  bool breakBefore_;
  std::size_t size_, first_;
  PlacesPtr places_;
  // In the chunk itself: at the end of a pointer they would cost one more wait for memory.
  bool pyramid_ = false;
  std::array<Node, kChunkSamples / kNodeSamples + kChunkSamples / kHalfSamples> nodes_;
  PackedFrame values_;
  Extent extent_;
  Metered metered_;
};
using ChunkPtr = std::shared_ptr<const Chunk>;

// A sketch that the meter counts once, whatever number of branches hold it.
SketchPtr meteredSketch(Meter& meter, std::string encoded);
// Of the displayed, finite ones of these values.
SketchPtr sketchOf(Meter& meter, const Kind& kind, std::span<const std::uint64_t> bits);

}  // namespace qd::series
