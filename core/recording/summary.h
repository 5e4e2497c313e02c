// SPDX-License-Identifier: Apache-2.0
// What consecutive values of one series come to, without the values: the fold that stands beside each column, in its
// stored pyramid (a bucket of kBucket values) and in the tree of summaries above the columns. Values that are not
// finite count in `n` only, as in core/series. Decoding is for hostile input (Corrupt). Any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/ids.h"
#include "core/recording/pack.h"

namespace qd::recording {

inline constexpr std::size_t kBucket = 256;  // values under one bucket of the stored pyramid
inline constexpr std::size_t kFanOut = 64;   // children of a summary

struct Summary {
  bool isDouble = false;
  std::uint64_t n = 0;                      // values
  std::uint64_t count = 0;                  // finite ones; what follows is of these, 0 where there is none
  std::int64_t min = 0, max = 0, last = 0;  // raw; of a double its bits
  double mean = 0;                          // raw, not scaled

  double real(std::int64_t field) const { return isDouble ? std::bit_cast<double>(field) : static_cast<double>(field); }
  void add(const Summary& later);  // of the same kind
  bool operator==(const Summary&) const = default;
};
Summary summarise(std::span<const std::int64_t> values);
Summary summarise(std::span<const double> values);
// The mean of `count` integers whose differences to `min` add up to `sum`; the same bits wherever it is computed.
double meanAbove(std::int64_t min, std::uint64_t sum, std::uint64_t count);

// Bounds of rows; they need not ascend.
struct Extent {
  TimeNs timeMin = 0, timeMax = 0;
  Tick tickMin = 0, tickMax = 0;
  void add(const Extent& other);
  bool operator==(const Extent&) const = default;
};

// A summary with its place: a column, or a group of them. `chunk` is the (first) chunk's id.
struct Node {
  std::int64_t chunk = 0;
  Summary summary;
  Extent extent;
};

// Summaries of one kind (all integer or all double), and extents, as lists.
void packSummaries(Packer& packer, std::span<const Summary> all, Bytes& out);
std::vector<Summary> unpackSummaries(ByteReader& in, bool isDouble, std::span<const std::int64_t> n);
void packExtents(Packer& packer, std::span<const Extent> all, Bytes& out);
std::vector<Extent> unpackExtents(ByteReader& in);

// summaries.body
Bytes encodeNodes(Packer& packer, std::span<const Node> nodes);
Result<std::vector<Node>> decodeNodes(bool isDouble, ByteView bytes);

// columns.pyramid: a bucket for each kBucket values. `own`: the buckets' bounds, empty where they are the chunk's.
struct Pyramid {
  std::vector<Summary> buckets;
  std::vector<Extent> own;
};
Bytes encodePyramid(Packer& packer, const Pyramid& pyramid);
Result<Pyramid> decodePyramid(bool isDouble, std::uint64_t values, ByteView bytes);

// totals.body: what all columns of each series of a process come to.
struct SeriesTotal {
  std::uint32_t series = 0;
  std::uint64_t columns = 0;
  Summary summary;
  Extent extent;
};
Bytes encodeTotals(Packer& packer, std::span<const SeriesTotal> totals);
Result<std::vector<SeriesTotal>> decodeTotals(ByteView bytes);

}  // namespace qd::recording
