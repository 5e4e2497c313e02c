// SPDX-License-Identifier: Apache-2.0
// Little-endian bytes out and in. The reader is for hostile input: it never reads past its end; once it fails it stays
// failed and yields zeros, so that a decoder checks ok() once at its end. Values only, no thread of their own.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qd::recording {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline std::uint64_t zigzag(std::uint64_t v) {
  return (v << 1) ^ (0 - (v >> 63));
}
inline std::uint64_t unzigzag(std::uint64_t v) {
  return (v >> 1) ^ (0 - (v & 1));
}

class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  void u8(std::uint8_t v) { out_.push_back(v); }
  void fixed64(std::uint64_t v) { raw(&v, sizeof v); }
  void varint(std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) out_.push_back(static_cast<std::uint8_t>(v | 0x80));
    out_.push_back(static_cast<std::uint8_t>(v));
  }
  void raw(const void* data, std::size_t size) {
    const std::size_t at = out_.size();
    out_.resize(at + size);
    if (size > 0) std::memcpy(out_.data() + at, data, size);
  }
  void block(ByteView bytes) {
    varint(bytes.size());
    raw(bytes.data(), bytes.size());
  }
  void text(std::string_view text) {
    varint(text.size());
    raw(text.data(), text.size());
  }

 private:
  Bytes& out_;
};

class ByteReader {
 public:
  explicit ByteReader(ByteView in) : in_(in) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return in_.size(); }
  bool atEnd() const { return in_.empty(); }
  ByteView rest() const { return in_; }
  void spoil() {
    ok_ = false;
    in_ = {};
  }
  std::uint8_t u8() {
    const ByteView one = raw(1);
    return ok_ ? one[0] : 0;
  }
  std::uint64_t fixed64() {
    const ByteView eight = raw(8);
    std::uint64_t v = 0;
    if (ok_) std::memcpy(&v, eight.data(), 8);
    return v;
  }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return v;
    }
    spoil();
    return 0;
  }
  ByteView raw(std::size_t size) {
    if (size > in_.size()) {
      spoil();
      return {};
    }
    const ByteView head = in_.first(size);
    in_ = in_.subspan(size);
    return head;
  }
  ByteView block() { return raw(varint()); }
  std::string text() {
    const ByteView bytes = block();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  ByteView in_;
  bool ok_ = true;
};

}  // namespace qd::recording
