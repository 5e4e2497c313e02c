// SPDX-License-Identifier: Apache-2.0
// Writing and reading datagrams: little-endian fixed integers, LEB128 varints, zigzag for signed ones. The reader
// checks every bound: after a short or malformed read `ok()` stays false and every value is 0. Not thread-safe.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qd::stage {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  template <class T>
  void fixed(T value) {
    static_assert(std::endian::native == std::endian::little);
    const auto at = out_.size();
    out_.resize(at + sizeof(T));
    std::memcpy(out_.data() + at, &value, sizeof(T));
  }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<std::uint8_t>(value));
  }
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void text(std::string_view value) {
    varint(value.size());
    out_.insert(out_.end(), value.begin(), value.end());
  }
  void raw(BytesView value) { out_.insert(out_.end(), value.begin(), value.end()); }
  std::size_t size() const { return out_.size(); }

 private:
  Bytes& out_;
};

class ByteReader {
 public:
  explicit ByteReader(BytesView in) : in_(in) {}

  template <class T>
  T fixed() {
    T value{};
    if (!take(sizeof(T))) return value;
    std::memcpy(&value, in_.data() + at_ - sizeof(T), sizeof(T));
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      if (!ok_) return 0;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  std::int64_t zigzag() {
    const auto value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::string text(std::size_t limit) {
    const auto size = varint();
    if (size > limit || !take(size)) {
      ok_ = false;
      return {};
    }
    return {reinterpret_cast<const char*>(in_.data() + at_ - size), static_cast<std::size_t>(size)};
  }
  bool ok() const { return ok_; }
  std::size_t position() const { return at_; }
  std::size_t left() const { return in_.size() - at_; }

 private:
  bool take(std::uint64_t size) {
    if (!ok_ || size > left()) {
      ok_ = false;
      return false;
    }
    at_ += size;
    return true;
  }
  BytesView in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace qd::stage
