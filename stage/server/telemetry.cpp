// SPDX-License-Identifier: Apache-2.0
#include "stage/server/telemetry.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "stage/netcode/quantize.h"

namespace qd::stage {
namespace {

constexpr int kMatchSeconds = 120;

}  // namespace

void Telemetry::onPark(void* user, int parked, std::uint64_t parkedNs) {
  auto& self = *static_cast<Telemetry*>(user);
  self.exchange_.parked = parked != 0;
  self.exchange_.wakeNetwork.wake();
  if (parked == 0) self.secondParkedNs_ += static_cast<std::int64_t>(parkedNs);
}

void Telemetry::tickBegun(const TickTiming& timing) {
  if (qd_site_enabled(siteTick_)) {
    const qd_field fields[] = {qd_kv("tick", qd_i64(timing.tick)),
                               qd_kv("players", qd_i64(static_cast<std::int64_t>(world_.players().size()))),
                               qd_kv("npcs", qd_i64(static_cast<std::int64_t>(world_.npcCount())))};
    qd_site_hit(probe_, siteTick_, fields, 3);
  }
  watchSettings();
  match(timing.tick);
}

// Pushed values that need more than being read once a tick.
void Telemetry::watchSettings() {
  const auto& now = settings_;
  watchNetwork();
  if (now.weatherKind != seen_.weatherKind || now.weatherIntensity != seen_.weatherIntensity) {
    const auto sight = visibilityUm(static_cast<Weather>(now.weatherKind), now.weatherIntensity);
    qd_logf(probe_, QD_INFO, "world", "weather is %s at %.2f, sight %.0f m", kWeatherNames[now.weatherKind],
            now.weatherIntensity, static_cast<double>(sight) / 1e6);
  }
  if (now.npcDensity != seen_.npcDensity) {
    qd_logf(probe_, QD_INFO, "world", "NPC density %.2f -> %.2f (%ld wanted)", seen_.npcDensity, now.npcDensity,
            std::lround(now.npcDensity * kNpcsPerDensity));
  }
  if (now.tickHz != seen_.tickHz) {
    qd_logf(probe_, QD_WARNING, "server", "tick rate %ld Hz -> %ld Hz", static_cast<long>(seen_.tickHz),
            static_cast<long>(now.tickHz));
  }
  seen_ = now;
}

const char* Telemetry::nameOf(EntityId id, std::string& buffer) const {
  const auto* player = world_.player(id);
  buffer = player != nullptr ? player->name
           : id >= kFirstNpc ? "npc-" + std::to_string(id)
                             : "player-" + std::to_string(id);
  return buffer.c_str();
}

void Telemetry::match(Tick tick) {
  if (tick < matchEnds_) return;
  if (match_ > 0) {
    const World::Player* best = nullptr;
    for (const auto& [id, player] : world_.players()) {
      if (best == nullptr || player.kills > best->kills) best = &player;
    }
    if (best != nullptr) {
      qd_logf(probe_, QD_INFO, "match", "match %d over, best is %s with %d kills", match_, best->name.c_str(),
              best->kills);
    }
  }
  ++match_;
  matchEnds_ = tick + kMatchSeconds * settings_.tickHz;
  qd_logf(probe_, QD_INFO, "match", "match %d started on map %08x with %zu players", match_, world_.map().seed(),
          world_.players().size());
}

void Telemetry::joined(const Joined& joined) {
  qd_logf(probe_, QD_INFO, "net", "%s joined as player %u from %s", joined.name.c_str(), joined.player,
          joined.address.c_str());
  const qd_field fields[] = {qd_kv("player", qd_i64(joined.player)), qd_kv("name", qd_text(joined.name.c_str())),
                             qd_kv("address", qd_text(joined.address.c_str()))};
  qd_event(probe_, "player.joined", fields, 3);
}

void Telemetry::left(const Left& left, const std::string& name) {
  qd_logf(probe_, left.reason == "left" ? QD_INFO : QD_WARNING, "net", "%s (player %u) is gone: %s", name.c_str(),
          left.player, left.reason.c_str());
  const qd_field fields[] = {qd_kv("player", qd_i64(left.player)), qd_kv("name", qd_text(name.c_str())),
                             qd_kv("reason", qd_text(left.reason.c_str()))};
  qd_event(probe_, "player.left", fields, 3);
  teleports_.erase(left.player);
}

void Telemetry::entityFrame() {
  if (qd_wants_entities(probe_) == 0) return;
  frame_.clear();
  for (const auto& e : world_.entities()) {
    const auto known = teleports_.find(e.id);
    const bool jumped = known != teleports_.end() && known->second != e.teleports;
    if (known == teleports_.end() || jumped) teleports_[e.id] = e.teleports;
    const auto q = fromYawPitch(e.yaw, e.pitch);
    const auto unit = [](double v) { return static_cast<std::int16_t>(std::lround(v * 32'767)); };
    qd_entity out{};
    out.id = e.id;
    out.flags = e.kind == EntityKind::Npc ? std::uint32_t{QD_ENTITY_NPC} : std::uint32_t{QD_ENTITY_PLAYER};
    if (e.alive) out.flags |= QD_ENTITY_ALIVE;
    if (jumped) out.flags |= QD_ENTITY_TELEPORTED;
    out.x = e.pos.x, out.y = e.pos.y, out.z = e.pos.z;
    out.vx = static_cast<std::int32_t>(e.vel.x), out.vy = static_cast<std::int32_t>(e.vel.y);
    out.vz = static_cast<std::int32_t>(e.vel.z);
    out.qx = unit(q.x), out.qy = unit(q.y), out.qz = unit(q.z), out.qw = unit(q.w);
    frame_.push_back(out);
  }
  qd_entities(probe_, QD_ENTITIES_AUTHORITATIVE, 0, frame_.data(), static_cast<std::uint32_t>(frame_.size()));
}

void Telemetry::tickDone(const TickTiming& timing) {
  const auto& events = world_.events();
  for (const auto id : events.npcsGone) teleports_.erase(id);
  if (!events.npcsSpawned.empty() && qd_site_enabled(siteNpc_)) {
    for (const auto id : events.npcsSpawned) {
      const qd_field fields[] = {qd_kv("npc", qd_i64(id)),
                                 qd_kv("count", qd_i64(static_cast<std::int64_t>(world_.npcCount())))};
      if (qd_site_hit(probe_, siteNpc_, fields, 2) != 0) break;
    }
  }
  shots(timing.tick);
  entityFrame();
  SnapshotReport round;
  const bool sent = exchange_.snapshotReport.take(round);
  costs(sent ? &round : nullptr);
  if (sent) {
    qd_sample_i64(probe_, s_.snapshotBytes, round.meanBytes);
    qd_sample_i64(probe_, s_.snapshotMax, round.maxBytes);
    qd_sample_f64(probe_, s_.visible, round.meanVisible);
    qd_sample_i64(probe_, s_.replCost, round.costNs);
  }
  clients(timing.tick);
  if (timing.tick % std::max<Tick>(1, settings_.tickHz / 4) == 0) {
    qd_sample_i64(probe_, s_.players, static_cast<std::int64_t>(world_.players().size()));
    qd_sample_i64(probe_, s_.npcs, static_cast<std::int64_t>(world_.npcCount()));
    const auto weather = static_cast<Weather>(settings_.weatherKind);
    qd_sample_i64(probe_, s_.visibility, visibilityUm(weather, settings_.weatherIntensity));
  }
  ++totals_.ticks;
  const auto now = monotonicNs();
  perSecond(now);
  qd_sample_i64(probe_, s_.tickStartJitter, timing.startNs - timing.scheduledNs);
  if (const auto waited = schedDelay_.takeNs()) qd_sample_i64(probe_, s_.tickSchedDelay, *waited);
  const auto work = monotonicNs() - timing.startNs;
  qd_sample_i64(probe_, s_.tickDuration, work);
  if (work > kNsPerSecond / settings_.tickHz) ++totals_.overruns;
  totals_.worstTickNs = std::max(totals_.worstTickNs, work);
  totals_.sumTickNs += work;
  ++totals_.tickHistogram[static_cast<std::size_t>(std::clamp<std::int64_t>(work / 10'000, 0, 1'999))];
}

double Telemetry::Totals::tickPercentileMs(double share) const {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < tickHistogram.size(); ++i) {
    seen += tickHistogram[i];
    if (static_cast<double>(seen) >= share * static_cast<double>(ticks)) return static_cast<double>(i + 1) / 100;
  }
  return 20;
}

}  // namespace qd::stage
