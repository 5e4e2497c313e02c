// SPDX-License-Identifier: Apache-2.0
// Memory over a soak: a store of 24 MiB that is given many times as much, live series that are looked at meanwhile, now
// and then a restart. The store's own count and the process's resident memory are taken in the first and the last tenth
// after the warming up. QD_SOAK_SECONDS=3600 makes it long (default: 4).
#include <stdlib.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "core/series/store.h"
#include "tests/bench/bench.h"
#include "tests/bench/telemetry.h"

namespace qd::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBudget = std::size_t{24} << 20;

double residentMib() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

double secondsAsked() {
  const char* text = getenv("QD_SOAK_SECONDS");
  const double asked = text == nullptr ? 0 : std::atof(text);
  return asked > 0 ? asked : 4;
}

ingest::EnvelopePtr restarted(const ingest::EnvelopePtr& from, std::uint64_t instance) {
  auto copy = std::make_shared<ingest::Envelope>(*from);
  if (auto* block = std::get_if<ingest::SampleBlock>(&copy->event)) {
    block->process.instance = InstanceId(instance);
  } else if (auto* change = std::get_if<ingest::ProcessChange>(&copy->event)) {
    change->info.instance = InstanceId(instance);
  }
  return copy;
}

}  // namespace

QD_BENCH(soak) {
  const Shape shape;
  series::Store store(kBudget);
  std::uint64_t instance = 1, points = 0;
  store.on(restarted(declaration(shape), instance));
  const double seconds = secondsAsked();
  const auto start = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - start).count() / seconds; };
  double worst = 0, early = 0, late = 0;
  for (std::uint64_t n = 0; passed() < 1; ++n) {
    if (n % 20'000 == 19'999) store.on(restarted(declaration(shape), ++instance));
    store.on(restarted(block(shape, n), instance));
    points += shape.points();
    worst = std::fmax(worst, static_cast<double>(store.totals().bytes));
    if (n % 64 != 0) continue;
    const auto totals = store.totals();
    for (const auto& meta : store.list()) {
      (void)store.query(meta.id, series::Axis::Time, totals.firstTime, totals.lastTime, 300);
    }
    const double share = passed();
    if (share > 0.3 && share < 0.4) early = std::fmax(early, residentMib());
    if (share > 0.9) late = std::fmax(late, residentMib());
  }
  report({.name = "soak: store at most",
          .unit = "MiB",
          .value = worst / (1 << 20),
          .limit = static_cast<double>(kBudget) / (1 << 20),
          .target = static_cast<double>(kBudget) / (1 << 20)});
  report({.name = "soak: resident at the end, limit: after a third",
          .unit = "MiB",
          .value = late == 0 ? std::nan("") : late,
          .limit = early,
          .target = early * 1.05});
  report({.name = "soak: taken in",
          .unit = "M points",
          .value = static_cast<double>(points) / 1e6,
          .better = Better::More});
}

}  // namespace qd::bench
