// SPDX-License-Identifier: Apache-2.0
#include "core/series/packed.h"

#include <algorithm>
#include <limits>

namespace qd::series {
namespace {

template <class T, class Get>
void fill(std::vector<std::uint8_t>& data, std::size_t size, Get get) {
  data.resize(size * sizeof(T));
  for (std::size_t i = 0; i < size; ++i) {
    const T value = static_cast<T>(get(i));
    std::memcpy(data.data() + i * sizeof(T), &value, sizeof(T));
  }
}

template <class T>
bool fits(std::int64_t low, std::int64_t high) {
  return low >= std::numeric_limits<T>::min() && high <= std::numeric_limits<T>::max();
}

}  // namespace

PackedLine::PackedLine(std::span<const std::int64_t> values) {
  const std::size_t size = values.size();
  if (size == 0) return;
  base_ = static_cast<std::uint64_t>(values.front());
  if (size > 1) {
    const __int128 rise = static_cast<__int128>(values.back()) - values.front();
    step_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(rise / static_cast<__int128>(size - 1)));
  }
  const auto residual = [&](std::size_t i) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) - base_ - step_ * i);
  };
  std::int64_t low = 0, high = 0;
  for (std::size_t i = 0; i < size; ++i) {
    low = std::min(low, residual(i));
    high = std::max(high, residual(i));
  }
  if (low == 0 && high == 0) return;
  if (fits<std::int8_t>(low, high)) {
    width_ = 1;
    fill<std::int8_t>(data_, size, residual);
  } else if (fits<std::int16_t>(low, high)) {
    width_ = 2;
    fill<std::int16_t>(data_, size, residual);
  } else if (fits<std::int32_t>(low, high)) {
    width_ = 4;
    fill<std::int32_t>(data_, size, residual);
  } else {
    width_ = 8;
    fill<std::int64_t>(data_, size, residual);
  }
  at_ = data_.data();
}

PackedFrame::PackedFrame(std::span<const std::uint64_t> bits, std::int64_t least, std::int64_t most, bool verbatim) {
  if (verbatim) {
    const bool same = std::all_of(bits.begin(), bits.end(), [&](std::uint64_t b) { return b == bits.front(); });
    if (same) {
      base_ = bits.empty() ? 0 : bits.front();
      return;
    }
    width_ = 8;
    data_.resize(bits.size_bytes());
    std::memcpy(data_.data(), bits.data(), bits.size_bytes());
    at_ = data_.data();
    return;
  }
  base_ = static_cast<std::uint64_t>(least);
  const std::uint64_t span = static_cast<std::uint64_t>(most) - base_;
  const auto offset = [&](std::size_t i) { return bits[i] - base_; };
  if (span == 0) return;
  if (span <= std::numeric_limits<std::uint8_t>::max()) {
    width_ = 1;
    fill<std::uint8_t>(data_, bits.size(), offset);
  } else if (span <= std::numeric_limits<std::uint16_t>::max()) {
    width_ = 2;
    fill<std::uint16_t>(data_, bits.size(), offset);
  } else if (span <= std::numeric_limits<std::uint32_t>::max()) {
    width_ = 4;
    fill<std::uint32_t>(data_, bits.size(), offset);
  } else {
    width_ = 8;
    fill<std::uint64_t>(data_, bits.size(), offset);
  }
  at_ = data_.data();
}

template <class T>
PackedFrame::Fold PackedFrame::foldOf(std::size_t begin, std::size_t end) const {
  // As narrow as the sum of a chunk allows, so that the compiler adds several at once.
  using Wide = std::conditional_t<sizeof(T) == 8, unsigned __int128, std::uint64_t>;
  using Sum = std::conditional_t<sizeof(T) <= 2, std::uint32_t, Wide>;
  T least = std::numeric_limits<T>::max(), most = 0;
  Sum sum = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const T offset = at<T>(i);
    least = std::min(least, offset);
    most = std::max(most, offset);
    sum += offset;
  }
  const double base = static_cast<double>(static_cast<std::int64_t>(base_));
  return {static_cast<std::int64_t>(base_ + least), static_cast<std::int64_t>(base_ + most),
          base * static_cast<double>(end - begin) + static_cast<double>(sum)};
}

PackedFrame::Fold PackedFrame::fold(std::size_t begin, std::size_t end) const {
  switch (width_) {
    case 1:
      return foldOf<std::uint8_t>(begin, end);
    case 2:
      return foldOf<std::uint16_t>(begin, end);
    case 4:
      return foldOf<std::uint32_t>(begin, end);
    case 8:
      return foldOf<std::uint64_t>(begin, end);
    default:
      break;
  }
  const auto value = static_cast<std::int64_t>(base_);
  return {value, value, static_cast<double>(value) * static_cast<double>(end - begin)};
}

}  // namespace qd::series
