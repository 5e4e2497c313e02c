// SPDX-License-Identifier: Apache-2.0
// Three ways for one writer and some readers to share a growing series: immutable snapshots behind a lock that is held
// for the copy of pointers (what core/series does), a reader-writer lock for each shard that readers hold while they
// read, and a version that readers check afterwards and try again (compare and swap, as a sequence lock). The same
// data, the same question: fold 1,200 columns of 2^20 samples while 64 more are added at a time.
// docs/snapshot-design.md keeps the table and says what it decides.
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/bench.h"

namespace qd::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kChunk = 1024, kChunks = 1024, kBlock = 64, kColumns = 1200, kSeries = 8;
constexpr int kReaders = 2;
constexpr std::chrono::milliseconds kFor(700);

struct Fold {
  std::int64_t min = INT64_MAX, max = INT64_MIN;
  void add(const Fold& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
  }
};
struct Chunk {
  std::array<std::int64_t, kChunk> values;
  Fold fold;
};
using ChunkPtr = std::shared_ptr<const Chunk>;

std::int64_t valueAt(std::uint64_t i) {
  return static_cast<std::int64_t>((i * 0x9e3779b97f4a7c15) >> 40);
}
std::shared_ptr<Chunk> chunkAt(std::uint64_t from) {
  auto chunk = std::make_shared<Chunk>();
  for (std::size_t i = 0; i < kChunk; ++i) {
    chunk->values[i] = valueAt(from + i);
    chunk->fold.add({chunk->values[i], chunk->values[i]});
  }
  return chunk;
}

// What a question reads: the folds of all chunks, column by column, and the tail sample by sample.
template <class Chunks>
std::int64_t ask(const Chunks& chunks, const std::int64_t* tail, std::size_t size) {
  std::int64_t seen = 0;
  Fold column;
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    column.add(chunks[c]->fold);
    if (c * kColumns / kChunks != (c + 1) * kColumns / kChunks) seen += std::exchange(column, {}).max;
  }
  for (std::size_t i = 0; i < size; ++i) column.add({tail[i], tail[i]});
  return seen + column.max;
}

// One list for all that write; a ring of chunks, so that the question stays the same size.
struct Snapshots {
  using List = std::vector<ChunkPtr>;
  std::mutex mutex;
  std::shared_ptr<const List> list;
  std::shared_ptr<Chunk> tail = std::make_shared<Chunk>();
  std::size_t size = 0;
  std::uint64_t next = 0;

  Snapshots() {
    auto made = std::make_shared<List>();
    for (std::size_t c = 0; c < kChunks; ++c) made->push_back(chunkAt(c * kChunk));
    list = std::move(made);
  }
  void write() {
    for (std::size_t i = 0; i < kBlock; ++i) tail->values[size + i] = valueAt(next++);
    if (size + kBlock < kChunk) {
      const std::lock_guard lock(mutex);
      size += kBlock;
      return;
    }
    auto more = std::make_shared<List>(list->begin() + 1, list->end());
    more->push_back(tail);
    auto empty = std::make_shared<Chunk>();
    std::shared_ptr<const List> grown = std::move(more);
    const std::lock_guard lock(mutex);
    list.swap(grown);
    tail.swap(empty);
    size = 0;
  }
  std::int64_t read() {
    std::shared_ptr<const List> seen;
    std::shared_ptr<Chunk> open;
    std::size_t count = 0;
    {
      const std::lock_guard lock(mutex);
      seen = list;
      open = tail;
      count = size;
    }
    return ask(*seen, open->values.data(), count);
  }
};

// Readers hold the lock while they read: nothing is copied, but the writer waits for them.
struct Locked {
  std::shared_mutex mutex;
  std::vector<std::shared_ptr<Chunk>> chunks;
  std::array<std::int64_t, kChunk> tail{};
  std::size_t size = 0, oldest = 0;
  std::uint64_t next = 0;

  Locked() {
    for (std::size_t c = 0; c < kChunks; ++c) chunks.push_back(chunkAt(c * kChunk));
  }
  void write() {
    const std::unique_lock lock(mutex);
    for (std::size_t i = 0; i < kBlock; ++i) tail[size++] = valueAt(next++);
    if (size < kChunk) return;
    chunks[oldest]->values = tail;
    oldest = (oldest + 1) % kChunks;
    size = 0;
  }
  std::int64_t read() {
    const std::shared_lock lock(mutex);
    return ask(chunks, tail.data(), size);
  }
};

// Nobody waits: a reader that was overtaken by a write reads again. Everything it reads is atomic, as the language
// asks.
struct Versioned {
  struct Slot {
    std::atomic<std::int64_t> min, max;
  };
  std::atomic<std::uint64_t> version{0};
  std::vector<Slot> folds = std::vector<Slot>(kChunks);
  std::vector<std::array<std::int64_t, kChunk>> values = std::vector<std::array<std::int64_t, kChunk>>(kChunks);
  std::array<std::atomic<std::int64_t>, kChunk> tail{};
  std::atomic<std::size_t> size{0};
  std::size_t oldest = 0;
  std::uint64_t next = 0;

