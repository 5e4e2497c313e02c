// SPDX-License-Identifier: Apache-2.0
// What one refresh of the fleet table costs the UI thread, once a second: 200 and 500 processes with a minute of
// roll-ups each, ungrouped and grouped with merged sketches. The limit is copying the rows.
#include <QCoreApplication>
#include <cmath>

#include "core/ingest/directory.h"
#include "core/ingest/rollup_book.h"
#include "core/series/store.h"
#include "tests/bench/bench.h"
#include "widgets/fleet/fleet_model.h"
#include "widgets/fleet/fleet_order.h"

namespace qd::bench {
namespace {

constexpr TimeNs kStart = 1'700'000'000 * kNsPerSecond;

struct Fleet {
  ingest::Directory directory;
  series::Store store;
  ingest::RollupBook rollups{{"tick.duration", "frame.duration", "tick.rate", "players.online"}};

  explicit Fleet(int processes) {
    for (int p = 0; p < processes; ++p) fill(p);
  }
  void put(ingest::Event event) {
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->agent = AgentId("bench");
    envelope->received = kStart;
    envelope->event = std::move(event);
    for (ingest::EventSink* sink : std::initializer_list<ingest::EventSink*>{&directory, &store, &rollups}) {
      sink->on(envelope);
    }
  }
  void fill(int p) {
    ingest::ProcessInfo info;
    info.id = ProcessId("game-" + std::to_string(1000 + p));
    info.instance = InstanceId(static_cast<std::uint64_t>(p + 1));
    info.kind = ingest::ProcessKind::Server;
    info.tickHz = 60;
    info.started = kStart;
    info.labels = {{"region", "r" + std::to_string(p % 8)}};
    for (const char* name : {"tick.duration", "tick.rate", "players.online"}) {
      auto& series = info.series.emplace_back();
      series.index = SeriesIndex(static_cast<std::uint32_t>(info.series.size() - 1));
      series.name = name;
    }
    put(ingest::ProcessChange{info, ""});
    std::vector<double> ticks(60);
    for (int second = 0; second < 60; ++second) {
      for (std::size_t i = 0; i < ticks.size(); ++i) ticks[i] = 2 + p % 9 + std::sin(static_cast<double>(i + second));
      ingest::Rollup rollup{{info.id, info.instance}, kStart + second * kNsPerSecond, second * 60, {}};
      const std::string sketch = encodedSketch(ticks);
      for (std::uint32_t s = 0; s < 3; ++s) rollup.rows.push_back({SeriesIndex(s), 60, 1, 11, 5, 5, 10, sketch});
      put(rollup);
    }
  }
};

}  // namespace

QD_BENCH(fleet_table) {
  int argc = 1;
  char name[] = "qd_bench", *argv[] = {name, nullptr};
  std::optional<QCoreApplication> application;
  if (QCoreApplication::instance() == nullptr) application.emplace(argc, argv);
  constexpr TimeNs kNow = kStart + 60 * kNsPerSecond;
  for (const int processes : {200, 500}) {
    const Fleet fleet(processes);
    for (const bool grouped : {false, true}) {
      fleet::FleetModel model;
      fleet::FleetOrder order;
      if (grouped) model.setGroupBy(QStringLiteral("region"));
      TimeNs clock = kNow;
      const auto rows = fleet::fleetRows(fleet.directory, fleet.store, kNow, &fleet.rollups);
      const double copy = best(15, [&] { std::vector<fleet::FleetRow> copied(rows); });
      const double whole = best(15, [&] {
        model.setRows(order.arrange(fleet::fleetRows(fleet.directory, fleet.store, kNow, &fleet.rollups),
                                    clock += kNsPerSecond, false));
      });
      report(
          {.name = "fleet table: refresh, " + std::to_string(processes) + " processes" + (grouped ? ", grouped" : ""),
           .unit = "ms",
           .value = whole * 1e3,
           .limit = copy * 1e3,
           .target = processes == 200 ? std::optional(16.0) : std::nullopt});
    }
  }
}

}  // namespace qd::bench
