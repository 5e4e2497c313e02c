// SPDX-License-Identifier: Apache-2.0
// All series of one session: written by one source thread (EventSink), read by any thread through immutable snapshots,
// so that neither side ever waits for the other. Queries touch O(pixels) memory and never do I/O. What the budget does
// not hold is cold: known by its extents, answered with the best level at hand (`refining`), and loaded from a
// ColdSource on another thread.
// Values are in displayed units (raw * 10^-scale), raw integers are kept exactly; x is UTC ns or ticks of the domain.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/sketch.h"
#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"
#include "core/series/cold.h"
#include "core/series/extent.h"

namespace qd::series {

// A series in this store: (process, name, dimensions), over all instances of the process. Valid for its lifetime.
using SeriesId = StrongId<struct SeriesHandleTag, std::uint32_t>;

enum class Axis { Time, Tick };

struct SeriesMeta {
  SeriesId id;
  ProcessId process;
  ingest::SeriesInfo info;
  std::string label() const;  // "net.rtt{client=3}"
};

struct Sample {
  Tick tick = 0;
  TimeNs time = 0;
  double value = 0;
};

// Samples [x0, x1] folded into one column of the screen. A gap of the recording stays a gap: no bucket spans it.
struct Bucket {
  std::int64_t x0 = 0, x1 = 0;
  double min = 0, max = 0, mean = 0, last = 0;
  std::uint64_t count = 0;
};

struct RangeResult {
  bool exact = false;                // `samples` holds every sample of the range; else `buckets`
  std::vector<Sample> samples;       // ascending
  std::vector<Bucket> buckets;       // ascending, at most about 2 a pixel
  std::vector<std::int64_t> breaks;  // x before which the line is interrupted (restart, gap, new segment)
  bool refining = false;             // better data is on its way
  bool coarse = false;               // buckets wider than a pixel stand for samples that are not in RAM
};

struct Statistics {
  std::uint64_t n = 0;
  double min = 0, mean = 0, p50 = 0, p95 = 0, p99 = 0, max = 0;
  bool exact = false;     // else the percentiles are within Sketch::kRelativeError
  bool refining = false;  // better figures are on their way
};

// The distribution of the samples [x0, x1], which lie in one column of the screen (or in several, of what is cold).
struct SketchColumn {
  std::int64_t x0 = 0, x1 = 0;
  Summary summary;
  Sketch sketch;
};

struct Percentiles {
  std::int64_t x0 = 0, x1 = 0;
  std::uint64_t count = 0;
  std::vector<double> values;  // of the fractions that were asked for, within Sketch::kRelativeError
};

// A sample as it came: bits of an int64 (displayed = raw * 10^-scale) or of a double.
struct ExactSample {
  Tick tick = 0;
  TimeNs time = 0;
  std::uint64_t bits = 0;
  bool integer = false;
  std::int8_t scale = 0;
};

struct StoreTotals {
  std::uint64_t points = 0;  // known, in RAM or not
  std::uint64_t bytes = 0, duplicates = 0, dropped = 0;
  std::uint64_t refused = 0;  // series that the budget has no room for
  TimeNs firstTime = 0, lastTime = 0;
  std::uint64_t mostBytes = 0;  // that there ever were at one instant
};

class Store final : public ingest::EventSink {
 public:
  // `budgetBytes`: the store's memory, all of it, is never more; the samples of the oldest chunks go first. What
  // readers still look at counts too, and where they hold on to so much that nothing else can go, what comes is dropped
  // and counted. What a query itself works with and gives out is its caller's.
  explicit Store(std::size_t budgetBytes = std::size_t{512} << 20);
  ~Store() override;

  void on(const ingest::EnvelopePtr& envelope) override;
  // Derived series (joined or computed in the console): declared once, then appended in order. Source thread.
  SeriesId declareDerived(const ProcessId& process, ingest::SeriesInfo info);
  void append(SeriesId id, std::span<const Sample> samples);
  // What a recording holds of one series of one process instance, ascending; the series is declared if it is new.
  // Sample blocks of an instance of which something was adopted are left out from then on. Source thread. Empty: the
  // budget has no room for the series.
  std::optional<SeriesId> adopt(const ingest::ProcessRef& process, const ingest::SeriesInfo& info,
                                std::vector<ColdExtent> extents);
  // And which tick was when; values do not count.
  void adoptClock(const ingest::ProcessRef& process, std::vector<ColdExtent> extents);

  // Any thread, from here on.
  // Where what is cold comes from; null: nowhere. Waits for a load that runs.
  void setColdSource(std::shared_ptr<ColdSource> source, Executor executor, ColdOptions options = {});
  std::uint64_t loads() const;     // +1 whenever something was loaded: what was `refining` may be better now
  std::uint64_t revision() const;  // +1 whenever the list of series changes
  std::vector<SeriesMeta> list() const;
  std::vector<SeriesMeta> list(const ProcessId& process) const;
  std::optional<SeriesMeta> meta(SeriesId id) const;
  // Without dimensions the plain series of that name is meant.
  std::optional<SeriesId> find(const ProcessId& process, const std::string& name,
                               const std::vector<std::pair<std::string, std::string>>& dimensions = {}) const;

  RangeResult query(SeriesId id, Axis axis, std::int64_t from, std::int64_t to, int pixels) const;
  Statistics statistics(SeriesId id, Axis axis, std::int64_t from, std::int64_t to) const;
  // Percentiles over each of `columns` columns: merged sketches, and samples where a column is finer than a chunk.
  // `fractions` ascend (0 to 1).
  std::vector<Percentiles> percentiles(SeriesId id, Axis axis, std::int64_t from, std::int64_t to, int columns,
                                       std::span<const double> fractions) const;
  std::vector<SketchColumn> sketches(SeriesId id, Axis axis, std::int64_t from, std::int64_t to, int columns) const;
  Sketch sketch(SeriesId id, Axis axis, std::int64_t from, std::int64_t to) const;
  // Every sample of the range, bit for bit. False: a part of it is cold and on its way (or gone), nothing was visited.
  bool visit(SeriesId id, Axis axis, std::int64_t from, std::int64_t to,
             const std::function<void(const ExactSample&)>& each) const;
  std::optional<Sample> last(SeriesId id) const;
  std::optional<Sample> at(SeriesId id, TimeNs time) const;  // the newest sample at or before `time`

  // Ticks of a process's domain against time, from its own samples; between samples linear. For an editor the domain
  // is its server's, if that is known. Empty outside of what was seen.
  std::optional<Tick> tickAt(const ProcessId& process, TimeNs time) const;
  std::optional<TimeNs> timeAt(const ProcessId& process, Tick tick) const;

  StoreTotals totals() const;

 private:
  struct Impl;
  template <class Ask>
  bool ask(SeriesId id, Axis axis, Ask ask) const;
  void eachColumn(SeriesId id, Axis axis, std::int64_t from, std::int64_t to, int columns,
                  const std::function<void(SketchColumn&)>& each) const;

  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::series