  Versioned() {
    for (std::size_t c = 0; c < kChunks; ++c) {
      const auto chunk = chunkAt(c * kChunk);
      values[c] = chunk->values;
      folds[c].min = chunk->fold.min;
      folds[c].max = chunk->fold.max;
    }
  }
  void write() {
    std::uint64_t even = version.load(std::memory_order_relaxed);
    version.compare_exchange_strong(even, even + 1, std::memory_order_acq_rel);
    std::size_t at = size.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < kBlock; ++i) tail[at++].store(valueAt(next++), std::memory_order_relaxed);
    if (at == kChunk) {
      Fold fold;
      for (std::size_t i = 0; i < kChunk; ++i) {
        const std::int64_t value = tail[i].load(std::memory_order_relaxed);
        values[oldest][i] = value;
        fold.add({value, value});
      }
      folds[oldest].min.store(fold.min, std::memory_order_relaxed);
      folds[oldest].max.store(fold.max, std::memory_order_relaxed);
      oldest = (oldest + 1) % kChunks;
      at = 0;
    }
    size.store(at, std::memory_order_relaxed);
    version.store(even + 2, std::memory_order_release);
  }
  std::int64_t read() {
    while (true) {
      const std::uint64_t before = version.load(std::memory_order_acquire);
      std::int64_t seen = 0;
      Fold column;
      for (std::size_t c = 0; c < kChunks; ++c) {
        column.add({folds[c].min.load(std::memory_order_relaxed), folds[c].max.load(std::memory_order_relaxed)});
        if (c * kColumns / kChunks != (c + 1) * kColumns / kChunks) seen += std::exchange(column, {}).max;
      }
      const std::size_t count = size.load(std::memory_order_relaxed);
      for (std::size_t i = 0; i < count; ++i) {
        const std::int64_t value = tail[i].load(std::memory_order_relaxed);
        column.add({value, value});
      }
      std::atomic_thread_fence(std::memory_order_acquire);
      if (before % 2 == 0 && version.load(std::memory_order_relaxed) == before) return seen + column.max;
    }
  }
};

double us(Clock::time_point from) {
  return std::chrono::duration<double, std::micro>(Clock::now() - from).count();
}

struct Outcome {
  std::vector<double> writes, reads;  // us each
  double seconds = 0;
};

// One writer as fast as it can, or one block of each series in a millisecond; the readers as fast as they can.
template <class Design>
Outcome race(bool flatOut) {
  std::vector<std::unique_ptr<Design>> series;
  for (std::size_t s = 0; s < kSeries; ++s) series.push_back(std::make_unique<Design>());
  Outcome out;
  std::atomic<bool> done{false};
  std::vector<std::vector<double>> reads(kReaders);
  std::vector<std::thread> readers;
  std::atomic<std::int64_t> seen{0};
  for (int r = 0; r < kReaders; ++r) {
    readers.emplace_back([&, r] {
      for (std::size_t i = 0; !done.load(std::memory_order_relaxed); ++i) {
        const auto start = Clock::now();
        seen.fetch_add(series[i % kSeries]->read(), std::memory_order_relaxed);
        reads[static_cast<std::size_t>(r)].push_back(us(start));
      }
    });
  }
  const auto begin = Clock::now();
  auto due = begin;
  while (Clock::now() - begin < kFor) {
    for (auto& one : series) {
      const auto start = Clock::now();
      one->write();
      out.writes.push_back(us(start));
    }
    if (!flatOut) std::this_thread::sleep_until(due += std::chrono::milliseconds(1));
  }
  out.seconds = us(begin) / 1e6;
  done = true;
  for (std::thread& reader : readers) reader.join();
  for (const auto& part : reads) out.reads.insert(out.reads.end(), part.begin(), part.end());
  return out;
}

template <class Design>
void measure(const Report& report, const std::string& name) {
  for (const bool flatOut : {true, false}) {
    const Outcome o = race<Design>(flatOut);
    const std::string how = name + (flatOut ? ", writer flat out" : ", 8 blocks a ms");
    report({.name = "snapshot: " + how + ", write p99", .unit = "us", .value = quantile(o.writes, 0.99)});
    report({.name = "snapshot: " + how + ", write worst", .unit = "us", .value = quantile(o.writes, 1)});
    report({.name = "snapshot: " + how + ", read p99", .unit = "us", .value = quantile(o.reads, 0.99)});
    report({.name = "snapshot: " + how + ", written",
            .unit = "M points/s",
            .value = static_cast<double>(o.writes.size() * kBlock) / o.seconds / 1e6,
            .better = Better::More});
    report({.name = "snapshot: " + how + ", questions",
            .unit = "1/s",
            .value = static_cast<double>(o.reads.size()) / o.seconds,
            .better = Better::More});
  }
}

}  // namespace

QD_BENCH(snapshot) {
  measure<Snapshots>(report, "immutable");
  measure<Locked>(report, "rw lock");
  measure<Versioned>(report, "versions");
  // Beside the samples: a list of pointers is copied for each sealed chunk, and lives as long as a reader reads it.
  report({.name = "snapshot: immutable, kept twice while read",
          .unit = "KiB/series",
          .value = static_cast<double>(kChunks * sizeof(ChunkPtr) + sizeof(Chunk)) / 1024});
}

}  // namespace qd::bench
