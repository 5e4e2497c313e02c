// SPDX-License-Identifier: Apache-2.0
// The series store: what taking in costs beside a bare copy of the same columns, and what a question of 1,200 pixels
// costs at 10^5 and 10^7 points a series.
#include "core/series/store.h"

#include <cstring>
#include <memory>

#include "tests/bench/bench.h"

namespace qd::bench {
namespace {

constexpr int kRows = 1024, kSeries = 8, kPixels = 1200;
const ProcessId kProcess("server-1");

ingest::EnvelopePtr envelope(ingest::Event event) {
  auto made = std::make_shared<ingest::Envelope>();
  made->event = std::move(event);
  return made;
}

ingest::EnvelopePtr process() {
  ingest::ProcessInfo info;
  info.id = kProcess;
  info.instance = InstanceId(1);
  info.kind = ingest::ProcessKind::Server;
  for (std::uint32_t i = 0; i < kSeries; ++i) {
    ingest::SeriesInfo series;
    series.index = SeriesIndex(i);
    series.name = "series." + std::to_string(i);
    series.scale = 6;
    info.series.push_back(std::move(series));
  }
  return envelope(ingest::ProcessChange{info, ""});
}

// The Nth block of 60 Hz telemetry: noisy durations in ns, `series` columns.
ingest::EnvelopePtr block(std::uint64_t n, int series) {
  ingest::SampleBlock b;
  b.process = {kProcess, InstanceId(1)};
  b.firstSequence = n * kRows * kSeries;
  b.count = static_cast<std::uint64_t>(kRows) * kSeries;
  std::uint64_t random = n * 2654435761 + 1;
  for (int i = 0; i < kRows; ++i) {
    const auto tick = static_cast<Tick>(n) * kRows + i;
    b.ticks.push_back(tick);
    b.times.push_back(1'700'000'000'000'000'000 + tick * 16'666'667);
  }
  for (int s = 0; s < series; ++s) {
    std::vector<std::int64_t> values;
    for (int i = 0; i < kRows; ++i) {
      random = random * 6364136223846793005 + 1442695040888963407;
      values.push_back(2'000'000 + static_cast<std::int64_t>(random >> 44));
    }
    b.columns.push_back({SeriesIndex(static_cast<std::uint32_t>(s)), {}, std::move(values)});
  }
  return envelope(std::move(b));
}

double copySeconds(const std::vector<ingest::EnvelopePtr>& blocks) {
  std::vector<std::int64_t> sink(kRows);
  volatile std::int64_t seen = 0;
  return best(5, [&] {
    for (const auto& e : blocks) {
      for (const auto& column : std::get<ingest::SampleBlock>(e->event).columns) {
        std::memcpy(sink.data(), std::get<0>(column.values).data(), kRows * sizeof(std::int64_t));
        seen = seen + sink[7];
      }
    }
  });
}

double querySeconds(std::uint64_t points) {
  series::Store store(std::size_t{1} << 30);
  store.on(process());
  for (std::uint64_t n = 0; n < points / kRows; ++n) store.on(block(n, 1));
  const auto id = store.find(kProcess, "series.0");
  const auto totals = store.totals();
  std::size_t buckets = 0;
  return id ? best(
                  15,
                  [&] {
                    buckets +=
                        store.query(*id, series::Axis::Time, totals.firstTime, totals.lastTime, kPixels).buckets.size();
                  })
            : 0;
}

}  // namespace

QD_BENCH(series_store) {
  std::vector<ingest::EnvelopePtr> blocks;
  for (std::uint64_t n = 0; n < 256; ++n) blocks.push_back(block(n, kSeries));
  const double points = static_cast<double>(blocks.size()) * kRows * kSeries;
  const double spent = best(5, [&] {
    series::Store store;
    store.on(process());
    for (const auto& e : blocks) store.on(e);
  });
  report({.name = "store: taking in, 8 series a block",
          .unit = "M points/s",
          .value = points / spent / 1e6,
          .limit = points / copySeconds(blocks) / 1e6,
          .target = 10,
          .better = Better::More});
  const double few = querySeconds(100'000), many = querySeconds(10'000'000);
  report({.name = "store: query of 1,200 pixels, 10^7 points",
          .unit = "ms",
          .value = many * 1e3,
          .limit = few * 1e3,
          .target = 1});
}

}  // namespace qd::bench
