// SPDX-License-Identifier: Apache-2.0
// The series store: what taking in costs beside a bare copy of the same columns, and what questions of 1,200 pixels
// cost at 10^4 to 10^8 points a series, one of which is a spike that must be in the answer.
#include "core/series/store.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>

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

constexpr std::int64_t kSpike = 9'000'000'000;
constexpr int kExponents[] = {4, 5, 6, 7, 8};

// One series of 10^exponent points, of which one in the middle is a spike.
std::unique_ptr<series::Store> filled(std::uint64_t points) {
  auto store = std::make_unique<series::Store>(std::size_t{2} << 30);
  store->on(process());
  const std::uint64_t blocks = points / kRows + 1;
  for (std::uint64_t n = 0; n < blocks; ++n) {
    auto made = std::make_shared<ingest::Envelope>(*block(n, 1));
    if (n == blocks / 2) std::get<0>(std::get<ingest::SampleBlock>(made->event).columns[0].values)[77] = kSpike;
    store->on(made);
  }
  return store;
}

struct Costs {
  double query = 0, percentiles = 0, statistics = 0;  // seconds
  bool spike = false;
  double bytes = 0;  // a point
};

Costs costsOf(std::uint64_t points) {
  const auto store = filled(points);
  Costs costs;
  const auto id = store->find(kProcess, "series.0");
  if (!id) return costs;
  const auto totals = store->totals();
  constexpr double kFractions[] = {0.5, 0.95, 0.99};
  const auto range = [&](auto ask) { return best(7, [&] { ask(totals.firstTime, totals.lastTime); }); };
  double most = 0;
  costs.query = range([&](TimeNs from, TimeNs to) {
    for (const auto& b : store->query(*id, series::Axis::Time, from, to, kPixels).buckets) most = std::max(most, b.max);
    for (const auto& s : store->query(*id, series::Axis::Time, from, to, kPixels).samples) {
      most = std::max(most, s.value);
    }
  });
  costs.query /= 2;
  costs.percentiles = range([&](TimeNs from, TimeNs to) {
    (void)store->percentiles(*id, series::Axis::Time, from, to, kPixels / 4, kFractions);
  });
  costs.statistics = range([&](TimeNs from, TimeNs to) { (void)store->statistics(*id, series::Axis::Time, from, to); });
  costs.spike = most == static_cast<double>(kSpike) / 1e6;
  costs.bytes = static_cast<double>(totals.bytes) / static_cast<double>(totals.points);
  return costs;
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
  double few = 0;
  for (const int exponent : kExponents) {
    const Costs costs = costsOf(static_cast<std::uint64_t>(std::pow(10, exponent)));
    if (exponent == 5) few = costs.query;
    const std::string what = "10^" + std::to_string(exponent) + " points";
    Figure query{.name = "store: query of 1,200 pixels, " + what, .unit = "ms", .value = costs.query * 1e3};
    if (exponent > 5) query.limit = few * 1e3;  // flat: what 10^5 cost
    query.target = 0.25;                        // 8 series are half of a redraw's 4 ms
    report(query);
    report({.name = "store: p50, p95, p99 of 300 columns, " + what, .unit = "ms", .value = costs.percentiles * 1e3});
    report({.name = "store: statistics, " + what, .unit = "ms", .value = costs.statistics * 1e3});
    report({.name = "store: the spike is there, " + what,
            .unit = "of 1",
            .value = costs.spike ? 1.0 : 0.0,
            .target = 1,
            .better = Better::More});
    if (exponent == 8) report({.name = "store: memory, " + what, .unit = "bytes/pt", .value = costs.bytes});
  }
}

}  // namespace qd::bench
