// SPDX-License-Identifier: Apache-2.0
#include "core/recording/pack.h"

#include <zstd.h>

#include <algorithm>
#include <bit>

#include "core/recording/groups.h"

namespace qd::recording {
namespace {

enum Method : std::uint8_t { kPlain = 0, kZstd = 1, kTransposed = 2, kLine = 3, kPlanes = 4 };
enum Plane : std::uint8_t { kSame = 0, kRaw = 1, kPacked = 2 };

// Byte planes: all lowest bytes, then all second ones… of each value XOR its predecessor.
void transpose(std::span<const double> values, Bytes& out) {
  const std::size_t n = values.size();
  out.resize(n * 8);
  std::uint64_t before = 0;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {  // eight at a time, so that a plane is written in words
    std::uint64_t word[8] = {};
    for (std::size_t j = 0; j < 8; ++j) {
      const auto v = std::bit_cast<std::uint64_t>(values[i + j]);
      const std::uint64_t x = v ^ before;
      before = v;
      for (std::size_t plane = 0; plane < 8; ++plane) word[plane] |= (x >> (8 * plane) & 0xff) << (8 * j);
    }
    for (std::size_t plane = 0; plane < 8; ++plane) std::memcpy(out.data() + plane * n + i, &word[plane], 8);
  }
  for (; i < n; ++i) {
    const auto v = std::bit_cast<std::uint64_t>(values[i]);
    const std::uint64_t x = v ^ before;
    before = v;
    for (std::size_t plane = 0; plane < 8; ++plane) {
      out[plane * n + i] = static_cast<std::uint8_t>(x >> (8 * plane));
    }
  }
}

// Whether a sample of it looks like noise: then no time goes into trying to compress it. Of 512 even throws at 256
// sides, as many pairs show the same side as 512 choose 2 / 256 ~ 511.
bool looksLikeNoise(ByteView plane) {
  constexpr std::size_t kThrows = 512;
  constexpr std::uint64_t kEvenPairs = kThrows * (kThrows - 1) / 2 / 256;
  if (plane.size() < 2 * kThrows) return false;
  std::uint16_t seen[256] = {};
  std::uint64_t pairs = 0;
  const std::size_t stride = plane.size() / kThrows;
  for (std::size_t i = 0; i < kThrows; ++i) pairs += seen[plane[i * stride]]++;
  return pairs < kEvenPairs + kEvenPairs / 4;
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

std::uint64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

// Constants, counters, and ticks without a hole.
bool isLine(std::span<const std::int64_t> values) {
  if (values.empty()) return false;
  for (std::size_t i = 2; i < values.size(); ++i) {
    if (difference(values[i], values[i - 1]) != difference(values[1], values[0])) return false;
  }
  return true;
}

std::vector<std::int64_t> unpackLine(ByteReader& in, std::size_t n, ByteView body) {
  ByteReader ends(body);
  const std::uint64_t first = unzigzag(ends.varint()), step = unzigzag(ends.varint());
  if (!in.ok() || !ends.ok() || !ends.atEnd()) in.spoil();
  std::vector<std::int64_t> values(in.ok() ? n : 0);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(first + i * step);
  return values;
}

// The byte planes of n doubles; `n` is bounded by the caller, but 8 n bytes are only made where the body can mean them.
bool unpackPlanes(ByteView body, std::size_t n, Bytes& out) {
  ByteReader in(body);
  if (n == 0 || body.size() < 8) return false;
  out.resize(n * 8);
  for (std::size_t k = 0; k < 8; ++k) {
    std::uint8_t* plane = out.data() + k * n;
    const std::uint8_t kind = in.u8();
    if (kind == kSame) {
      *plane = in.u8();
      std::fill(plane + 1, plane + n, in.u8());
    } else if (kind == kRaw) {
      const ByteView raw = in.raw(n);
      if (in.ok()) std::memcpy(plane, raw.data(), n);
    } else {
      const ByteView frame = in.block();
      if (kind != kPacked || !in.ok() || ZSTD_decompress(plane, n, frame.data(), frame.size()) != n) return false;
    }
  }
  return in.ok() && in.atEnd();
}

}  // namespace

struct Packer::Impl {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  Bytes plain, planes, compressed;
  ~Impl() { ZSTD_freeCCtx(context); }
};

Packer::Packer() : impl_(std::make_unique<Impl>()) {}
Packer::~Packer() = default;

void Packer::best(std::uint8_t method, ByteView plain, std::uint8_t compressedMethod, ByteView input, Bytes& out) {
  ByteWriter writer(out);
  Bytes& compressed = impl_->compressed;
  std::size_t size = plain.size();
  if (plain.size() >= 64 && !looksLikeNoise(input)) {
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
  ByteWriter writer(out);
  writer.varint(values.size());
  if (isLine(values)) {
    Bytes ends;
    ByteWriter line(ends);
    line.varint(zigzag(static_cast<std::uint64_t>(values.front())));
    line.varint(zigzag(values.size() > 1 ? difference(values[1], values[0]) : 0));
    writer.u8(kLine);
    return writer.block(ends);
  }
  Bytes& plain = impl_->plain;
  plain.clear();
  Before before;
  for (std::size_t at = 0; at < values.size(); at += kGroup) {
    packGroup(values.subspan(at, std::min(kGroup, values.size() - at)), before, plain);
  }
  best(kPlain, plain, kZstd, plain, out);
}

// Plane by plane: many hold one byte throughout, and those of noise are not worth a compressor's time.
void Packer::doubles(std::span<const double> values, Bytes& out) {
  const std::size_t n = values.size();
  ByteWriter(out).varint(n);
  transpose(values, impl_->plain);
  Bytes& planes = impl_->planes;
  planes.clear();
  for (std::size_t k = 0; k < 8 && n > 0; ++k) plane({impl_->plain.data() + k * n, n}, planes);
  ByteWriter writer(out);
  if (n > 0 && planes.size() < n * 8) {
    writer.u8(kPlanes);
    writer.block(planes);
  } else {
    writer.u8(kPlain);
    writer.block({reinterpret_cast<const std::uint8_t*>(values.data()), n * 8});
  }
}

void Packer::plane(ByteView bytes, Bytes& out) {
  ByteWriter writer(out);
  // The first byte is of a value XOR nothing, so it may stand alone.
  const ByteView rest = bytes.subspan(1);
  if (std::all_of(rest.begin(), rest.end(), [&](std::uint8_t b) { return b == rest.front(); })) {
    writer.u8(kSame);
    writer.u8(bytes.front());
    return writer.u8(rest.empty() ? 0 : rest.front());
  }
  std::size_t size = bytes.size();
  if (!looksLikeNoise(bytes)) {
    Bytes& compressed = impl_->compressed;
    compressed.resize(ZSTD_compressBound(bytes.size()));
    size = ZSTD_compressCCtx(impl_->context, compressed.data(), compressed.size(), bytes.data(), bytes.size(), 1);
  }
  if (ZSTD_isError(size) || size + 4 >= bytes.size()) {
    writer.u8(kRaw);
    return writer.raw(bytes.data(), bytes.size());
  }
  writer.u8(kPacked);
  writer.block({impl_->compressed.data(), size});
}

std::vector<std::int64_t> unpackInts(ByteReader& in) {
  const std::size_t n = listLength(in);
  const std::uint8_t method = in.u8();
  ByteView body = in.block();
  if (method == kLine) return unpackLine(in, n, body);
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
  Bytes planes;
  bool sound = in.ok();
  if (method == kPlain) sound = sound && body.size() == n * 8;
  if (method == kTransposed) sound = sound && inflate(body, n * 8, planes) && planes.size() == n * 8;
  if (method == kPlanes) sound = sound && unpackPlanes(body, n, planes);
  if (!sound || (method != kPlain && planes.size() != n * 8)) {
    in.spoil();
    return {};
  }
  std::vector<double> values(n);
  if (method != kPlain) {
    untranspose(planes, values);
  } else if (n > 0) {
    std::memcpy(values.data(), body.data(), body.size());
  }
  return values;
}

}  // namespace qd::recording
