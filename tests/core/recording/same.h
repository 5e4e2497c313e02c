// SPDX-License-Identifier: Apache-2.0
// Bit-for-bit equality of events, field by field. Arity states how many fields a struct has: a field that is added
// without thinking of recordings does not compile here.
#pragma once

#include <bit>
#include <tuple>

#include "core/ingest/events.h"

namespace qd::recording::testing {

using namespace ingest;

template <class T>
inline constexpr int kArity = 0;
// clang-format off
template <> inline constexpr int kArity<ProcessRef> = 2;
template <> inline constexpr int kArity<SeriesInfo> = 9;
template <> inline constexpr int kArity<ParameterSpec> = 12;
template <> inline constexpr int kArity<ParameterValue> = 10;
template <> inline constexpr int kArity<SiteInfo> = 3;
template <> inline constexpr int kArity<ActionSpec> = 4;
template <> inline constexpr int kArity<BuildInfo> = 3;
template <> inline constexpr int kArity<ProcessInfo> = 16;
template <> inline constexpr int kArity<ProcessChange> = 2;
template <> inline constexpr int kArity<Column> = 3;
template <> inline constexpr int kArity<SampleBlock> = 9;
template <> inline constexpr int kArity<RollupRow> = 8;
template <> inline constexpr int kArity<Rollup> = 4;
template <> inline constexpr int kArity<EntityFrame> = 15;
template <> inline constexpr int kArity<FrameBlock> = 6;
template <> inline constexpr int kArity<LogLine> = 7;
template <> inline constexpr int kArity<GameEvent> = 5;
template <> inline constexpr int kArity<ParameterChange> = 2;
template <> inline constexpr int kArity<ParameterResult> = 5;
template <> inline constexpr int kArity<PushResult> = 9;
template <> inline constexpr int kArity<ActionResult> = 8;
template <> inline constexpr int kArity<BreakpointMember> = 4;
template <> inline constexpr int kArity<Breakpoint> = 19;
template <> inline constexpr int kArity<GroupMember> = 7;
template <> inline constexpr int kArity<LinkGroup> = 14;
template <> inline constexpr int kArity<StackFrame> = 3;
template <> inline constexpr int kArity<SourceText> = 3;
template <> inline constexpr int kArity<HitMember> = 6;
template <> inline constexpr int kArity<Hit> = 8;
template <> inline constexpr int kArity<Gap> = 5;
template <> inline constexpr int kArity<ClockSample> = 3;
template <> inline constexpr int kArity<AgentChange> = 4;
template <> inline constexpr int kArity<Mark> = 5;
template <> inline constexpr int kArity<DerivedSeries> = 2;
template <> inline constexpr int kArity<ChangeValue> = 3;
template <> inline constexpr int kArity<Guard> = 8;
template <> inline constexpr int kArity<Wave> = 3;
template <> inline constexpr int kArity<ChangePeer> = 2;
template <> inline constexpr int kArity<ChangePlan> = 21;
template <> inline constexpr int kArity<ChangeTarget> = 9;
template <> inline constexpr int kArity<GuardReading> = 7;
template <> inline constexpr int kArity<ChangeState> = 12;
template <> inline constexpr int kArity<SharedItem> = 7;
template <> inline constexpr int kArity<Envelope> = 5;

template <class T>
auto fieldsOf(const T& t) {
  constexpr int n = kArity<T>;
  static_assert(n > 0, "state how many fields this struct has");
  if constexpr (n == 2) { const auto& [a, b] = t; return std::tie(a, b); }
  if constexpr (n == 3) { const auto& [a, b, c] = t; return std::tie(a, b, c); }
  if constexpr (n == 4) { const auto& [a, b, c, d] = t; return std::tie(a, b, c, d); }
  if constexpr (n == 5) { const auto& [a, b, c, d, e] = t; return std::tie(a, b, c, d, e); }
  if constexpr (n == 6) { const auto& [a, b, c, d, e, f] = t; return std::tie(a, b, c, d, e, f); }
  if constexpr (n == 7) { const auto& [a, b, c, d, e, f, g] = t; return std::tie(a, b, c, d, e, f, g); }
  if constexpr (n == 8) { const auto& [a, b, c, d, e, f, g, h] = t; return std::tie(a, b, c, d, e, f, g, h); }
  if constexpr (n == 9) { const auto& [a, b, c, d, e, f, g, h, i] = t; return std::tie(a, b, c, d, e, f, g, h, i); }
  if constexpr (n == 10) {
    const auto& [a, b, c, d, e, f, g, h, i, j] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j);
  }
  if constexpr (n == 19) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, u] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, u);
  }
  if constexpr (n == 21) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w);
  }
  if constexpr (n == 12) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
  }
  if constexpr (n == 13) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
  }
  if constexpr (n == 14) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o);
  }
  if constexpr (n == 15) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p);
  }
  if constexpr (n == 16) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q);
  }
}
// clang-format on

template <class T>
bool same(const T& a, const T& b);
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b);
template <class T>
bool same(const std::optional<T>& a, const std::optional<T>& b);
template <class... T>
bool same(const std::variant<T...>& a, const std::variant<T...>& b);
template <class A, class B>
bool same(const std::pair<A, B>& a, const std::pair<A, B>& b) {
  return same(a.first, b.first) && same(a.second, b.second);
}
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return false;
  }
  return true;
}
template <class T>
bool same(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
template <class... T>
bool same(const std::variant<T...>& a, const std::variant<T...>& b) {
  if (a.index() != b.index()) return false;
  return std::visit([&b](const auto& x) { return same(x, std::get<std::decay_t<decltype(x)>>(b)); }, a);
}

template <class T>
bool same(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  } else if constexpr (std::equality_comparable<T>) {
    return a == b;
  } else {
    const auto left = fieldsOf(a);
    const auto right = fieldsOf(b);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (same(std::get<I>(left), std::get<I>(right)) && ...);
    }
    (std::make_index_sequence<std::tuple_size_v<decltype(left)>>());
  }
}

}  // namespace qd::recording::testing
