// SPDX-License-Identifier: Apache-2.0
#include "core/series/chunk.h"

#include <algorithm>
#include <bit>

namespace qd::series {
namespace {

double powerOfTen(int exponent) {
  double power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

template <class Get>
std::vector<std::int64_t> column(std::span<const Row> rows, Get get) {
  std::vector<std::int64_t> values(rows.size());
  std::transform(rows.begin(), rows.end(), values.begin(), get);
  return values;
}

std::vector<std::int64_t> rawColumn(const Kind& kind, std::span<const Row> rows) {
  if (!kind.integer) return {};
  return column(rows, [](const Row& row) { return static_cast<std::int64_t>(row.bits); });
}

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

}  // namespace

PackedInts::PackedInts(std::span<const std::int64_t> values) {
  if (values.empty()) return;
  base_ = static_cast<std::uint64_t>(values.front());
  if (values.size() > 1) {
    const __int128 rise = static_cast<__int128>(values.back()) - values.front();
    step_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(rise / static_cast<__int128>(values.size() - 1)));
  }
  narrow_.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto residual = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) - base_ - step_ * i);
    narrow_[i] = static_cast<std::int32_t>(residual);
    if (narrow_[i] != residual) {
      narrow_ = {};
      wide_.assign(values.begin(), values.end());
      return;
    }
  }
}

Chunk::Chunk(const Kind& kind, bool breakBefore, std::span<const Row> rows)
    : kind_(kind),
      breakBefore_(breakBefore),
      size_(rows.size()),
      divisor_(powerOfTen(kind.scale > 0 ? kind.scale : 0)),
      factor_(powerOfTen(kind.scale < 0 ? -kind.scale : 0)),
      times_(column(rows, [](const Row& row) { return row.time; })),
      ticks_(column(rows, [](const Row& row) { return row.tick; })),
      raw_(rawColumn(kind, rows)) {
  if (!kind.integer) {
    real_.reserve(rows.size());
    for (const Row& row : rows) real_.push_back(std::bit_cast<double>(row.bits));
  }
  fine_.resize((size_ + kFineNode - 1) / kFineNode);
  coarse_.resize((size_ + kCoarseNode - 1) / kCoarseNode);
  for (std::size_t node = 0; node < fine_.size(); ++node) {
    const auto part = rows.subspan(node * kFineNode, std::min(kFineNode, size_ - node * kFineNode));
    fine_[node] = kind.integer ? foldWhole(part) : foldReal(part);
  }
  for (std::size_t i = 0; i < fine_.size(); ++i) coarse_[i / (kCoarseNode / kFineNode)].add(fine_[i]);
  for (const Summary& node : coarse_) all_.add(node);
}

double Chunk::displayed(std::int64_t raw) const {
  // Dividing by a power of ten rounds once; multiplying by its inverse would round twice.
  return divisor_ != 1 ? static_cast<double>(raw) / divisor_ : static_cast<double>(raw) * factor_;
}

double Chunk::value(std::size_t i) const {
  return kind_.integer ? displayed(raw_[i]) : real_[i];
}

// Folds raw values and converts once: the conversion keeps their order.
Summary Chunk::foldWhole(std::span<const Row> rows) const {
  const auto raw = [](const Row& row) { return static_cast<std::int64_t>(row.bits); };
  std::int64_t min = raw(rows.front()), max = min;
  __int128 sum = 0;
  for (const Row& row : rows) {
    min = std::min(min, raw(row));
    max = std::max(max, raw(row));
    sum += raw(row);
  }
  Summary s;
  s.count = s.total = rows.size();
  s.min = displayed(min);
  s.max = displayed(max);
  s.last = displayed(raw(rows.back()));
  s.sum = static_cast<double>(sum) / divisor_ * factor_;
  return s;
}

Summary Chunk::foldReal(std::span<const Row> rows) {
  Summary s;
  for (const Row& row : rows) s.add(std::bit_cast<double>(row.bits));
  return s;
}

std::uint64_t Chunk::bits(std::size_t i) const {
  return kind_.integer ? static_cast<std::uint64_t>(raw_[i]) : std::bit_cast<std::uint64_t>(real_[i]);
}

std::size_t Chunk::bytes() const {
  return sizeof(Chunk) + times_.bytes() + ticks_.bytes() + raw_.bytes() + real_.capacity() * sizeof(double) +
         (fine_.capacity() + coarse_.capacity()) * sizeof(Summary);
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

}  // namespace qd::series
