// SPDX-License-Identifier: Apache-2.0
#include "core/recording/groups.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base/wide.h"

namespace qd::recording {
namespace {

enum Form : std::uint8_t { kOffset = 0, kDelta = 1, kSecond = 2, kForms = 3 };  // a mode, or with kRice added
constexpr std::uint8_t kRice = 4;
constexpr int kWorthRice = 3;  // narrower than that, Rice codes save nothing that counts

int bits(std::uint64_t v) {
  return 64 - std::countl_zero(v);
}

struct Codes {
  std::uint64_t of[kForms][kGroup];
  std::uint64_t orOf[kForms], sum[kForms];
};

// Lowest bit first, into room that is large enough for eight bytes more.
class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* to) : to_(to) {}
  void put(std::uint64_t v, int width) {
    if (width > 32) {
      some(v & 0xffffffff, 32);
      v >>= 32;
      width -= 32;
    }
    some(v, width);
  }
  void zeros(std::uint64_t n) {
    for (; n > 32; n -= 32) some(0, 32);
    some(0, static_cast<int>(n));
  }
  std::uint8_t* end() const { return to_ + (filled_ > 0 ? 1 : 0); }

 private:
  void some(std::uint64_t v, int width) {
    held_ |= v << filled_;
    filled_ += width;
    std::memcpy(to_, &held_, 8);
    to_ += filled_ / 8;
    held_ >>= filled_ / 8 * 8;
    filled_ %= 8;
  }
  std::uint8_t* to_;
  std::uint64_t held_ = 0;
  int filled_ = 0;  // below 8 between calls
};

// Codes of one width; returns the bytes. Room as above.
std::size_t packFixed(const std::uint64_t* codes, std::size_t n, int width, std::uint8_t* to) {
  std::uint64_t held = 0;
  int filled = 0;
  std::uint8_t* at = to;
  for (std::size_t i = 0; i < n && width > 0; ++i) {
    held |= codes[i] << filled;
    filled += width;
    if (filled < 64) continue;
    std::memcpy(at, &held, 8);
    at += 8;
    filled -= 64;
    held = filled == 0 ? 0 : codes[i] >> (width - filled);
  }
  std::memcpy(at, &held, 8);
  return static_cast<std::size_t>(at - to) + static_cast<std::size_t>(filled + 7) / 8;
}

class BitReader {
 public:
  explicit BitReader(ByteView in) : in_(in), size_(in.size() * 8) {}
  bool ok() const { return at_ <= size_; }
  std::size_t bytes() const { return (at_ + 7) / 8; }
  std::uint64_t take(int width) {
    std::uint64_t v = peek(at_);
    if (width > 56) v = (v & 0xffffffff) | peek(at_ + 32) << 32;
    at_ += static_cast<std::size_t>(width);
    return width == 64 ? v : v & ((std::uint64_t{1} << width) - 1);
  }
  // Zeros up to a one, which is taken too.
  std::uint64_t unary() {
    std::uint64_t n = 0;
    while (at_ < size_) {
      const std::uint64_t v = peek(at_) & ((std::uint64_t{1} << 56) - 1);
      const int zeros = std::min(v == 0 ? 56 : std::countr_zero(v), 56);
      n += static_cast<std::uint64_t>(zeros);
      at_ += static_cast<std::size_t>(zeros);
      if (v != 0) break;
    }
    ++at_;
    return n;
  }

 private:
  // 57 bits and more from a place on; zeros beyond the end.
  std::uint64_t peek(std::size_t bit) const {
    const std::size_t byte = bit / 8;
    std::uint64_t v = 0;
    if (byte + 8 <= in_.size()) {
      std::memcpy(&v, in_.data() + byte, 8);
    } else if (byte < in_.size()) {
      std::memcpy(&v, in_.data() + byte, in_.size() - byte);
    }
    return v >> (bit % 8);
  }
  ByteView in_;
  std::size_t size_, at_ = 0;
};

// The codes of values[2], values[3]…, of which `values` holds the two before as well, so that no step depends on the
// one before it. Inlined with a constant n for whole groups, which compilers turn into vectors.
inline __attribute__((always_inline)) void encode(const std::uint64_t* values, std::size_t n, std::uint64_t least,
                                                  Codes& codes) {
  std::uint64_t orOffset = 0, orDelta = 0, orSecond = 0, sumOffset = 0, sumDelta = 0, sumSecond = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t step = values[i + 2] - values[i + 1], last = values[i + 1] - values[i];
    const std::uint64_t offset = values[i + 2] - least, delta = zigzag(step), second = zigzag(step - last);
    codes.of[kOffset][i] = offset;
    codes.of[kDelta][i] = delta;
    codes.of[kSecond][i] = second;
    orOffset |= offset;
    orDelta |= delta;
    orSecond |= second;
    sumOffset += offset;
    sumDelta += delta;
    sumSecond += second;
  }
  const std::uint64_t ors[kForms] = {orOffset, orDelta, orSecond}, sums[kForms] = {sumOffset, sumDelta, sumSecond};
  std::copy(ors, ors + kForms, codes.orOf);
  std::copy(sums, sums + kForms, codes.sum);
}

