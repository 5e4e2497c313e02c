// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <string>

#include "stage/runtime/probe_kit.h"
#include "stage/server/telemetry.h"

namespace qd::stage {

Telemetry::Telemetry(World& world, Exchange& exchange, Settings& settings)
    : world_(world), exchange_(exchange), settings_(settings) {}

Telemetry::~Telemetry() {
  qd_close(probe_);
}

std::expected<void, std::string> Telemetry::open(const ServerIdentity& identity) {
  char host[64] = "localhost";
  gethostname(host, sizeof host - 1);
  const qd_pair labels[] = {{"environment", identity.environment.c_str()},
                            {"region", identity.region.c_str()},
                            {"zone", identity.zone.c_str()},
                            {"namespace", "stage"},
                            {"pod", identity.id.c_str()},
                            {"node", host}};
  qd_config config{};
  config.id = identity.id.c_str();
  config.kind = QD_KIND_SERVER;
  config.name = config.id;
  config.tick_hz = static_cast<double>(settings_.tickHz);
  config.labels = labels;
  config.label_count = sizeof labels / sizeof *labels;
  config.build_version = identity.version.c_str();
  config.socket_path = identity.socket.empty() ? nullptr : identity.socket.c_str();
  config.on_park = &Telemetry::onPark;
  config.on_park_user = this;
  char error[256] = "";
  probe_ = qd_open(&config, error, sizeof error);
  if (probe_ == nullptr) return std::unexpected(error);
  declareSeries();
  declareParameters();
  declareActionsAndSites();
  seen_ = settings_;
  baseFaults_ = pathOf(settings_);
  return {};
}

void Telemetry::declareSeries() {
  const auto add = [this](const SeriesSpec& spec) { return declare(probe_, spec); };
  const auto spread = [&](const SeriesSpec& spec) {
    const auto part = [&](const char* suffix, const char* what) {
      const auto name = spec.name + std::string(suffix), text = spec.description + std::string(what);
      SeriesSpec named = spec;
      named.name = name.c_str();
      named.description = text.c_str();
      return add(named);
    };
    return Spread{part("", ", mean of the clients"), part(".p95", ", 95th percentile of the clients"),
                  part(".max", ", the worst client"), spec.real};
  };
  const double budgetMs = 1e3 / static_cast<double>(settings_.tickHz);
  s_.tickDuration = add({"tick.duration", "ms", 6, false, "Work of one tick, without sleep and parked time", budgetMs});
  s_.tickStartJitter = add({"tick.start_jitter", "ms", 6, false, "Actual minus scheduled start of the tick"});
  s_.tickSchedDelay = add({"tick.sched_delay", "ms", 6, false,
                           "Time since the tick before in which its thread was ready and waited for a processor"});
  s_.tickOverruns =
      add({"tick.overruns", "count", 0, false, "Ticks of the last second that took longer than the budget"});
  s_.tickSkipped = add({"tick.skipped", "count", 0, false, "Deadlines given up in the last second"});
  s_.tickRate = add({"tick.rate", "Hz", 0, true, "Ticks by wall clock, parked time left out"});
  s_.gameTps = add({"game.tps", "Hz", 0, false, "Simulation steps finished in the last second"});
  s_.players = add({"players.online", "count", 0, false, "Players in the match"});
  s_.npcs = add({"npc.count", "count", 0, false, "NPCs simulated"});
  s_.visibility = add({"weather.visibility", "m", 6, false, "How far one sees, and what one is told about"});
  s_.rtt = spread({"net.rtt", "ms", 6, false, "Smoothed round trip"});
  s_.rttDev = spread({"net.rtt_dev", "ms", 6, false, "Deviation of the round trip"});
  s_.jitter = spread({"net.jitter", "ms", 6, false, "RFC 3550 jitter of what clients send"});
  s_.loss = spread({"net.loss", "ratio", 0, true, "Gaps / (received + gaps)"});
  s_.reorder = add({"net.reorder", "count", 0, false, "Packets that came after a later one, in the last report"});
  s_.burst = add({"net.loss_burst", "packets", 0, false, "Longest run of lost packets of any client"});
  s_.bandwidth = spread({"net.bandwidth", "B/s", 0, false, "To one client, UDP and IP headers included"});
  s_.snapshotBytes = add({"net.snapshot_bytes", "B", 0, false, "Mean size of the snapshots of one round"});
  s_.snapshotMax = add({"net.snapshot_bytes_max", "B", 0, false, "Largest snapshot of one round", kMtuPayload});
  s_.visible = add({"repl.visible", "count", 0, true, "Entities in one client's interest, mean"});
  s_.replCost = add({"repl.cost", "us", 3, false, "Building and coding all snapshots of one round"});
  s_.rewindTime = add({"lagcomp.rewind_time", "ms", 6, false, "Server now minus the time the shooter saw", 250});
  s_.rewindDistance =
      add({"lagcomp.rewind_distance", "m", 6, false, "From where the target is to where it was rewound"});
  s_.rewindError = add({"lagcomp.rewind_error", "m", 6, false, "Rewound position against the one the client drew"});
  s_.rewinds = add({"lagcomp.rewinds", "count", 0, false, "Shots judged by rewinding in the last second"});
  s_.agreement = add({"hit.agreement", "ratio", 0, true, "(TP+TN)/N of the last 400 shots, rule refusals apart"});
  s_.agreementLow = add({"hit.agreement_low", "ratio", 0, true, "Lower end of its 95 % interval (Wilson)"});
  s_.agreementHigh = add({"hit.agreement_high", "ratio", 0, true, "Upper end of its 95 % interval (Wilson)"});
  s_.falseRejects = add({"hit.false_rejects", "count", 0, false, "Client saw a hit, server did not (last 400 shots)"});
  s_.falseAccepts = add({"hit.false_accepts", "count", 0, false, "Server gave a hit the client did not see"});
  s_.policyRejects = add({"hit.policy_rejects", "count", 0, false, "Refused by rule: too old, dead, teleported"});
  s_.inputDepth = spread({"input.queue_depth", "ticks", 0, true, "Inputs waiting for their tick"});
  s_.inputLate = add({"input.late", "count", 0, false, "Inputs that missed their tick, in the last second"});
  s_.inputMissing =
      add({"input.missing", "count", 0, false, "Ticks bridged by repeating an input, in the last second"});
  s_.inputRejected = add({"input.rejected", "count", 0, false, "Datagrams refused since the start, all reasons"});
  s_.viewAge = spread({"interp.view_age", "ms", 6, false, "Server now minus the time drawn"});
  s_.netDropped =
      add({"net.dropped", "count", 0, false, "Datagrams and inputs dropped by bounded queues since the start"});
  const auto refused = [this](const char* reason, const char* what) {
    const qd_pair dim{"reason", reason};
    qd_series_desc desc{};
    desc.name = "input.rejected";
    desc.unit = "count";
    desc.dims = &dim;
    desc.dim_count = 1;
    desc.description = what;
    return qd_series_declare(probe_, &desc);
  };
  for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
    s_.rejectedBy[kind] = refused(name(static_cast<Reject>(kind)), "Datagrams refused for this reason since the start");
  }
  s_.rejectedLate = refused("late", "Inputs whose tick was already simulated, since the start");
  s_.rejectedEarly = refused("early", "Inputs for a tick more than 64 ahead, since the start");
  s_.rejectedView = refused("render_time", "Shots that claim a moment nobody can have drawn, since the start");
  s_.simPlayers = add({"sim.players", "us", 3, false, "Work of a tick on all players"});
  s_.simNpcs = add({"sim.npcs", "us", 3, false, "Work of a tick on all NPCs"});
  s_.simShots = add({"sim.shots", "us", 3, false, "Work of a tick on rewinding and judging shots"});
  s_.playerCost = add({"sim.player_cost", "us", 0, true, "Work of a tick for each player, mean of a second"});
  s_.npcCost = add({"sim.npc_cost", "us", 0, true, "Work of a tick for each NPC, mean of a second"});
  s_.clientCost =
      add({"repl.client_cost", "us", 0, true, "Building and coding one client's snapshot, mean of a round"});
  s_.memory = add({"process.memory", "MiB", 0, true, "Resident memory of this server"});
  s_.cpu = add({"process.cpu", "%", 0, true, "Processor time of this server, 100 is one core"});
}

