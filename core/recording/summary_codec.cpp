// SPDX-License-Identifier: Apache-2.0
// Summaries as bytes: FORMAT.md, "Blobs".
#include <algorithm>
#include <cmath>

#include "core/recording/summary.h"

namespace qd::recording {
namespace {

std::uint64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

using List = std::vector<std::int64_t>;

// The sum above the minimum that gives exactly this mean, or none (too large, or a mean of means).
bool sumAboveMin(const Summary& s, std::int64_t& sum) {
  if (s.count == 0) {
    sum = 0;
    return s.mean == 0;
  }
  const double about = (s.mean - static_cast<double>(s.min)) * static_cast<double>(s.count);
  if (!(about >= 0 && about < 0x1p52)) return false;
  sum = std::llround(about);
  return std::bit_cast<std::uint64_t>(meanAbove(s.min, static_cast<std::uint64_t>(sum), s.count)) ==
         std::bit_cast<std::uint64_t>(s.mean);
}

template <class Field>
List listOf(std::span<const Summary> all, Field field) {
  List out(all.size());
  std::transform(all.begin(), all.end(), out.begin(), field);
  return out;
}

std::vector<double> doublesOf(std::span<const Summary> all, std::int64_t Summary::*field) {
  std::vector<double> out(all.size());
  std::transform(all.begin(), all.end(), out.begin(),
                 [field](const Summary& s) { return std::bit_cast<double>(s.*field); });
  return out;
}

void packMeans(Packer& packer, std::span<const Summary> all, Bytes& out) {
  List sums(all.size());
  bool exact = true;
  for (std::size_t i = 0; i < all.size() && exact; ++i) exact = sumAboveMin(all[i], sums[i]);
  ByteWriter(out).u8(exact ? 0 : 1);
  if (exact) return packer.ints(sums, out);
  std::vector<double> means(all.size());
  std::transform(all.begin(), all.end(), means.begin(), [](const Summary& s) { return s.mean; });
  packer.doubles(means, out);
}

// Lists that must have as many elements as there are summaries.
struct Taker {
  ByteReader& in;
  std::size_t n;
  List ints() {
    List out = unpackInts(in);
    if (out.size() != n) in.spoil();
    if (!in.ok()) out.assign(n, 0);
    return out;
  }
  std::vector<double> doubles() {
    std::vector<double> out = unpackDoubles(in);
    if (out.size() != n) in.spoil();
    if (!in.ok()) out.assign(n, 0);
    return out;
  }
};

void unpackIntegers(Taker take, std::vector<Summary>& out) {
  const List mins = take.ints(), maxs = take.ints(), lasts = take.ints();
  const bool exact = take.in.u8() == 0;
  const List sums = exact ? take.ints() : List(out.size());
  const std::vector<double> means = exact ? std::vector<double>(out.size()) : take.doubles();
  for (std::size_t i = 0; i < out.size(); ++i) {
    Summary& s = out[i];
    const auto min = static_cast<std::uint64_t>(mins[i]);
    s.min = mins[i];
    s.max = static_cast<std::int64_t>(min + static_cast<std::uint64_t>(maxs[i]));
    s.last = static_cast<std::int64_t>(min + static_cast<std::uint64_t>(lasts[i]));
    s.mean = !exact ? means[i] : s.count == 0 ? 0 : meanAbove(s.min, static_cast<std::uint64_t>(sums[i]), s.count);
  }
}

void unpackReals(Taker take, std::vector<Summary>& out) {
  const std::vector<double> mins = take.doubles(), maxs = take.doubles(), lasts = take.doubles(),
                            means = take.doubles();
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].min = std::bit_cast<std::int64_t>(mins[i]);
    out[i].max = std::bit_cast<std::int64_t>(maxs[i]);
    out[i].last = std::bit_cast<std::int64_t>(lasts[i]);
    out[i].mean = means[i];
  }
}

std::unexpected<Error> corrupt(const char* what) {
  return fail(ErrorCode::Corrupt, what);
}

}  // namespace

void packSummaries(Packer& packer, std::span<const Summary> all, Bytes& out) {
  const bool whole = std::all_of(all.begin(), all.end(), [](const Summary& s) { return s.count == s.n; });
  ByteWriter(out).u8(whole ? 0 : 1);
  if (!whole) {
    packer.ints(listOf(all, [](const Summary& s) { return static_cast<std::int64_t>(s.count); }), out);
  }
  if (!all.empty() && all.front().isDouble) {
    for (const auto field : {&Summary::min, &Summary::max, &Summary::last}) {
      packer.doubles(doublesOf(all, field), out);
    }
    std::vector<double> means(all.size());
    std::transform(all.begin(), all.end(), means.begin(), [](const Summary& s) { return s.mean; });
    return packer.doubles(means, out);
  }
  packer.ints(listOf(all, [](const Summary& s) { return s.min; }), out);
  packer.ints(listOf(all, [](const Summary& s) { return static_cast<std::int64_t>(minus(s.max, s.min)); }), out);
  packer.ints(listOf(all, [](const Summary& s) { return static_cast<std::int64_t>(minus(s.last, s.min)); }), out);
  packMeans(packer, all, out);
}

std::vector<Summary> unpackSummaries(ByteReader& in, bool isDouble, std::span<const std::int64_t> n) {
  const bool whole = in.u8() == 0;
  const Taker take{in, n.size()};
  std::vector<Summary> out(n.size());
  const List counts = whole ? List(n.begin(), n.end()) : Taker(take).ints();
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].isDouble = isDouble;
    out[i].n = static_cast<std::uint64_t>(n[i]);
    out[i].count = static_cast<std::uint64_t>(counts[i]);
    if (n[i] < 0 || out[i].count > out[i].n) in.spoil();
  }
  if (out.empty() && isDouble) in.spoil();  // an empty list is written as one of integers
  isDouble ? unpackReals(take, out) : unpackIntegers(take, out);
  return out;
}