// Of whole groups, nearly all there are.
struct Whole {
  std::uint64_t wide[kGroup + 2];
};
QD_WIDE void encodeWhole(const Whole& values, std::uint64_t least, Codes& codes) {
  encode(values.wide, kGroup, least, codes);
}
QD_WIDE std::int64_t leastOf(std::span<const std::int64_t> values) {
  std::int64_t least = values[0];
  for (const std::int64_t v : values) least = std::min(least, v);
  return least;
}

// The forms of all values; leaves `before` behind the last one. Returns the least value.
std::int64_t encode(std::span<const std::int64_t> values, Before& before, Codes& codes) {
  Whole whole;
  auto& wide = whole.wide;
  const std::size_t n = values.size();
  wide[0] = before.value - before.step;
  wide[1] = before.value;
  std::memcpy(wide + 2, values.data(), n * sizeof(std::uint64_t));
  const std::int64_t base = leastOf(values);
  if (n == kGroup) {
    encodeWhole(whole, static_cast<std::uint64_t>(base), codes);
  } else {
    encode(wide, n, static_cast<std::uint64_t>(base), codes);
  }
  before = {wide[n + 1], wide[n + 1] - wide[n]};
  return base;
}

QD_WIDE std::uint64_t riceBits(const std::uint64_t* codes, std::size_t n, int k) {
  std::uint64_t quotients = 0;
  for (std::size_t i = 0; i < n; ++i) quotients += codes[i] >> k;
  return quotients + n * static_cast<std::size_t>(k + 1);
}

struct Choice {
  std::uint8_t mode = kDelta;
  int parameter = 64;                      // width, or k of the Rice codes
  std::uint64_t cost = ~std::uint64_t{0};  // bits
};

Choice choose(const Codes& codes, std::size_t n, std::uint64_t baseCode) {
  Choice best;
  const std::uint64_t head[kForms] = {static_cast<std::uint64_t>(std::max(8, (bits(baseCode) + 6) / 7 * 8)), 0, 0};
  const auto offer = [&best](std::uint8_t mode, int parameter, std::uint64_t cost) {
    if (cost < best.cost) best = {mode, parameter, cost};
  };
  for (const Form form : {kDelta, kSecond, kOffset}) {
    const int width = bits(codes.orOf[form]);
    offer(form, width, n * static_cast<std::size_t>(width) + head[form]);
  }
  if (best.parameter < kWorthRice) return best;
  for (const Form form : {kDelta, kSecond, kOffset}) {
    // A group with a code that large is not for Rice, and its sum may have wrapped. Nor is one whose mean is near its
    // greatest.
    const int width = bits(codes.orOf[form]), mean = bits(codes.sum[form] / n);
    if (width > 48 || mean + 1 >= width) continue;
    const int k = std::max(0, mean - 1);
    for (const int one : {k, k + 1}) {
      offer(form + kRice, one, riceBits(codes.of[form], n, one) + head[form]);
    }
  }
  return best;
}

void unpackForm(Form form, std::uint64_t base, std::span<const std::uint64_t> codes, Before& before,
                std::int64_t* out) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    std::uint64_t v = base + codes[i];
    if (form == kDelta) v = before.value + unzigzag(codes[i]);
    if (form == kSecond) v = before.value + before.step + unzigzag(codes[i]);
    before = {v, v - before.value};
    out[i] = static_cast<std::int64_t>(v);
  }
}

}  // namespace

void packGroup(std::span<const std::int64_t> values, Before& before, Bytes& out) {
  Codes codes;
  const std::size_t n = values.size();
  const std::uint64_t base = zigzag(static_cast<std::uint64_t>(encode(values, before, codes)));
  const Choice choice = choose(codes, n, base);
  const int form = choice.mode % kRice, k = choice.parameter;
  ByteWriter writer(out);
  writer.u8(choice.mode);
  writer.u8(static_cast<std::uint8_t>(k));
  if (form == kOffset) writer.varint(base);
  const std::size_t at = out.size();
  out.resize(at + choice.cost / 8 + 16);
  const std::uint64_t* code = codes.of[form];
  if (choice.mode < kRice) {
    out.resize(at + packFixed(code, n, k, out.data() + at));
    return;
  }
  BitWriter to(out.data() + at);
  const std::uint64_t low = (std::uint64_t{1} << k) - 1;
  for (std::size_t i = 0; i < n; ++i) {
    to.zeros(code[i] >> k);
    to.put(1, 1);
    to.put(code[i] & low, k);
  }
  out.resize(static_cast<std::size_t>(to.end() - out.data()));
}

void unpackGroup(ByteReader& in, std::size_t n, Before& before, std::int64_t* out) {
  const std::uint8_t mode = in.u8();
  const int k = in.u8();
  const auto form = static_cast<Form>(mode % kRice);
  if (mode >= kRice + kForms || form >= kForms || k > (mode < kRice ? 64 : 48)) return in.spoil();
  const std::uint64_t base = form == kOffset ? unzigzag(in.varint()) : 0;
  std::uint64_t codes[kGroup];
  BitReader from(in.rest());
  for (std::size_t i = 0; i < n; ++i) {
    if (mode < kRice) {
      codes[i] = from.take(k);
    } else {
      const std::uint64_t quotient = from.unary();
      codes[i] = quotient << k | from.take(k);
    }
  }
  if (!in.ok() || !from.ok()) return in.spoil();
  in.raw(from.bytes());
  unpackForm(form, base, {codes, n}, before, out);
}

}  // namespace qd::recording
