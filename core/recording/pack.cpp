// SPDX-License-Identifier: Apache-2.0
#include "core/recording/pack.h"

#include <zstd.h>

#include <algorithm>
#include <bit>

namespace qd::recording {
namespace {

constexpr std::size_t kGroup = 128;
enum Mode : std::uint8_t { kOffset = 0, kDelta = 1, kDeltaOfDelta = 2 };
enum Method : std::uint8_t { kPlain = 0, kZstd = 1, kTransposed = 2 };

int bits(std::uint64_t v) {
  return 64 - std::countl_zero(v);
}

void packBits(std::span<const std::uint64_t> values, int width, Bytes& out) {
  if (width == 0) return;
  std::uint64_t held = 0;
  int filled = 0;
  ByteWriter writer(out);
  for (const std::uint64_t v : values) {
    held |= v << filled;
    if (filled + width >= 64) {
      writer.fixed64(held);
      held = filled == 0 ? 0 : v >> (64 - filled);
      filled += width - 64;
      if (filled == 0) held = 0;
    } else {
      filled += width;
    }
  }
  writer.raw(&held, (filled + 7) / 8);
}

void unpackBits(ByteReader& in, std::size_t n, int width, std::uint64_t* out) {
  if (width == 0) {
    std::fill(out, out + n, 0);
    return;
  }
  const ByteView raw = in.raw((n * width + 7) / 8);
  if (!in.ok()) return;
  std::uint8_t padded[kGroup * 8 + 16] = {};
  std::memcpy(padded, raw.data(), raw.size());
  const std::uint64_t mask = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
  for (std::size_t i = 0, bit = 0; i < n; ++i, bit += width) {
    std::uint64_t low = 0;
    std::memcpy(&low, padded + bit / 8, 8);
    const int shift = bit % 8;
    std::uint64_t v = low >> shift;
    if (shift != 0) v |= static_cast<std::uint64_t>(padded[bit / 8 + 8]) << (64 - shift);
    out[i] = v & mask;
  }
}

// What a group continues from: the value before it and the step that led there.
struct Before {
  std::uint64_t value = 0, step = 0;
};

struct Group {
  std::uint64_t offsets[kGroup], deltas[kGroup], seconds[kGroup];
};

void packGroup(std::span<const std::int64_t> values, Before& before, Bytes& out) {
  Group g;
  const std::int64_t base = *std::min_element(values.begin(), values.end());
  std::uint64_t orOffset = 0, orDelta = 0, orSecond = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto v = static_cast<std::uint64_t>(values[i]);
    const std::uint64_t step = v - before.value;
    g.offsets[i] = v - static_cast<std::uint64_t>(base);
    g.deltas[i] = zigzag(step);
    g.seconds[i] = zigzag(step - before.step);
    before = {v, step};
    orOffset |= g.offsets[i];
    orDelta |= g.deltas[i];
    orSecond |= g.seconds[i];
  }
  const std::uint64_t baseCode = zigzag(static_cast<std::uint64_t>(base));
  const std::size_t n = values.size();
  const auto cost = [n](int width) { return (n * width + 7) / 8; };
  const std::size_t offsetCost = cost(bits(orOffset)) + (bits(baseCode) + 6) / 7;
  ByteWriter writer(out);
  const bool second = bits(orSecond) < bits(orDelta);
  const int width = second ? bits(orSecond) : bits(orDelta);
  if (offsetCost < cost(width)) {
    writer.u8(kOffset);
    writer.u8(bits(orOffset));
    writer.varint(baseCode);
    packBits({g.offsets, n}, bits(orOffset), out);
  } else {
    writer.u8(second ? kDeltaOfDelta : kDelta);
    writer.u8(width);
    packBits({second ? g.seconds : g.deltas, n}, width, out);
  }
}

void unpackGroup(ByteReader& in, std::size_t n, Before& before, std::int64_t* out) {
  const std::uint8_t mode = in.u8();
  const int width = in.u8();
  if (mode > kDeltaOfDelta || width > 64) return in.spoil();
  const std::uint64_t base = mode == kOffset ? unzigzag(in.varint()) : 0;
  std::uint64_t packed[kGroup];
  unpackBits(in, n, width, packed);
  if (!in.ok()) return;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t v = base + packed[i];
    if (mode == kDelta) v = before.value + unzigzag(packed[i]);
    if (mode == kDeltaOfDelta) v = before.value + before.step + unzigzag(packed[i]);
    before = {v, v - before.value};
    out[i] = static_cast<std::int64_t>(v);
  }
}

