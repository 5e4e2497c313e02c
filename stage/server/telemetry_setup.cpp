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
  for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
    const qd_pair dim{"reason", name(static_cast<Reject>(kind))};
    qd_series_desc desc{};
    desc.name = "input.rejected";
    desc.unit = "count";
    desc.dims = &dim;
    desc.dim_count = 1;
    desc.description = "Datagrams refused for this reason";
    s_.rejectedBy[kind] = qd_series_declare(probe_, &desc);
  }
}

void Telemetry::declareParameters() {
  const auto add = [this](const qd_param_desc& desc) { qd_param_declare(probe_, &desc); };
  auto weather =
      describe("weather.intensity", "weather", "How strong the weather is; limits how far one sees", QD_SAFE);
  bindReal(weather, settings_.weatherIntensity, 0.2, 0, 1, 0.05, "");
  add(weather);
  auto kind = describe("weather.kind", "weather", "At full intensity one sees 50 m when clear, 15 m in fog; 70 m at 0",
                       QD_SAFE);
  bindChoice(kind, settings_.weatherKind, kWeatherNames, 5, 0);
  add(kind);
  auto density = describe("npc.density", "npc", "120 NPCs for each 1: simulated, thinking and replicated", QD_GUARDED);
  bindReal(density, settings_.npcDensity, 1, 0, 10, 0.1, "");
  add(density);
  auto latency = describe("net.latency", "net", "Added to everything this server sends", QD_GUARDED);
  bindDuration(latency, settings_.netLatencyNs, settings_.netLatencyNs, 2 * kNsPerSecond, 5 * kNsPerMs);
  add(latency);
  auto jitter = describe("net.jitter", "net", "Gaussian deviation of that latency", QD_GUARDED);
  bindDuration(jitter, settings_.netJitterNs, settings_.netJitterNs, 500 * kNsPerMs, kNsPerMs);
  add(jitter);
  auto loss = describe("net.loss", "net", "Share of this server's packets that are lost", QD_GUARDED);
  bindReal(loss, settings_.netLoss, settings_.netLoss, 0, 1, 0.01, "");
  add(loss);
  auto tick = describe("server.tick_hz", "server", "Simulation steps a second", QD_DANGEROUS);
  bindInt(tick, settings_.tickHz, settings_.tickHz, 10, 240, 10, "Hz");
  add(tick);
  auto snapshot =
      describe("server.snapshot_hz", "server", "Snapshots to each client a second, at most the tick rate", QD_GUARDED);
  bindInt(snapshot, settings_.snapshotHz, 30, 5, 120, 5, "Hz");
  add(snapshot);
  auto enabled = describe("lagcomp.enabled", "lagcomp", "Judge shots by what the shooter saw", QD_GUARDED);
  bindBool(enabled, settings_.lagcompEnabled, true);
  add(enabled);
  auto rewind = describe("lagcomp.max_rewind", "lagcomp", "Older claims are clamped to this", QD_GUARDED);
  bindDuration(rewind, settings_.maxRewindNs, 250 * kNsPerMs, kNsPerSecond, 10 * kNsPerMs);
  add(rewind);
  static const char* const kMethods[] = {"claim", "rtt_half"};
  auto method =
      describe("lagcomp.method", "lagcomp", "claim: the drawn moment; rtt_half: the classic estimate", QD_GUARDED);
  bindChoice(method, settings_.lagcompMethod, kMethods, 2, 0);
  add(method);
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
