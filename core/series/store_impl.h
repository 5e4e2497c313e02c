// SPDX-License-Identifier: Apache-2.0
// What is behind the store: its series and processes, how events get into them (intake.cpp), what leaves when the
// budget is full (budget.cpp) and how it comes back (store_cold.cpp). The source thread alone changes series and
// processes, under `mutex` where readers look, and reads them without; tracks and counters guard themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/series/cold_loader.h"
#include "core/series/meter.h"
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
  explicit Series(Meter& meter) : track(meter) {}
  SeriesMeta meta;
  Track track;
  bool full = false;                // has had samples, so roll-ups add nothing
  const Page* following = nullptr;  // is told when that page is full
};

// One ring of one instance: what came, and the rows of the page that its series share.
struct Ring {
  SeenBlocks seen;
  PagePtr page;
  std::vector<Series*> followers;
};

struct Instance {
  std::uint32_t ordinal = 0;
  bool adopted = false;
  std::size_t bytes = 0;       // that it takes itself, sequences apart
  std::vector<Series*> dense;  // by index, where it is small
  std::unordered_map<SeriesIndex, Series*> byIndex;
  std::unordered_map<std::uint32_t, Ring> rings;
  std::uint32_t clockRing = UINT32_MAX;

  static constexpr std::uint32_t kDense = 4096;
  Series* find(SeriesIndex index) const {
    if (index.value < dense.size()) return dense[index.value];
    const auto found = byIndex.find(index);
    return found == byIndex.end() ? nullptr : found->second;
  }
};

struct Process {
  explicit Process(Meter& meter) : clock(meter) {}
  ProcessId id;
  AgentId agent;
  std::vector<SeriesId> series;
  std::unordered_map<InstanceId, Instance> instances;
  std::unordered_map<std::uint32_t, InstanceId> byOrdinal;  // of all instances that there were
  std::uint32_t nextOrdinal = 0;
  Track clock;                // its ticks against time
  Process* domain = nullptr;  // whose ticks count, itself for a server
  std::string domainName;
};

struct Store::Impl {
  explicit Impl(std::size_t budgetBytes) : budget(budgetBytes) {}

  const std::size_t budget;
  Meter meter;
  // Written by the source thread alone, which therefore reads them without the lock.
  mutable std::shared_mutex mutex;
  std::vector<std::unique_ptr<Series>> series;
  std::unordered_map<std::string, SeriesId> byKey;
  std::unordered_map<ProcessId, std::unique_ptr<Process>> processes;
  std::size_t described = 0;  // bytes that series, processes and instances take themselves

  std::atomic<std::uint64_t> revision{0}, points{0}, duplicates{0}, dropped{0}, refused{0}, loads{0};
  std::atomic<TimeNs> firstTime{0}, lastTime{0};
  std::vector<Row> scratch, clockScratch;
  std::vector<const ingest::Column*> usable;
  std::size_t openPages = 0;
  std::uint64_t lost = 0;  // samples of the block at hand that there was no room for

  // --- intake.cpp ---
  Process* process(const ProcessId& id);
  Instance* instance(Process& process, const InstanceId& id);
  Series* declare(Process& process, const ingest::SeriesInfo& info);
  void declare(Process& process, Instance& instance, const ingest::SeriesInfo& info);
  void change(const ingest::Envelope& envelope, const ingest::ProcessInfo& info);
  void derived(const ingest::DerivedSeries& series);
  void rollup(const ingest::Rollup& rollup);
  void gap(const AgentId& agent, const ingest::Gap& gap);
  // False: there is no room, the rows are lost.
  bool add(Track& track, const Kind& kind, bool breakBefore, std::vector<Row>& rows);
  bool addCounted(Track& track, const Kind& kind, std::vector<Row>& rows);
  void count(std::uint64_t samples, TimeNs first, TimeNs last);
  bool describe(std::size_t bytes);  // false: there is no room

  // --- blocks.cpp ---
  void block(const ingest::SampleBlock& block);
  void clock(Process& process, Instance& instance, const ingest::SampleBlock& block);
  bool onPage(Ring& ring, const ingest::SampleBlock& block);
  bool newPage(Ring& ring);
  void lateColumn(Instance& instance, const ingest::SampleBlock& block, const ingest::Column& column);
  void column(Instance& instance, const ingest::SampleBlock& block, const ingest::Column& column);
  void pagePart(Instance& instance, Ring& ring, const ingest::SampleBlock& block, const ingest::Column& column,
                std::size_t row, std::size_t rows);
  void closePage(Ring& ring);
  void fillPage(Instance& instance, Ring& ring, const ingest::SampleBlock& block);
  void closePages(Process& process);

  // --- budget.cpp: any thread ---
  struct Oldest {
    TimeNs time = 0;
    Track* track = nullptr;
    bool operator>(const Oldest& other) const { return time > other.time; }
  };
  struct Loaded {
    Track* track = nullptr;
    Extent extent;
    std::size_t bytes = 0;
  };
  std::mutex keeping;  // guards what follows
  std::priority_queue<Oldest, std::vector<Oldest>, std::greater<>> oldest;
  std::deque<Loaded> loaded;
  std::size_t loadedBytes = 0, coldBytes = 0, nextTail = 0;
  // What sealing one chunk may take for a moment: the new branches stand beside those that they replace. The keeper
  // itself needs as much, which nobody else gets.
  std::size_t step() const { return std::min<std::size_t>(std::size_t{256} << 10, budget / 16); }
  std::size_t limit() const { return budget - step(); }
  // Room for `bytes` and such a step, while the Claim is held. None: readers hold on to so much of what already left
  // that there is none at the moment; the caller does without what it meant to make.
  Claim makeRoom(std::size_t bytes);
  void noteLive(Track& track);
  void noteLoaded(Track& track, const std::vector<Extent>& chunks);
  void shrink(std::size_t bytes);
  std::size_t dropLoaded();
  std::size_t coolOldest();
  std::size_t everywhere(const std::function<std::size_t(Track&)>& step);
  std::size_t forgetOldest();
  std::size_t coolTails(std::size_t wanted);

  // --- store_cold.cpp ---
  mutable std::mutex loaderMutex;
  std::shared_ptr<ColdLoader> loader;
  bool request(const Track& track, std::uint32_t series, const ProcessId& process,
               const std::vector<Wanted>& wanted) const;
  std::optional<ColdLoader::Order> resolve(const ColdLoader::Job& job) const;
  void apply(const ColdLoader::Job& job, const ColdLoad& load, std::uint32_t firstSegment);

  const Series* find(SeriesId id) const {
    const std::shared_lock lock(mutex);
    return id.value < series.size() ? series[id.value].get() : nullptr;
  }
  // The process whose track holds the ticks of this one's domain; `other`: that is not the process itself.
  const Process* domainOf(const ProcessId& id, bool* other) const;
};

}  // namespace qd::series
