// SPDX-License-Identifier: Apache-2.0
#include "core/base/sketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/wide.h"

namespace qd {
namespace {

constexpr int kShift = 46;                                 // mantissa bits that a bucket does not tell apart
constexpr std::uint32_t kEnd = std::uint32_t{0x7FF} << 6;  // the first magnitude that is not finite
constexpr std::uint64_t kMagnitude = ~(std::uint64_t{1} << 63);

std::uint32_t magnitudeOf(double value) {
  return static_cast<std::uint32_t>((std::bit_cast<std::uint64_t>(value) & kMagnitude) >> kShift);
}

// The value whose relative distance to both ends of the bucket is the same.
double middleOf(std::uint32_t magnitude) {
  const double low = std::bit_cast<double>(std::uint64_t{magnitude} << kShift);
  if (magnitude + 1 >= kEnd) return low * (1 + Sketch::kRelativeError);
  const double high = std::bit_cast<double>((std::uint64_t{magnitude} + 1) << kShift);
  return low + (high - low) * (low / (high + low));  // 2·low·high / (low + high) without overflow
}

bool takeVarint(std::string_view& in, std::uint64_t& value) {
  if (!in.empty() && static_cast<unsigned char>(in.front()) < 0x80) {  // nearly always
    value = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    return true;
  }
  value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

char* putVarint(char* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

// Into memory that is kept: a sketch is made of every chunk of every series.
class Encoder {
 public:
  // Of at most `buckets`.
  explicit Encoder(std::size_t buckets) {
    constexpr std::size_t kMostOfOne = 20;  // two varints
    if (room().size() < buckets * kMostOfOne) room().resize(buckets * kMostOfOne);
    at_ = room().data();
  }
  void add(std::int64_t key, std::uint64_t count) {
    const std::int64_t step = key - before_;
    at_ =
        putVarint(at_, buckets_++ == 0 ? (static_cast<std::uint64_t>(key) << 1) ^ static_cast<std::uint64_t>(key >> 63)
                                       : static_cast<std::uint64_t>(step));
    at_ = putVarint(at_, count);
    before_ = key;
  }
  std::string take() const {
    char head[10];
    const auto size = static_cast<std::size_t>(putVarint(head, buckets_) - head);
    const auto body = static_cast<std::size_t>(at_ - room().data());
    std::string out;
    out.reserve(size + body);
    return out.append(head, size).append(room().data(), body);
  }

 private:
  static std::vector<char>& room() {
    thread_local std::vector<char> kept;
    return kept;
  }
  std::uint64_t buckets_ = 0;
  std::int64_t before_ = 0;
  char* at_ = nullptr;
};

double powerOfTen(int exponent) {
  static const auto table = [] {
    std::array<double, 23> powers{};  // as far as they are exact
    double power = 1;
    for (double& p : powers) p = std::exchange(power, power * 10);
    return powers;
  }();
  const auto at = static_cast<std::size_t>(exponent);
  return at < table.size() ? table[at] : std::pow(10.0, exponent);
}

// How many values fell into each slot of a narrow range. Four counts each, taken in turn: values that stand still would
// make one count wait for itself.
class Narrow {
 public:
  static constexpr std::uint64_t kMost = 1024;  // slots
  void count(std::span<const std::uint32_t> of, std::uint32_t low, std::size_t slots) {
    for (auto& lane : lanes_) std::fill_n(lane, slots, 0U);
    std::size_t i = 0;
    for (; i + 4 <= of.size(); i += 4) {
      for (std::size_t lane = 0; lane < 4; ++lane) ++lanes_[lane][of[i + lane] - low];
    }
    for (; i < of.size(); ++i) ++lanes_[0][of[i] - low];
  }
  std::uint64_t at(std::size_t slot) const {
    return std::uint64_t{lanes_[0][slot]} + lanes_[1][slot] + lanes_[2][slot] + lanes_[3][slot];
  }

 private:
  std::uint32_t lanes_[4][kMost];
};

// Slot kEnd is key 0; all that are finite lie between 0 and 2 kEnd.
std::int64_t keyOf(std::uint32_t slot) {
  return std::int64_t{slot} - std::int64_t{kEnd};
}

// Counts of all keys there are; what was touched is cleared again. Most of it is never touched, so never in memory.
struct Table {
  static constexpr std::size_t kKeys = 2 * std::size_t{kEnd};
  std::unique_ptr<std::uint32_t[], decltype(&std::free)> counts{
      static_cast<std::uint32_t*>(std::calloc(kKeys, sizeof(std::uint32_t))), &std::free};

  // Gives out what lies in [low, high] and clears it.
  void take(std::uint32_t low, std::uint32_t high, Encoder& out) {
    for (std::uint32_t slot = low; slot <= high; ++slot) {
      const std::uint32_t count = counts[slot];
      if (count == 0) continue;
      out.add(keyOf(slot), count);
      counts[slot] = 0;
    }
  }
};

// Infinities and NaN lie beyond the slots of what is finite.
std::uint32_t slotOf(double value) {
  const std::uint32_t magnitude = magnitudeOf(value);
  const auto sign = 0 - static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(value) >> 63);
  return kEnd + ((magnitude ^ sign) - sign);
}
bool isFinite(std::uint32_t slot) {
  return slot - 1 < 2 * kEnd - 1;
}

struct Ends {
  std::uint32_t low = UINT32_MAX, high = 0;
};

// Into as many slots as there are values. Inlined, so that it is as wide as who calls it.
template <class Value, class Displayed>
inline __attribute__((always_inline)) Ends fill(std::span<const Value> values, std::uint32_t* slots,
                                                Displayed displayed) {
  Ends ends;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint32_t slot = slotOf(displayed(values[i]));
    ends.low = std::min(ends.low, slot);
    ends.high = std::max(ends.high, slot);
    slots[i] = slot;
  }
  return ends;
}

QD_WIDE Ends slotsOf(std::span<const double> values, std::uint32_t* slots) {
  return fill(values, slots, [](double v) { return v; });
}
// Of raw · 10^-scale, `power` being 10^|scale|: divided by it, which rounds once; its inverse would round twice.
QD_WIDE Ends slotsOfParts(std::span<const std::int64_t> raw, double power, std::uint32_t* slots) {
  return fill(raw, slots, [power](std::int64_t v) { return static_cast<double>(v) / power; });
}
QD_WIDE Ends slotsOfMultiples(std::span<const std::int64_t> raw, double power, std::uint32_t* slots) {
  return fill(raw, slots, [power](std::int64_t v) { return static_cast<double>(v) * power; });
}

// The sketch of slots that lie between `ends`. What is not finite is left out.
std::string encodedSlots(std::vector<std::uint32_t>& slots, Ends ends) {
  if (!slots.empty() && !(isFinite(ends.low) && isFinite(ends.high))) {
    std::erase_if(slots, [](std::uint32_t slot) { return !isFinite(slot); });
    ends = {};
    for (const std::uint32_t slot : slots) ends = {std::min(ends.low, slot), std::max(ends.high, slot)};
  }
  if (slots.empty()) return Sketch().encode();
  if (ends.low == ends.high) {  // stands still, as many series do
    Encoder one(1);
    one.add(keyOf(ends.low), slots.size());
    return one.take();
  }
  Encoder out(std::min<std::size_t>(slots.size(), ends.high - ends.low + 1));
  if (ends.high - ends.low < Narrow::kMost) {
    thread_local Narrow narrow;
    narrow.count(slots, ends.low, ends.high - ends.low + 1);
    for (std::uint32_t slot = ends.low; slot <= ends.high; ++slot) {
      if (const std::uint64_t count = narrow.at(slot - ends.low)) out.add(keyOf(slot), count);
    }
    return out.take();
  }
  thread_local Table table;
  std::uint32_t below = 0, above = UINT32_MAX;  // the slots of keys beside 0: between lies most of the table
  for (const std::uint32_t slot : slots) {
    ++table.counts[slot];
    if (slot < kEnd) below = std::max(below, slot);
    if (slot >= kEnd) above = std::min(above, slot);
  }
  if (below != 0) table.take(ends.low, below, out);
  if (above != UINT32_MAX) table.take(above, ends.high, out);
  return out.take();
}

std::vector<std::uint32_t>& roomFor(std::size_t slots) {
  thread_local std::vector<std::uint32_t> kept;
  kept.resize(slots);
  return kept;
}

}  // namespace

void Sketch::Side::cover(std::uint32_t low, std::uint32_t high) {
  if (counts.empty()) {
    first = low;
    counts.resize(high - low + 1);
    return;
  }
  if (low < first) {
    counts.insert(counts.begin(), first - low, 0);
    first = low;
  }
  if (high >= first + counts.size()) counts.resize(high - first + 1);
}

std::uint64_t& Sketch::Side::at(std::uint32_t magnitude) {
  if (magnitude - first >= counts.size()) cover(magnitude, magnitude);  // wraps below `first`
  return counts[magnitude - first];
}

void Sketch::Side::add(const Side& other) {
  if (other.counts.empty()) return;
  cover(other.first, other.first + static_cast<std::uint32_t>(other.counts.size()) - 1);
  std::uint64_t* to = counts.data() + (other.first - first);
  for (std::size_t i = 0; i < other.counts.size(); ++i) to[i] += other.counts[i];
}

void Sketch::add(double value, std::uint64_t times) {
  if (!std::isfinite(value) || times == 0) return;
  count_ += times;
  const std::uint32_t magnitude = magnitudeOf(value);
  (magnitude == 0 ? zeros_ : (value < 0 ? negative_ : positive_).at(magnitude)) += times;
}

void Sketch::merge(const Sketch& other) {
  count_ += other.count_;
  zeros_ += other.zeros_;
  negative_.add(other.negative_);
  positive_.add(other.positive_);
}

// each(key, count), ascending; false where the bytes break a rule (each may have been called before that).
template <class Each>
bool Sketch::parse(std::string_view bytes, Each each) {
  std::uint64_t buckets = 0, step = 0, count = 0, total = 0;
  if (!takeVarint(bytes, buckets) || buckets > 2 * std::uint64_t{kEnd}) return false;
  std::int64_t key = 0;
  for (std::uint64_t i = 0; i < buckets; ++i) {
    if (!takeVarint(bytes, step) || !takeVarint(bytes, count) || count == 0 || total + count < total) return false;
    if (step > 4 * std::uint64_t{kEnd} || (i != 0 && step == 0)) return false;
    const auto signedStep = static_cast<std::int64_t>(step);
    key = i == 0 ? (signedStep >> 1) ^ -(signedStep & 1) : key + signedStep;
    if (key <= -std::int64_t{kEnd} || key >= std::int64_t{kEnd}) return false;
    total += count;
    each(key, count);
  }
  return bytes.empty();
}

bool Sketch::merge(std::string_view encoded) {
  if (encoded.size() > kMostBytes) return false;
  std::int64_t low = 0, high = 0;
  std::uint64_t total = 0;
  bool any = false;
  const bool sound = parse(encoded, [&](std::int64_t key, std::uint64_t count) {
    if (!std::exchange(any, true)) low = key;
    high = key;
    total += count;
  });
  if (!sound || count_ + total < count_) return false;
  mergeOwn(encoded);
  return true;
}

void Sketch::mergeOwn(std::string_view encoded) {
  parse(encoded, [&](std::int64_t key, std::uint64_t count) {
    count_ += count;
    if (key == 0) {
      zeros_ += count;
    } else if (key < 0) {
      negative_.at(static_cast<std::uint32_t>(-key)) += count;
    } else {
      positive_.at(static_cast<std::uint32_t>(key)) += count;
    }
  });
}

double Sketch::boundOf(std::uint32_t magnitude) {
  return std::bit_cast<double>(std::uint64_t{std::min(magnitude, kEnd)} << kShift);
}

void Sketch::clear() {
  count_ = zeros_ = 0;
  negative_.counts.clear();
  positive_.counts.clear();
}

double Sketch::quantile(double fraction) const {
  double value = 0;
  quantiles({&fraction, 1}, {&value, 1});
  return value;
}

void Sketch::quantiles(std::span<const double> fractions, std::span<double> out) const {
  std::size_t next = 0;
  const std::size_t asked = std::min(fractions.size(), out.size());
  if (count_ == 0) {
    std::fill_n(out.begin(), asked, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  const auto rank = [&](double fraction) {
    const double exact = std::ceil(fraction * static_cast<double>(count_));
    return exact < 1 ? 1 : exact >= static_cast<double>(count_) ? count_ : static_cast<std::uint64_t>(exact);
  };
  std::uint64_t seen = 0;
  const auto upTo = [&](std::uint64_t count, double value) {
    seen += count;
    while (next < asked && rank(fractions[next]) <= seen) out[next++] = value;
  };
  for (std::size_t i = negative_.counts.size(); i-- > 0 && next < asked;) {
    if (negative_.counts[i] != 0) upTo(negative_.counts[i], -middleOf(negative_.first + static_cast<std::uint32_t>(i)));
  }
  if (zeros_ != 0) upTo(zeros_, 0);
  for (std::size_t i = 0; i < positive_.counts.size() && next < asked; ++i) {
    if (positive_.counts[i] != 0) upTo(positive_.counts[i], middleOf(positive_.first + static_cast<std::uint32_t>(i)));
  }
}

std::string Sketch::encode() const {
  Encoder out(negative_.counts.size() + positive_.counts.size() + 1);
  for (std::size_t i = negative_.counts.size(); i-- > 0;) {
    if (negative_.counts[i] != 0) out.add(-static_cast<std::int64_t>(negative_.first + i), negative_.counts[i]);
  }
  if (zeros_ != 0) out.add(0, zeros_);
  for (std::size_t i = 0; i < positive_.counts.size(); ++i) {
    if (positive_.counts[i] != 0) out.add(static_cast<std::int64_t>(positive_.first + i), positive_.counts[i]);
  }
  return out.take();
}

Result<Sketch> Sketch::decode(std::string_view bytes) {
  Sketch out;
  if (!out.merge(bytes)) return fail(ErrorCode::Corrupt, "A percentile sketch does not hold what its length says.");
  return out;
}

Sketch Sketch::of(std::span<const double> values) {
  Sketch out;
  for (const double value : values) out.add(value);
  return out;
}

std::size_t Sketch::bytes() const {
  return sizeof(Sketch) + (negative_.counts.capacity() + positive_.counts.capacity()) * sizeof(std::uint64_t);
}

std::string encodedSketch(std::span<const std::int64_t> raw, int scale) {
  std::vector<std::uint32_t>& slots = roomFor(raw.size());
  const double power = powerOfTen(std::abs(scale));
  return encodedSlots(slots,
                      scale < 0 ? slotsOfMultiples(raw, power, slots.data()) : slotsOfParts(raw, power, slots.data()));
}

std::string encodedSketch(std::span<const double> values) {
  std::vector<std::uint32_t>& slots = roomFor(values.size());
  return encodedSlots(slots, slotsOf(values, slots.data()));
}

}  // namespace qd
