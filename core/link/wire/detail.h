// SPDX-License-Identifier: Apache-2.0
// Small tools of the conversions: caps on repeated fields, enums of a newer peer, packed columns copied whole.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/link/wire/convert.h"
#include "core/link/wire/text.h"

namespace qd::link::detail {

template <class E>
E enumOr(int raw, E last, E neutral) {
  return raw >= 0 && raw <= static_cast<int>(last) ? static_cast<E>(raw) : neutral;
}

template <class To, class E>
To enumTo(E value) {
  return static_cast<To>(static_cast<int>(value));
}

// Packed fixed-width fields lie in memory as our vectors do.
template <class T>
std::vector<T> copyColumn(const google::protobuf::RepeatedField<T>& from) {
  return std::vector<T>(from.data(), from.data() + from.size());
}

template <class T>
void fillColumn(const std::vector<T>& from, google::protobuf::RepeatedField<T>* to) {
  to->Add(from.data(), from.data() + from.size());
}

template <class From, class To>
void fillAll(const std::vector<From>& from, google::protobuf::RepeatedPtrField<To>* to) {
  to->Reserve(static_cast<int>(from.size()));
  for (const From& item : from) toProto(item, *to->Add());
}

// At most `cap` of them; for conversions that cannot fail.
template <class To, class From>
std::vector<To> takeAll(const google::protobuf::RepeatedPtrField<From>& from, int cap) {
  std::vector<To> out;
  out.reserve(static_cast<std::size_t>(std::min(from.size(), cap)));
  for (int i = 0; i < from.size() && i < cap; ++i) out.push_back(fromProto(from[i]));
  return out;
}

inline std::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorCode::Corrupt, std::move(message));
}

inline Result<ProcessId> processId(std::string_view raw) {
  if (!isProcessId(raw)) {
    return corrupt(
        fmt::format("The peer sent the process id \"{}\", which is not 1 to 64 of [A-Za-z0-9._-].", sanitise(raw, 80)));
  }
  return ProcessId(std::string(raw));
}

// Empty stays empty: "none".
inline Result<ProcessId> processIdOrNone(std::string_view raw) {
  if (raw.empty()) return ProcessId();
  return processId(raw);
}

// What a process declares (indices go on rising where series end and new ones come), what the agent adds of its own
// (host metrics, from 0x8000 on), or what a console derived and a replay serves again.
inline bool isSeriesIndex(std::uint32_t index) {
  constexpr std::uint32_t kMostDerived = 4096;
  return index < ingest::kFirstDerivedSeries + kMostDerived;
}

inline std::string token(std::string_view raw) {
  return sanitise(raw, 128);
}

}  // namespace qd::link::detail
