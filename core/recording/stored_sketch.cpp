// SPDX-License-Identifier: Apache-2.0
#include "core/recording/stored_sketch.h"

#include "core/base/sketch.h"

namespace qd::recording {
namespace {

std::string withScale(std::int32_t scale, const std::string& sketch) {
  std::string out;
  out.reserve(sketch.size() + 1);
  out.push_back(static_cast<char>(static_cast<std::int8_t>(scale)));
  return out += sketch;
}

}  // namespace

std::string storedSketch(std::span<const std::int64_t> raw, std::int32_t scale) {
  if (scale < INT8_MIN || scale > INT8_MAX) return {};
  return withScale(scale, encodedSketch(raw, scale));
}

std::string storedSketch(std::span<const double> values) {
  return withScale(0, encodedSketch(values));
}

std::string mergedSketches(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty() || a[0] != b[0]) return {};
  Sketch both;
  if (!both.merge(std::string_view(a).substr(1)) || !both.merge(std::string_view(b).substr(1))) return {};
  return withScale(static_cast<std::int8_t>(a[0]), both.encode());
}

Cell sketchCell(const std::string& sketch, std::uint64_t n) {
  constexpr std::uint64_t kValuesAByte = 16;
  if (sketch.empty() || sketch.size() * kValuesAByte > n) return {};
  return ByteView(reinterpret_cast<const std::uint8_t*>(sketch.data()), sketch.size());
}

bool isSketchOf(const std::string& stored, std::uint64_t count) {
  if (stored.empty()) return true;
  const Result<Sketch> sketch = Sketch::decode(std::string_view(stored).substr(1));
  return sketch && sketch->count() == count;
}

std::shared_ptr<const std::string> shownSketch(const std::string& stored, std::int32_t scale, std::uint64_t count) {
  if (stored.empty() || static_cast<std::int8_t>(stored[0]) != scale) return nullptr;
  if (!isSketchOf(stored, count)) return nullptr;
  return std::make_shared<const std::string>(stored.substr(1));
}

}  // namespace qd::recording
