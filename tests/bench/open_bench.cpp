// SPDX-License-Identifier: Apache-2.0
// Opening a recording as the console does: until the first sample is in the store, and until the whole overview can be
// painted. The limit is reading the file's bytes once.
#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <optional>

#include "core/recording/recorder.h"
#include "core/recording/recording.h"
#include "core/recording/replay_source.h"
#include "core/series/store.h"
#include "tests/bench/bench.h"
#include "tests/bench/scratch.h"
#include "tests/bench/telemetry.h"

namespace qd::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint64_t kPoints = 10'000'000;

struct FirstSample final : ingest::EventSink {
  void on(const ingest::EnvelopePtr& envelope) override {
    if (!at && std::holds_alternative<ingest::SampleBlock>(envelope->event)) at = Clock::now();
  }
  std::optional<Clock::time_point> at;
};

bool make(const std::string& path) {
  recording::RecorderOptions options;
  options.path = path;
  options.program = "qd_bench";
  options.queueBytes = std::size_t{2} << 30;
  auto recorder = recording::Recorder::open(std::move(options));
  if (!recorder) return false;
  const Shape shape;
  (*recorder)->on(declaration(shape));
  for (std::uint64_t n = 0; n * shape.points() < kPoints; ++n) (*recorder)->on(block(shape, n));
  return (*recorder)->close().has_value();
}

double readSeconds(const std::string& path) {
  std::vector<char> buffer(std::size_t{1} << 20);
  return best(2, [&] {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    while (read(file, buffer.data(), buffer.size()) > 0) {
    }
    close(file);
  });
}

struct Opened {
  double first = std::nan(""), all = std::nan("");  // ms
};

Opened openOnce(const std::string& path) {
  series::Store store(std::size_t{2} << 30);
  FirstSample first;
  ingest::FanOut fan;
  fan.add(store);
  fan.add(first);
  const auto start = Clock::now();
  const auto file = recording::Recording::open(path);
  if (!file || !recording::ReplaySource(**file).run(fan) || !first.at) return {};
  const auto ms = [start](Clock::time_point at) {
    return std::chrono::duration<double, std::milli>(at - start).count();
  };
  return {ms(*first.at), ms(Clock::now())};
}

}  // namespace

QD_BENCH(open_recording) {
  const Scratch scratch;
  const std::string path = scratch / "open.qdrec";
  Opened opened;
  double raw = std::nan("");
  if (make(path)) {
    opened = openOnce(path);
    raw = readSeconds(path) * 1e3;
  }
  report({.name = "open: first sample of 10^7", .unit = "ms", .value = opened.first, .limit = raw, .target = 200});
  report({.name = "open: whole overview of 10^7", .unit = "ms", .value = opened.all, .limit = raw, .target = 200});
}

}  // namespace qd::bench
