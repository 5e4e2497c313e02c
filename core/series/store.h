// SPDX-License-Identifier: Apache-2.0
// All series of one session, in memory: written by one source thread (EventSink), read by any thread through
// immutable snapshots, so that neither side ever waits for the other. Queries touch O(pixels) memory and never do I/O.
// Values are in displayed units (raw * 10^-scale), raw integers are kept exactly; x is UTC ns or ticks of the domain.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"

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
};

struct Statistics {
  std::uint64_t n = 0;
  double min = 0, mean = 0, p50 = 0, p95 = 0, p99 = 0, max = 0;
};

struct StoreTotals {
  std::uint64_t points = 0, bytes = 0, duplicates = 0, dropped = 0;
  TimeNs firstTime = 0, lastTime = 0;
};

class Store final : public ingest::EventSink {
 public:
  // `budgetBytes`: the store's memory is never more; the oldest chunks go first.
  explicit Store(std::size_t budgetBytes = std::size_t{512} << 20);
  ~Store() override;

  void on(const ingest::EnvelopePtr& envelope) override;
  // Derived series (joined or computed in the console): declared once, then appended in order. Source thread.
  SeriesId declareDerived(const ProcessId& process, ingest::SeriesInfo info);
  void append(SeriesId id, std::span<const Sample> samples);

  // Any thread, from here on.
  std::uint64_t revision() const;  // +1 whenever the list of series changes
  std::vector<SeriesMeta> list() const;
  std::vector<SeriesMeta> list(const ProcessId& process) const;
  std::optional<SeriesMeta> meta(SeriesId id) const;
  // Without dimensions the plain series of that name is meant.
  std::optional<SeriesId> find(const ProcessId& process, const std::string& name,
                               const std::vector<std::pair<std::string, std::string>>& dimensions = {}) const;

  RangeResult query(SeriesId id, Axis axis, std::int64_t from, std::int64_t to, int pixels) const;
  Statistics statistics(SeriesId id, Axis axis, std::int64_t from, std::int64_t to) const;
  std::optional<Sample> last(SeriesId id) const;
  std::optional<Sample> at(SeriesId id, TimeNs time) const;  // the newest sample at or before `time`

  // Ticks of a process's domain against time, from its own samples; between samples linear. For an editor the domain
  // is its server's, if that is known. Empty outside of what was seen.
  std::optional<Tick> tickAt(const ProcessId& process, TimeNs time) const;
  std::optional<TimeNs> timeAt(const ProcessId& process, Tick tick) const;

  StoreTotals totals() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::series