// Byte planes: all lowest bytes, then all second ones… of each value XOR its predecessor.
void transpose(std::span<const double> values, Bytes& out) {
  const std::size_t n = values.size();
  out.resize(n * 8);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto v = std::bit_cast<std::uint64_t>(values[i]);
    const std::uint64_t x = v ^ before;
    before = v;
    for (std::size_t plane = 0; plane < 8; ++plane) {
      out[plane * n + i] = static_cast<std::uint8_t>(x >> (8 * plane));
    }
  }
}

void untranspose(ByteView in, std::vector<double>& out) {
  const std::size_t n = out.size();
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t x = 0;
    for (std::size_t plane = 0; plane < 8; ++plane) x |= static_cast<std::uint64_t>(in[plane * n + i]) << (8 * plane);
    before ^= x;
    out[i] = std::bit_cast<double>(before);
  }
}

// A list's plain bytes are at most this many for n values: 8 each and a group's head.
std::size_t mostPlain(std::size_t n) {
  return n * 8 + (n / kGroup + 1) * 12;
}

bool inflate(ByteView packed, std::size_t most, Bytes& out) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > most) return false;
  out.resize(size);
  return ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size()) == size;
}

std::size_t listLength(ByteReader& in) {
  const std::uint64_t n = in.varint();
  if (n > kMostInAList) in.spoil();
  return in.ok() ? n : 0;
}

}  // namespace

struct Packer::Impl {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  Bytes plain, compressed;
  ~Impl() { ZSTD_freeCCtx(context); }
};

Packer::Packer() : impl_(std::make_unique<Impl>()) {}
Packer::~Packer() = default;

void Packer::best(std::uint8_t method, ByteView plain, std::uint8_t compressedMethod, ByteView input, Bytes& out) {
  ByteWriter writer(out);
  Bytes& compressed = impl_->compressed;
  std::size_t size = plain.size();
  if (plain.size() >= 64) {
    compressed.resize(ZSTD_compressBound(input.size()));
    size = ZSTD_compressCCtx(impl_->context, compressed.data(), compressed.size(), input.data(), input.size(), 1);
  }
  if (ZSTD_isError(size) || size >= plain.size() - plain.size() / 8) {
    writer.u8(method);
    writer.block(plain);
  } else {
    writer.u8(compressedMethod);
    writer.block({compressed.data(), size});
  }
}

void Packer::ints(std::span<const std::int64_t> values, Bytes& out) {
  ByteWriter(out).varint(values.size());
  Bytes& plain = impl_->plain;
  plain.clear();
  Before before;
  for (std::size_t at = 0; at < values.size(); at += kGroup) {
    packGroup(values.subspan(at, std::min(kGroup, values.size() - at)), before, plain);
  }
  best(kPlain, plain, kZstd, plain, out);
}

void Packer::doubles(std::span<const double> values, Bytes& out) {
  ByteWriter(out).varint(values.size());
  transpose(values, impl_->plain);
  const ByteView raw(reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * 8);
  best(kPlain, raw, kTransposed, impl_->plain, out);
}

std::vector<std::int64_t> unpackInts(ByteReader& in) {
  const std::size_t n = listLength(in);
  const std::uint8_t method = in.u8();
  ByteView body = in.block();
  Bytes inflated;
  if (method == kZstd) {
    if (!inflate(body, mostPlain(n), inflated)) in.spoil();
    body = inflated;
  } else if (method != kPlain) {
    in.spoil();
  }
  if (!in.ok() || body.size() < 2 * ((n + kGroup - 1) / kGroup)) {
    in.spoil();
    return {};
  }
  std::vector<std::int64_t> values(n);
  ByteReader groups(body);
  Before before;
  for (std::size_t at = 0; at < n && groups.ok(); at += kGroup) {
    unpackGroup(groups, std::min(kGroup, n - at), before, values.data() + at);
  }
  if (!groups.ok() || !groups.atEnd()) {
    in.spoil();
    return {};
  }
  return values;
}

std::vector<double> unpackDoubles(ByteReader& in) {
  const std::size_t n = listLength(in);
  const std::uint8_t method = in.u8();
  const ByteView body = in.block();
  Bytes inflated;
  const bool sound = in.ok() && ((method == kPlain && body.size() == n * 8) ||
                                 (method == kTransposed && inflate(body, n * 8, inflated) && inflated.size() == n * 8));
  if (!sound) {
    in.spoil();
    return {};
  }
  std::vector<double> values(n);
  if (method == kTransposed) {
    untranspose(inflated, values);
  } else if (n > 0) {
    std::memcpy(values.data(), body.data(), body.size());
  }
  return values;
}

}  // namespace qd::recording
