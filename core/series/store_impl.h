// SPDX-License-Identifier: Apache-2.0
// What is behind the store: its series and processes, and how events get into them (intake.cpp). The source thread
// alone changes it, under `mutex` where readers look, and reads it without; tracks and counters guard themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/series/seen_blocks.h"
#include "core/series/store.h"
#include "core/series/track.h"

namespace qd::series {

using Dimensions = std::vector<std::pair<std::string, std::string>>;

// A track numbers its own segments upward from here for each instance.
inline constexpr std::uint32_t kSegmentsPerInstance = 1u << 16;

// What makes a series one and the same over all instances of its process.
std::string keyOf(const ProcessId& process, const std::string& name, Dimensions dimensions);

struct Series {
  SeriesMeta meta;
  Track track;
  bool full = false;  // has had samples, so roll-ups add nothing
};

struct Instance {
  std::uint32_t ordinal = 0;
  std::unordered_map<SeriesIndex, Series*> byIndex;
  std::unordered_map<std::uint32_t, SeenBlocks> rings;
  std::uint32_t clockRing = UINT32_MAX;
};

struct Process {
  ProcessId id;
  AgentId agent;
  std::vector<SeriesId> series;
  std::unordered_map<InstanceId, Instance> instances;
  std::uint32_t nextOrdinal = 0;
  Track clock;                // its ticks against time
  Process* domain = nullptr;  // whose ticks count, itself for a server
  std::string domainName;
};

struct Store::Impl {
  explicit Impl(std::size_t budgetBytes) : budget(budgetBytes) {}

  const std::size_t budget;
  // Written by the source thread alone, which therefore reads them without the lock.
  mutable std::shared_mutex mutex;
  std::vector<std::unique_ptr<Series>> series;
  std::unordered_map<std::string, SeriesId> byKey;
  std::unordered_map<ProcessId, std::unique_ptr<Process>> processes;

  std::atomic<std::uint64_t> revision{0}, points{0}, bytes{0}, duplicates{0}, dropped{0};
  std::atomic<TimeNs> firstTime{0}, lastTime{0};

  // Every track that has sealed chunks, by the beginning of its first; may name tracks whose first chunk is gone.
  struct Oldest {
    TimeNs time = 0;
    Track* track = nullptr;
    bool counted = true;  // its samples are points of the totals
    bool operator>(const Oldest& other) const { return time > other.time; }
  };
  std::priority_queue<Oldest, std::vector<Oldest>, std::greater<>> oldest;
  std::vector<Row> scratch, clockScratch;

  Process& process(const ProcessId& id);
  Instance& instance(Process& process, const InstanceId& id);
  Series& declare(Process& process, const ingest::SeriesInfo& info);
  void declare(Process& process, Instance& instance, const ingest::SeriesInfo& info);
  void change(const ingest::Envelope& envelope, const ingest::ProcessInfo& info);
  void block(const ingest::SampleBlock& block);
  void clock(Process& process, Instance& instance, const ingest::SampleBlock& block);
  void rollup(const ingest::Rollup& rollup);
  void gap(const AgentId& agent, const ingest::Gap& gap);
  void add(Track& track, const Kind& kind, bool breakBefore, std::vector<Row>& rows, bool counted = true);
  void sealTails();
  void shrink();

  const Series* find(SeriesId id) const {
    const std::shared_lock lock(mutex);
    return id.value < series.size() ? series[id.value].get() : nullptr;
  }
  // The track that holds the ticks of the process's domain; `other`: that is not the process's own.
  const Track* domainClock(const ProcessId& id, bool* other) const;
};

}  // namespace qd::series