void Telemetry::declareActionsAndSites() {
  qd_action_desc reload{};
  reload.name = "map.reload";
  reload.description = "Builds another map, respawns everybody and starts a new match";
  reload.risk = QD_DANGEROUS;
  reload.run = &Telemetry::onReload;
  reload.user = this;
  qd_action_declare(probe_, &reload);

  static const qd_arg_desc kPlayer[] = {{"player", QD_TYPE_I64, 1, "The player's id"}};
  qd_action_desc kick{};
  kick.name = "player.kick";
  kick.description = "Disconnects one player";
  kick.risk = QD_GUARDED;
  kick.args = kPlayer;
  kick.arg_count = 1;
  kick.run = &Telemetry::onKick;
  kick.user = this;
  qd_action_declare(probe_, &kick);

  static const qd_arg_desc kText[] = {{"text", QD_TYPE_STRING, 1, "At most 200 bytes are shown"}};
  qd_action_desc broadcast{};
  broadcast.name = "broadcast";
  broadcast.description = "Shows a line to every player";
  broadcast.risk = QD_SAFE;
  broadcast.args = kText;
  broadcast.arg_count = 1;
  broadcast.run = &Telemetry::onBroadcast;
  broadcast.user = this;
  qd_action_declare(probe_, &broadcast);

  siteTick_ = qd_site_declare(probe_, "tick.begin", "stage/server/telemetry.cpp", 29, "tick,players,npcs");
  siteHit_ =
      qd_site_declare(probe_, "combat.hit_resolved", "stage/server/telemetry_shots.cpp", 78,
                      "shooter,victim,damage,rewind_ms,rewind_error_m,client_verdict,server_verdict,policy,killed");
  siteNpc_ = qd_site_declare(probe_, "npc.spawned", "stage/server/telemetry.cpp", 133, "npc,count");
}

}  // namespace qd::stage
