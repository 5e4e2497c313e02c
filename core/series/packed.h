// SPDX-License-Identifier: Apache-2.0
// Columns of 64-bit integers in as few whole bytes a value as they need (0, 1, 2, 4 or 8), with O(1) access. A line:
// residuals to a straight line, for ticks and times, which mostly run evenly. A frame: offsets from the least one, for
// values. Arithmetic wraps, so any values are safe and come back bit for bit. Either may also be a view of values that
// stand elsewhere, unpacked. Immutable; any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace qd::series {

class PackedLine {
 public:
  explicit PackedLine(std::span<const std::int64_t> values);
  explicit PackedLine(const std::int64_t* viewed) : width_(8), at_(reinterpret_cast<const std::uint8_t*>(viewed)) {}
  PackedLine(const PackedLine&) = delete;
  PackedLine& operator=(const PackedLine&) = delete;
  std::int64_t operator[](std::size_t i) const {
    return static_cast<std::int64_t>(base_ + step_ * i + static_cast<std::uint64_t>(residual(i)));
  }
  std::size_t bytes() const { return data_.capacity(); }

 private:
  std::int64_t residual(std::size_t i) const {
    switch (width_) {
      case 0:
        return 0;
      case 1:
        return at<std::int8_t>(i);
      case 2:
        return at<std::int16_t>(i);
      case 4:
        return at<std::int32_t>(i);
      default:
        return at<std::int64_t>(i);
    }
  }
  template <class T>
  T at(std::size_t i) const {
    T value;
    std::memcpy(&value, at_ + i * sizeof(T), sizeof(T));
    return value;
  }

  std::uint64_t base_ = 0, step_ = 0;
  unsigned width_ = 0;
  const std::uint8_t* at_ = nullptr;
  std::vector<std::uint8_t> data_;
};

class PackedFrame {
 public:
  explicit PackedFrame(const std::uint64_t* viewed) : width_(8), at_(reinterpret_cast<const std::uint8_t*>(viewed)) {}
  PackedFrame(const PackedFrame&) = delete;
  PackedFrame& operator=(const PackedFrame&) = delete;
  // `least`, `most`: of the values as signed integers; whole frames of 8 bytes when `verbatim`.
  PackedFrame(std::span<const std::uint64_t> bits, std::int64_t least, std::int64_t most, bool verbatim);
  std::uint64_t operator[](std::size_t i) const {
    switch (width_) {
      case 0:
        return base_;
      case 1:
        return base_ + at_[i];
      case 2:
        return base_ + at<std::uint16_t>(i);
      case 4:
        return base_ + at<std::uint32_t>(i);
      default:
        return base_ + at<std::uint64_t>(i);
    }
  }
  std::size_t bytes() const { return data_.capacity(); }

  // Least and greatest as signed integers, and the sum, of [begin, end), which is not empty.
  struct Fold {
    std::int64_t min = 0, max = 0;
    double sum = 0;
  };
  Fold fold(std::size_t begin, std::size_t end) const;

 private:
  template <class T>
  T at(std::size_t i) const {
    T value;
    std::memcpy(&value, at_ + i * sizeof(T), sizeof(T));
    return value;
  }
  template <class T>
  Fold foldOf(std::size_t begin, std::size_t end) const;

  std::uint64_t base_ = 0;
  unsigned width_ = 0;
  const std::uint8_t* at_ = nullptr;
  std::vector<std::uint8_t> data_;
};

}  // namespace qd::series
