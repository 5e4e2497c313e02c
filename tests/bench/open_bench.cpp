// SPDX-License-Identifier: Apache-2.0
// Opening a recording as the console does, the first picture of all of it, and jumping anywhere until the samples there
// can be painted: at 10^6, 10^7 and 10^8 points, which should make no difference. The files' pages are dropped from the
// cache before each. The limits: opening the file and reading a mebibyte of it; reading as many bytes as the jump
// needs.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <utility>

#include "core/recording/recorded_samples.h"
#include "core/recording/replay_feed.h"
#include "core/recording/writer.h"
#include "core/series/store.h"
#include "tests/bench/bench.h"
#include "tests/bench/scratch.h"
#include "tests/bench/telemetry.h"

namespace qd::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kShown = 8, kPixels = 1200, kJumps = 20;
constexpr TimeNs kWindow = 10 * kNsPerSecond;

double msSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

bool make(const std::string& path, std::uint64_t points) {
  auto writer = recording::Writer::create(path, "qd_bench");
  if (!writer) return false;
  const Shape shape;
  std::vector<ingest::EnvelopePtr> some{declaration(shape)};
  for (std::uint64_t n = 0; n * shape.points() < points; ++n) {
    some.push_back(block(shape, n));
    if (some.size() < 1024) continue;
    if (!(*writer)->commit(some)) return false;
    some.clear();
  }
  return (*writer)->commit(some) && (*writer)->finish();
}

void forget(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)fdatasync(file);
  (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  close(file);
}

// Reads `bytes` at each of `places` places spread over the file.
double readMs(const std::string& path, std::size_t bytes, int places) {
  std::vector<char> buffer(bytes);
  forget(path);
  const auto size = static_cast<off_t>(std::filesystem::file_size(path));
  const auto start = Clock::now();
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  for (int i = 0; i < places; ++i) (void)!pread(file, buffer.data(), bytes, size / (places + 1) * i);
  close(file);
  return msSince(start);
}

struct Console {
  explicit Console(const std::string& path) {
    const auto opened = recording::RecordedSamples::open(path);
    if (!opened) return;
    samples = *opened;
    // The worker's part is done here, so that what is measured is the work and not a thread's turn.
    store.setColdSource(samples, [this](std::function<void()> task) { later.push_back(std::move(task)); });
    samples->adoptInto(store);
    recording::ReplayFeedSinks sinks;
    sinks.events = &nobody;
    auto made = recording::ReplayFeed::open(path, sinks);
    if (made) feed = std::move(*made);
    series = store.list();
  }
  ~Console() { store.setColdSource(nullptr, {}); }

  // Asked as a plot does, until nothing better comes; false: it never settles.
  bool paint(TimeNs from, TimeNs to) {
    for (int round = 0; round < 20; ++round) {
      bool refining = false;
      for (int i = 0; i < kShown && i < static_cast<int>(series.size()); ++i) {
        refining =
            store.query(series[static_cast<std::size_t>(i)].id, series::Axis::Time, from, to, kPixels).refining ||
            refining;
      }
      if (!refining) return true;
      for (const auto& task : std::exchange(later, {})) task();
    }
    return false;
  }

  struct Nobody final : ingest::EventSink {
    void on(const ingest::EnvelopePtr&) override {}
  };
  Nobody nobody;
  std::vector<std::function<void()>> later;
  series::Store store;
  std::shared_ptr<recording::RecordedSamples> samples;
  std::unique_ptr<recording::ReplayFeed> feed;
  std::vector<series::SeriesMeta> series;
};

struct Measured {
  double open = std::nan(""), overview = std::nan(""), jump = std::nan(""), jumpWorst = std::nan("");  // ms
};

Measured measure(const std::string& path) {
  Measured out;
  forget(path);
  const auto start = Clock::now();
  Console console(path);
  if (console.series.empty()) return out;
  out.open = msSince(start);
  const auto totals = console.store.totals();
  const auto overview = Clock::now();
  if (!console.paint(totals.firstTime, totals.lastTime)) return out;
  out.overview = msSince(overview);
  std::vector<double> jumps;
  std::uint64_t state = 42;
  for (int i = 0; i < kJumps; ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    const auto length = static_cast<std::uint64_t>(std::max<TimeNs>(totals.lastTime - totals.firstTime - kWindow, 1));
    const TimeNs from = totals.firstTime + static_cast<TimeNs>((state >> 1) % length);
    forget(path);
    const auto jump = Clock::now();
    if (!console.paint(from, from + kWindow)) return out;
    jumps.push_back(msSince(jump));
  }
  out.jump = quantile(jumps, 0.5);
  out.jumpWorst = quantile(jumps, 1);
  return out;
}

}  // namespace

QD_BENCH(open_recording) {
  Measured smallest;
  for (const int power : {6, 7, 8}) {
    const Scratch scratch;
    const std::string path = scratch / "open.qdrec";
    Measured m;
    double openLimit = std::nan(""), jumpLimit = std::nan("");
    if (make(path, static_cast<std::uint64_t>(std::pow(10, power)))) {
      openLimit = readMs(path, std::size_t{1} << 20, 1);
      jumpLimit = readMs(path, std::size_t{32} << 10, kShown + 1);
      m = measure(path);
    }
    const std::string of = fmt::format("10^{}", power);
    report({.name = "open: " + of + ", all series known",
            .unit = "ms",
            .value = m.open,
            .limit = openLimit,
            .target = 200});
    report({.name = "open: " + of + ", then the whole painted", .unit = "ms", .value = m.overview, .limit = openLimit});
    report({.name = "seek: " + of + ", to first paint, median",
            .unit = "ms",
            .value = m.jump,
            .limit = jumpLimit,
            .target = 50});
    report({.name = "seek: " + of + ", worst of 20",
            .unit = "ms",
            .value = m.jumpWorst,
            .limit = jumpLimit,
            .target = 50});
    if (power == 6) smallest = m;
    if (power != 8) continue;
    report({.name = "open: t(10^8)/t(10^6)", .unit = "", .value = m.open / smallest.open, .target = 2});
    report({.name = "seek: t(10^8)/t(10^6)", .unit = "", .value = m.jump / smallest.jump, .target = 2});
  }
}

}  // namespace qd::bench
