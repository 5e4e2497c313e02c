// SPDX-License-Identifier: Apache-2.0
// Everything the server tells and takes through the probe: series, log lines, events, entity frames, sites, parameters
// and actions. Works the same without an agent. Owned by the simulation thread, which is the probe's game thread;
// measurements of the network thread arrive here through the Exchange.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/probe/qd.h"
#include "stage/runtime/sched_delay.h"
#include "stage/server/mailbox.h"
#include "stage/server/world.h"

namespace qd::stage {

struct ServerIdentity {
  std::string id, socket, version, zone, region = "local", environment = "stage";
};

struct TickTiming {
  Tick tick = 0;
  std::int64_t startNs = 0, scheduledNs = 0;
};

class Telemetry {
 public:
  Telemetry(World& world, Exchange& exchange, Settings& settings);
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  // One sentence when the configuration is bad; without an agent it is fine.
  std::expected<void, std::string> open(const ServerIdentity& identity);
  qd_probe* probe() const { return probe_; }
  // The game itself changes a parameter, as a drill does. False: no such parameter, or out of its range.
  bool set(const std::string& parameter, qd_value value);
  // Back to what it was when the server started.
  bool reset(const std::string& parameter);

  void tickBegun(const TickTiming& timing);
  void joined(const Joined& joined);
  void left(const Left& left, const std::string& name);
  // After the step and the publishing: reports the tick, its duration last.
  void tickDone(const TickTiming& timing);

  struct Totals {
    std::uint64_t ticks = 0, overruns = 0, skipped = 0, shots = 0, agreed = 0;
    std::int64_t parkedNs = 0, worstTickNs = 0, sumTickNs = 0;
    double clientCostUs = 0;  // sum over the snapshot rounds
    std::uint64_t rounds = 0;
    std::array<std::uint32_t, 2'000> tickHistogram{};  // by 10 µs
    double tickPercentileMs(double share) const;
  };
  Totals& totals() { return totals_; }
  // Refused datagrams as of the last report.
  std::map<std::string, std::uint64_t> rejectedByReason() const;

  static constexpr std::size_t kClientFigures = 14;

 private:
  static void onPark(void* user, int parked, std::uint64_t parkedNs);
  static int onReload(void* user, const qd_field* args, std::uint32_t count, char* result, std::size_t size);
  static int onKick(void* user, const qd_field* args, std::uint32_t count, char* result, std::size_t size);
  static int onBroadcast(void* user, const qd_field* args, std::uint32_t count, char* result, std::size_t size);
  void declareSeries();
  using AddParameter = std::function<void(const qd_param_desc&)>;
  void declareParameters();
  void gameParameters(const AddParameter& add);
  void networkParameters(const AddParameter& add);
  void lagcompParameters(const AddParameter& add);
  void debugParameters(const AddParameter& add);
  void watchNetwork();
  void costs(const SnapshotReport* round);
  void process(std::int64_t elapsedNs);
  void declareActionsAndSites();
  void watchSettings();
  void shots(Tick tick);
  void hitEvent(const ShotResult& shot, Tick tick);
  void agreement();
  void clients(Tick tick);
  void client(const ClientReport& report, const World::Player& player, Tick tick);
  void endClientSeries();
  struct Spread {
    qd_series mean, p95, max;
    bool real;
  };
  void spread(const Spread& series, std::vector<double>& values);
  void perSecond(std::int64_t nowNs);
  void entityFrame();
  void match(Tick tick);
  const char* nameOf(EntityId id, std::string& buffer) const;

  World& world_;
  Exchange& exchange_;
  Settings& settings_;
  Settings seen_;
  qd_probe* probe_ = nullptr;
  struct Parameter {
    qd_param handle;
    qd_value initial;
  };
  std::map<std::string, Parameter> parameters_;
  PathSettings baseFaults_;  // as the server was started

  struct Series {
    qd_series tickDuration, tickStartJitter, tickSchedDelay, tickOverruns, tickSkipped, tickRate, gameTps, players,
        npcs, visibility;
    Spread rtt, rttDev, jitter, loss, bandwidth, viewAge, inputDepth;
    qd_series reorder, burst, snapshotBytes, snapshotMax, visible, replCost;
    qd_series rewindTime, rewindDistance, rewindError, rewinds;
    qd_series agreement, agreementLow, agreementHigh, falseRejects, falseAccepts, policyRejects;
    qd_series inputLate, inputMissing, inputRejected, netDropped;
    qd_series rejectedBy[kRejectKinds], rejectedLate, rejectedEarly, rejectedView;
    qd_series simPlayers, simNpcs, simShots, playerCost, npcCost, clientCost, memory, cpu;
  } s_{};
  struct ClientSeries {
    std::array<qd_series, kClientFigures> series{};
    std::uint64_t late = 0, missing = 0, rejected = 0, starved = 0, corrections = 0;
  };
  std::map<EntityId, ClientSeries> clientSeries_;
  qd_site* siteTick_ = nullptr;
  qd_site* siteHit_ = nullptr;
  qd_site* siteNpc_ = nullptr;

  struct Judged {
    bool claimed, hit, same, policy;
  };
  std::deque<Judged> judged_;
  WorldEvents lastEvents_;
  NetReport lastNet_;
  Totals totals_, second_;
  std::int64_t secondNs_ = 0, secondParkedNs_ = 0;
  std::uint64_t rewindsThisSecond_ = 0;
  struct Costs {
    std::int64_t playersNs = 0, npcsNs = 0;
    std::uint64_t players = 0, npcs = 0;
  } costs_;
  std::int64_t cpuNs_ = 0;
  Tick matchEnds_ = 0;
  int match_ = 0;
  std::map<EntityId, std::uint8_t> teleports_;
  std::vector<qd_entity> frame_;
  SchedDelay schedDelay_;
};

}  // namespace qd::stage
