// SPDX-License-Identifier: Apache-2.0
// Strong ids: a process id cannot be passed where a series id is meant. Values, ordered and hashable; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace qd {

template <class Tag, class T>
struct StrongId {
  T value{};

  StrongId() = default;
  explicit StrongId(T v) : value(std::move(v)) {}
  auto operator<=>(const StrongId&) const = default;
};

// An agent as one session knows it: its endpoint ("127.0.0.1:7400"), or the name kept in a recording.
using AgentId = StrongId<struct AgentTag, std::string>;

// The stable logical name of a process ("server-1"), unique in one session: where two agents report the same id, the
// console qualifies the later one as "server-1@endpoint".
using ProcessId = StrongId<struct ProcessTag, std::string>;

// One start of a process, random, never 0.
using InstanceId = StrongId<struct InstanceTag, std::uint64_t>;

// Index of a series in its process instance's declarations, as on the wire.
using SeriesIndex = StrongId<struct SeriesIndexTag, std::uint32_t>;

}  // namespace qd

template <class Tag, class T>
struct std::hash<qd::StrongId<Tag, T>> {
  std::size_t operator()(const qd::StrongId<Tag, T>& id) const { return std::hash<T>{}(id.value); }
};
