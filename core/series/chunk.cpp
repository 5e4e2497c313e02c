// SPDX-License-Identifier: Apache-2.0
#include "core/series/chunk.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "core/base/sketch.h"
#include "core/base/wide.h"
#include "core/series/slabs.h"

namespace qd::series {
namespace {

constexpr auto kPowers = [] {
  std::array<double, 19> powers{};
  double power = 1;
  for (double& p : powers) {
    p = power;
    power *= 10;
  }
  return powers;
}();

// First index in [0, size) for which `reached` holds; `reached` is false, then true.
template <class Reached>
std::size_t firstWhere(std::size_t size, Reached reached) {
  std::size_t low = 0, high = size;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (reached(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// Raw to displayed: dividing by a power of ten rounds once; multiplying by its inverse would round twice.
class Scaled {
 public:
  explicit Scaled(const Kind& kind)
      : divides_(kind.scale >= 0), power_(kPowers[static_cast<std::size_t>(std::min(std::abs(kind.scale), 18))]) {}
  double operator()(double raw) const { return divides_ ? raw / power_ : raw * power_; }

 private:
  bool divides_;
  double power_;
};

struct Ends {
  std::int64_t least, most;
};
QD_WIDE Ends endsOf(std::span<const std::uint64_t> bits) {
  const auto first = static_cast<std::int64_t>(bits[0]);
  Ends ends{first, first};
  for (const std::uint64_t b : bits) {
    ends.least = std::min(ends.least, static_cast<std::int64_t>(b));
    ends.most = std::max(ends.most, static_cast<std::int64_t>(b));
  }
  return ends;
}

PackedFrame packedValues(const Kind& kind, std::span<const std::uint64_t> bits) {
  if (!kind.integer) return PackedFrame(bits, 0, 0, true);
  const auto [least, most] = endsOf(bits);
  return PackedFrame(bits, least, most, false);
}

}  // namespace

double Chunk::displayed(const Kind& kind, std::uint64_t bits) {
  return kind.integer ? Scaled(kind)(static_cast<double>(static_cast<std::int64_t>(bits)))
                      : std::bit_cast<double>(bits);
}

Chunk::Chunk(Meter& meter, const Kind& kind, bool breakBefore, PlacesPtr places, std::size_t first,
             std::span<const std::uint64_t> bits)
    : kind_(kind),
      breakBefore_(breakBefore),
      size_(bits.size()),
      first_(first),
      places_(std::move(places)),
      values_(packedValues(kind, bits)),
      metered_(meter, 0) {
  buildNodes();
  metered_.set(owned());
}

Chunk::Chunk(Meter& meter, const Kind& kind, bool breakBefore, PlacesPtr places, const std::uint64_t* bits,
             std::size_t size)
    : kind_(kind),
      breakBefore_(breakBefore),
      size_(size),
      first_(0),
      places_(std::move(places)),
      values_(bits),
      metered_(meter, 0) {
  extent_ = {time(0), time(size - 1), tick(0), tick(size - 1), {}, kind_.segment, breakBefore_, false};
  extent_.summary.total = size;
}

std::shared_ptr<Chunk> Chunk::of(Meter& meter, const Kind& kind, bool breakBefore, std::span<const Row> rows) {
  std::array<std::int64_t, kChunkSamples> times, ticks;
  std::array<std::uint64_t, kChunkSamples> bits;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    times[i] = rows[i].time;
    ticks[i] = rows[i].tick;
    bits[i] = rows[i].bits;
  }
  auto places = std::make_shared<const Places>(meter, std::span<const TimeNs>(times.data(), rows.size()),
                                               std::span<const Tick>(ticks.data(), rows.size()));
  return std::allocate_shared<Chunk>(SlabAllocator<Chunk>(), meter, kind, breakBefore, std::move(places), 0,
                                     std::span<const std::uint64_t>(bits.data(), rows.size()));
}

void Chunk::buildNodes() {
  const auto node = [&](const Summary& s, std::size_t begin, std::size_t end) {
    return Node{s.min,
                s.max,
                s.sum,
                s.last,
                time(begin),
                time(end - 1),
                static_cast<std::uint32_t>(s.count),
                static_cast<std::uint32_t>(s.total)};
  };
  pyramid_ = true;
  Summary all;
  std::size_t n = 0;
  for (std::size_t begin = 0; begin < size_; begin += kNodeSamples) {
    Summary summary;
    const std::size_t end = std::min(size_, begin + kNodeSamples);
    for (std::size_t i = begin; i < end;) summary.add(fold(i, end));
    nodes_[n++] = node(summary, begin, end);
    all.add(summary);
  }
  constexpr std::size_t kUnder = kHalfSamples / kNodeSamples;
  for (std::size_t h = 0; h < size_ / kHalfSamples; ++h) {
    Summary summary;
    for (std::size_t under = 0; under < kUnder; ++under) summary.add(nodes_[h * kUnder + under].summary());
    nodes_[n++] = node(summary, h * kHalfSamples, (h + 1) * kHalfSamples);
  }
  extent_ = {time(0), time(size_ - 1), tick(0), tick(size_ - 1), all, kind_.segment, breakBefore_, false};
}

Summary Chunk::fold(std::size_t& begin, std::size_t end) const {
  Summary s;
  if (kind_.integer) {
    const PackedFrame::Fold f = values_.fold(begin, end);  // the conversion keeps the order, so once is enough
    const Scaled scaled(kind_);
    s.count = s.total = end - begin;
    s.min = scaled(static_cast<double>(f.min));
    s.max = scaled(static_cast<double>(f.max));
    s.sum = scaled(f.sum);
    s.last = scaled(static_cast<double>(static_cast<std::int64_t>(values_[end - 1])));
    begin = end;
    return s;
  }
  std::size_t i = begin;
  if (!std::isfinite(value(i))) {
    while (i < end && !std::isfinite(value(i))) ++i;
    s.total = i - begin;
  } else {
    for (double v = value(i); std::isfinite(v); v = value(i)) {
      s.sum += v;
      s.last = v;
      s.min = v < s.min ? v : s.min;
      s.max = v > s.max ? v : s.max;
      if (++i == end) break;
    }
    s.count = s.total = i - begin;
  }
  begin = i;
  return s;
}

std::size_t Chunk::owned() const {
  return sizeof(Chunk) + Metered::kShared + Metered::kAllocation + values_.bytes();
}

std::size_t Chunk::firstAtTime(TimeNs from) const {
  return firstWhere(size_, [&](std::size_t i) { return time(i) >= from; });
}
std::size_t Chunk::firstAfterTime(TimeNs to) const {
  return firstWhere(size_, [&](std::size_t i) { return time(i) > to; });
}
std::size_t Chunk::firstAtTick(Tick from) const {
  return firstWhere(size_, [&](std::size_t i) { return tick(i) >= from; });
}
std::size_t Chunk::firstAfterTick(Tick to) const {
  return firstWhere(size_, [&](std::size_t i) { return tick(i) > to; });
}

SketchPtr meteredSketch(Meter& meter, std::string encoded) {
  struct Held {
    Held(Meter& meter, std::string&& from)
        : text(std::move(from)),
          metered(meter, sizeof(Held) + text.capacity() + Metered::kShared + Metered::kAllocation) {}
    std::string text;
    Metered metered;
  };
  encoded.shrink_to_fit();
  auto held = std::make_shared<const Held>(meter, std::move(encoded));
  return {held, &held->text};
}

SketchPtr sketchOf(Meter& meter, const Kind& kind, std::span<const std::uint64_t> bits) {
  if (kind.integer) {
    const auto* raw = reinterpret_cast<const std::int64_t*>(bits.data());  // the same bits
    return meteredSketch(meter, encodedSketch({raw, bits.size()}, kind.scale));
  }
  std::array<double, kChunkSamples> values;
  for (std::size_t i = 0; i < bits.size(); ++i) values[i] = std::bit_cast<double>(bits[i]);
  return meteredSketch(meter, encodedSketch({values.data(), bits.size()}));
}

}  // namespace qd::series
