// SPDX-License-Identifier: Apache-2.0
// The recorder: from on() to a closed file with checksums, synchronised as the recorder does it (SQLite's NORMAL),
// beside the bare work that cannot be spared: packing the same columns with the same packer and write() with one
// fdatasync().
#include "core/recording/recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cmath>

#include "core/recording/pack.h"
#include "tests/bench/bench.h"
#include "tests/bench/scratch.h"
#include "tests/bench/telemetry.h"

namespace qd::bench {
namespace {

constexpr std::size_t kBlocksInAColumn = 128;  // 4,096 values, like a chunk of the recorder

struct Recorded {
  double seconds = std::nan("");
  std::uint64_t bytes = 0, dropped = 0;
};

Recorded record(const Shape& shape, const std::vector<ingest::EnvelopePtr>& all) {
  const Scratch scratch;
  const auto start = std::chrono::steady_clock::now();
  recording::RecorderOptions options;
  options.path = scratch / "r.qdrec";
  options.program = "qd_bench";
  options.queueBytes = std::size_t{2} << 30;
  auto recorder = recording::Recorder::open(std::move(options));
  if (!recorder) return {};
  (*recorder)->on(declaration(shape));
  for (const auto& envelope : all) (*recorder)->on(envelope);
  if (!(*recorder)->close()) return {};
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {seconds, std::filesystem::file_size((*recorder)->path()), (*recorder)->status().dropped};
}

template <class T>
std::vector<std::vector<T>> columnsOf(const Shape& shape, const std::vector<ingest::EnvelopePtr>& all) {
  std::vector<std::vector<T>> out;
  for (std::size_t first = 0; first < all.size(); first += kBlocksInAColumn) {
    for (std::size_t series = 0; series < static_cast<std::size_t>(shape.series); ++series) {
      std::vector<T>& column = out.emplace_back();
      for (std::size_t i = first; i < std::min(first + kBlocksInAColumn, all.size()); ++i) {
        const auto& values =
            std::get<std::vector<T>>(std::get<ingest::SampleBlock>(all[i]->event).columns[series].values);
        column.insert(column.end(), values.begin(), values.end());
      }
    }
  }
  return out;
}

bool writeAll(int file, const recording::Bytes& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = write(file, bytes.data() + done, bytes.size() - done);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

// Seconds of packing, write() and fdatasync().
template <class T>
double bareSeconds(const std::vector<std::vector<T>>& columns) {
  const Scratch scratch;
  bool ok = true;
  const double seconds = best(2, [&] {
    const int file = open((scratch / "bare").c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    recording::Packer packer;
    recording::Bytes bytes;
    for (const auto& column : columns) {
      if constexpr (std::is_same_v<T, double>) {
        packer.doubles(column, bytes);
      } else {
        packer.ints(column, bytes);
      }
      if (bytes.size() < (std::size_t{4} << 20)) continue;
      ok = writeAll(file, bytes) && ok;
      bytes.clear();
    }
    ok = writeAll(file, bytes) && fdatasync(file) == 0 && ok;
    close(file);
  });
  return ok ? seconds : std::nan("");
}

template <class T>
void measure(const Report& report, const std::string& kind, const Shape& shape, std::uint64_t points, double target) {
  const auto all = blocks(shape, points);
  const double count = static_cast<double>(all.size() * shape.points()) / 1e6;
  Recorded recorded = record(shape, all);
  const Recorded again = record(shape, all);
  if (again.seconds < recorded.seconds) recorded = again;
  report({.name = "recorder: " + kind + " to disk",
          .unit = "M points/s",
          .value = count / recorded.seconds,
          .limit = count / bareSeconds(columnsOf<T>(shape, all)),
          .target = target,
          .better = Better::More});
  report({.name = "recorder: size, synthetic " + kind,
          .unit = "bytes/pt",
          .value = static_cast<double>(recorded.bytes) / 1e6 / count});
}

}  // namespace

QD_BENCH(recorder) {
  measure<std::int64_t>(report, "integers", {}, 8'000'000, 30);
  measure<double>(report, "doubles", {.doubles = true}, 4'000'000, 15);
}

}  // namespace qd::bench