void packExtents(Packer& packer, std::span<const Extent> all, Bytes& out) {
  List lists[4];
  for (const Extent& e : all) {
    const std::int64_t fields[] = {e.timeMin, e.timeMax, e.tickMin, e.tickMax};
    for (std::size_t i = 0; i < 4; ++i) lists[i].push_back(fields[i]);
  }
  for (const List& list : lists) packer.ints(list, out);
}

std::vector<Extent> unpackExtents(ByteReader& in) {
  List lists[4];
  for (List& list : lists) list = unpackInts(in);
  for (const List& list : lists) {
    if (list.size() != lists[0].size()) in.spoil();
  }
  std::vector<Extent> out;
  for (std::size_t i = 0; in.ok() && i < lists[0].size(); ++i) {
    out.push_back({lists[0][i], lists[1][i], lists[2][i], lists[3][i]});
  }
  return out;
}

Bytes encodeNodes(Packer& packer, std::span<const Node> nodes) {
  List chunks, sizes;
  std::vector<Summary> summaries;
  std::vector<Extent> extents;
  for (const Node& node : nodes) {
    chunks.push_back(node.chunk);
    sizes.push_back(static_cast<std::int64_t>(node.summary.n));
    summaries.push_back(node.summary);
    extents.push_back(node.extent);
  }
  Bytes out;
  packer.ints(chunks, out);
  packer.ints(sizes, out);
  packSummaries(packer, summaries, out);
  packExtents(packer, extents, out);
  return out;
}

Result<std::vector<Node>> decodeNodes(bool isDouble, ByteView bytes) {
  ByteReader in(bytes);
  const List chunks = unpackInts(in), sizes = unpackInts(in);
  const std::vector<Summary> summaries = unpackSummaries(in, isDouble, sizes);
  const std::vector<Extent> extents = unpackExtents(in);
  const bool sound = in.ok() && in.atEnd() && chunks.size() == sizes.size() && extents.size() == sizes.size();
  if (!sound) return corrupt("its entries do not decode");
  std::vector<Node> out;
  for (std::size_t i = 0; i < chunks.size(); ++i) out.push_back({chunks[i], summaries[i], extents[i]});
  return out;
}

Bytes encodePyramid(Packer& packer, const Pyramid& pyramid) {
  Bytes out;
  ByteWriter(out).u8(pyramid.own.empty() ? 0 : 1);
  if (!pyramid.own.empty()) packExtents(packer, pyramid.own, out);
  packSummaries(packer, pyramid.buckets, out);
  return out;
}

Result<Pyramid> decodePyramid(bool isDouble, std::uint64_t values, ByteView bytes) {
  if (values > kMostInAList) return corrupt("its pyramid does not decode");
  ByteReader in(bytes);
  Pyramid out;
  const std::uint8_t own = in.u8();
  if (own == 1) out.own = unpackExtents(in);
  List sizes((values + kBucket - 1) / kBucket, kBucket);
  if (values % kBucket != 0) sizes.back() = static_cast<std::int64_t>(values % kBucket);
  out.buckets = unpackSummaries(in, isDouble, sizes);
  const bool sound = in.ok() && in.atEnd() && own <= 1 && (own == 0 || out.own.size() == sizes.size());
  if (!sound) return corrupt("its pyramid does not decode");
  return out;
}

Bytes encodeTotals(Packer& packer, std::span<const SeriesTotal> totals) {
  Bytes out;
  for (const bool isDouble : {false, true}) {
    List series, columns, sizes;
    std::vector<Summary> summaries;
    std::vector<Extent> extents;
    for (const SeriesTotal& total : totals) {
      if (total.summary.isDouble != isDouble) continue;
      series.push_back(total.series);
      columns.push_back(static_cast<std::int64_t>(total.columns));
      sizes.push_back(static_cast<std::int64_t>(total.summary.n));
      summaries.push_back(total.summary);
      extents.push_back(total.extent);
    }
    for (const List* list : {&series, &columns, &sizes}) packer.ints(*list, out);
    if (series.empty()) continue;
    packSummaries(packer, summaries, out);
    packExtents(packer, extents, out);
  }
  return out;
}

Result<std::vector<SeriesTotal>> decodeTotals(ByteView bytes) {
  ByteReader in(bytes);
  std::vector<SeriesTotal> out;
  for (const bool isDouble : {false, true}) {
    const List series = unpackInts(in), columns = unpackInts(in), sizes = unpackInts(in);
    bool sound = in.ok() && columns.size() == series.size() && sizes.size() == series.size();
    if (sound && series.empty()) continue;
    const std::vector<Summary> summaries = unpackSummaries(in, isDouble, sizes);
    const std::vector<Extent> extents = unpackExtents(in);
    sound = sound && in.ok() && extents.size() == series.size();
    if (!sound) return corrupt("its series do not decode");
    for (std::size_t i = 0; i < series.size(); ++i) {
      out.push_back(
          {static_cast<std::uint32_t>(series[i]), static_cast<std::uint64_t>(columns[i]), summaries[i], extents[i]});
    }
  }
  if (!in.ok() || !in.atEnd()) return corrupt("its series do not decode");
  return out;
}

}  // namespace qd::recording
