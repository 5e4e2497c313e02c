// SPDX-License-Identifier: Apache-2.0
// The last minute of a session's roll-ups: of a few series (those of the fleet table) each second with its sketch, and
// each second's p99 of the last hour, for who looks back; of all others how many samples a second they have, which is
// what they would cost at full rate. Also which players are where, as far as series with a `client` dimension and the
// events player.joined and player.left tell. Written by the source thread (EventSink), read by any thread. Seconds are
// those of UTC; a window is made of whole ones.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/sketch.h"
#include "core/ingest/event_sink.h"
#include "core/ingest/interest.h"

namespace qd::ingest {

// Some seconds of one series, or of several, merged.
struct Digest {
  std::uint64_t count = 0;
  double min = 0, max = 0, mean = 0, last = 0;
  TimeNs end = 0;  // of its newest second
  Sketch sketch;
  void add(const RollupRow& row, TimeNs from);
  void merge(const Digest& other);  // `last` becomes the newer one's
  double quantile(double q) const;  // within Sketch::kRelativeError, never outside of [min, max]; NaN when empty
};

struct PlayerPlace {
  ProcessId process;
  std::string client, name;  // name empty: not known
};

class RollupBook final : public EventSink {
 public:
  static constexpr int kSeconds = 64;
  static constexpr std::size_t kTrendSeconds = 3600;
  static constexpr TimeNs kFresh = 4 * kNsPerSecond;  // a roll-up that is older is not of now

  // `names`: series without dimensions of which each second is kept.
  explicit RollupBook(std::vector<std::string> names) : names_(std::move(names)) {}
  void on(const EnvelopePtr& envelope) override;

  // The newest whole seconds up to `now`, at most `seconds` of them. Nothing when they are older than kFresh.
  std::optional<Digest> digest(const ProcessId& process, const std::string& name, TimeNs now, int seconds) const;
  // p99 of each of the last `seconds` seconds up to `now`, oldest first; NaN where there is none.
  std::vector<float> p99s(const ProcessId& process, const std::string& name, TimeNs now, int seconds) const;

  // Samples a second of what the selectors mean; with none at all: of everything. With `now`: of processes whose newest
  // roll-up is of now; while a console reads what was before it came, none is.
  double pointsPerSecond(const std::vector<Selector>& selectors, TimeNs now = 0) const;
  // Players whose id is, or whose name contains, `text` (any case). In order of process, then client.
  std::vector<PlayerPlace> findPlayers(const std::string& text, std::size_t most) const;

 private:
  struct Second {
    TimeNs from = 0;
    RollupRow row;
  };
  // One p99 a second without a hole from `first` on; NaN: not known.
  struct Trend {
    std::int64_t first = 0;  // in seconds
    std::deque<float> p99s;
    void add(std::int64_t second, float p99);
    float at(std::int64_t second) const;
  };
  struct Kept {
    std::deque<Second> seconds;
    Trend trend;
  };
  struct Slot {
    std::string name;
    std::vector<std::pair<std::string, std::string>> dimensions;
    int kept = -1;  // into Process::kept
    std::uint64_t count = 0;
    TimeNs from = 0;
  };
  struct Process {
    InstanceId instance;
    std::vector<Kept> kept;  // by names_
    std::unordered_map<std::uint32_t, Slot> bySeries;
    std::map<std::string, std::string> players;  // client → name
    TimeNs newest = 0;
    bool gone = false;
  };
  void learn(const ProcessInfo& info);
  void take(const Rollup& rollup);
  void take(const GameEvent& event);

  const std::vector<std::string> names_;
  mutable std::mutex mutex_;
  std::map<ProcessId, Process> processes_;
};

bool selects(const Selector& selector, const ProcessId& process, const std::string& series,
             const std::vector<std::pair<std::string, std::string>>& dimensions);

}  // namespace qd::ingest
