// SPDX-License-Identifier: Apache-2.0
#include "stage/sim/measures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stage/game/combat.h"

namespace qd::stage {
namespace {

double metres(std::int64_t um) {
  return static_cast<double>(um) / 1e6;
}
double ms(std::int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

double cubic(double p0, double v0, double p1, double v1, double t, double seconds) {
  const double t2 = t * t, t3 = t2 * t;
  return (2 * t3 - 3 * t2 + 1) * p0 + (t3 - 2 * t2 + t) * seconds * v0 + (3 * t2 - 2 * t3) * p1 +
         (t3 - t2) * seconds * v1;
}

constexpr double kZ = 1.96;
constexpr std::size_t kFiredKept = 32;  // shots of a client: none is longer under way than that many

// Around a teleport there is no path, so there is no error of drawing along it (as the console's join has it).
bool nearTeleport(const History& history, EntityId id, Tick tick) {
  constexpr Tick kSpan = 8;
  const auto* now = history.find(tick, id);
  for (const Tick t : {tick - kSpan, tick + kSpan / 2, tick + kSpan}) {
    const auto* then = history.find(t, id);
    if (now != nullptr && then != nullptr && then->teleports != now->teleports) return true;
  }
  return false;
}

struct Body {
  EntityId id;
  Vec3 pos;
};

EntityId nearestHit(const Ray& ray, const std::vector<Body>& bodies) {
  EntityId hit = 0;
  double nearest = std::numeric_limits<double>::infinity();
  for (const auto& body : bodies) {
    const auto enter = hits(ray, body.pos);
    if (!enter || *enter >= nearest) continue;
    nearest = *enter;
    hit = body.id;
  }
  return hit;
}

}  // namespace

std::optional<Truth> truthAt(const History& history, EntityId id, std::int64_t tickFixed, int tickHz) {
  const Tick a = tickFixed / kFixedOne;
  const double share = static_cast<double>(tickFixed % kFixedOne) / static_cast<double>(kFixedOne);
  const auto* p = history.find(a, id);
  if (p == nullptr) return std::nullopt;
  if (share == 0) return Truth{metres(p->pos.x), metres(p->pos.y)};
  const auto* q = history.find(a + 1, id);
  if (q == nullptr || p->teleports != q->teleports) return std::nullopt;
  const double seconds = 1.0 / tickHz;
  return Truth{cubic(metres(p->pos.x), metres(p->vel.x), metres(q->pos.x), metres(q->vel.x), share, seconds),
               cubic(metres(p->pos.y), metres(p->vel.y), metres(q->pos.y), metres(q->vel.y), share, seconds)};
}

double Agreement::share() const {
  return judged() == 0 ? std::nan("") : static_cast<double>(agreed) / static_cast<double>(judged());
}
double Agreement::low() const {
  const auto n = static_cast<double>(judged());
  const double p = share(), spread = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return (p + kZ * kZ / (2 * n) - spread) / (1 + kZ * kZ / n);
}
double Agreement::high() const {
  const auto n = static_cast<double>(judged());
  const double p = share(), spread = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return std::min(1.0, (p + kZ * kZ / (2 * n) + spread) / (1 + kZ * kZ / n));
}

Measures::Measures(Simulation& simulation) : simulation_(simulation), seen_(simulation.players().size()) {
  simulation_.onTick = [this](Tick) { tick(); };
  simulation_.onFrame = [this](std::size_t index, bool drawn) { frame(index, drawn); };
  reset();
}

void Measures::reset() {
  figures_ = {};
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    auto& player = simulation_.players()[i];
    seen_[i].before = player.client->counters();
    player.confirmed.clear();
    player.shots.clear();
    player.divergences.clear();
  }
  lateBefore_ = simulation_.world().events().inputsLate;
  missingBefore_ = simulation_.world().events().inputsMissing;
  begin_ = simulation_.now();
}

void Measures::shot(const ShotResult& shot) {
  auto& a = figures_.agreement;
  const bool same = shot.claimed == shot.victim;
  ++a.shots;
  if (shot.policy && !same) {
    ++a.policyRejects;
    ++figures_.policyBy[shot.rule];
  } else {
    a.agreed += same ? 1 : 0;
    a.falseRejects += !same && shot.claimed != 0 ? 1 : 0;
    a.falseAccepts += !same && shot.claimed == 0 ? 1 : 0;
    if (!same) ++figures_.disagreedBy[classify(shot)];
  }
  figures_.rewindTime.add(ms(shot.rewindNs));
  if (shot.target != 0) figures_.rewindDistance.add(metres(shot.rewindDistanceUm));
  if (shot.rewindErrorUm >= 0 && !shot.policy) figures_.rewindError.add(metres(shot.rewindErrorUm));
}

const char* Measures::classify(const ShotResult& shot) const {
  const auto& world = simulation_.world();
  const Fired* fired = nullptr;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    if (simulation_.players()[i].client->player() != shot.shooter) continue;
    for (const auto& f : seen_[i].fired) {
      const auto& s = f.record.shot;
      if (s.view.a == shot.seen.a && s.view.b == shot.seen.b && s.view.alpha == shot.seen.alpha &&
          s.claimed == shot.claimed)
        fired = &f;
    }
  }
  if (fired == nullptr) return "unknown";
  std::vector<Body> rewound, drawn;
  for (const auto& e : world.entities()) {
    const auto then = world.history().rewind(e.id, shot.used, static_cast<int>(simulation_.settings.tickHz));
    const bool alive = e.alive || e.id == shot.victim;  // at the moment of judging: it may have died of this shot
    if (e.id != shot.shooter && alive && then.verdict == History::Verdict::Known) rewound.push_back({e.id, then.pos});
  }
  for (const auto& pose : fired->drawn)
    if (pose.alive) drawn.push_back({pose.id, pose.pos});
  const Ray server = aim(shot.origin, shot.yaw, world.map()), client = aim(fired->record.origin, shot.yaw, world.map());
  if (nearestHit(server, rewound) != shot.victim) return "same tick";
  if (nearestHit(client, rewound) == shot.claimed) return "shooter";
  if (nearestHit(server, drawn) == shot.claimed) return "bodies";
  return nearestHit(client, drawn) == shot.claimed ? "shooter and bodies" : "unexplained";
}

void Measures::tick() {
  const auto& world = simulation_.world();
  for (const auto& result : world.events().shots) shot(result);
  for (const auto& [id, player] : world.players()) figures_.queueDepth.add(player.inputDepth);
  figures_.playerTicks += world.players().size();
}

void Measures::predicted(std::size_t index) {
  auto& player = simulation_.players()[index];
  for (const auto& c : player.confirmed) {
    ++figures_.confirmed;
    if (c.joined) figures_.predictError.add(metres(c.errorUm));
    if (c.replayed > 0) {
      figures_.correctionDistance.add(metres(c.errorUm));
      figures_.replayedTicks.add(c.replayed);
    }
    if (c.latencyNs > 0) figures_.inputLatency.add(ms(c.latencyNs));
  }
  const auto& client = *player.client;
  auto& seen = seen_[index];
  for (const auto& record : player.shots) seen.fired.push_back({record, client.poses()});
  while (seen.fired.size() > kFiredKept) seen.fired.pop_front();
  player.confirmed.clear();
  player.shots.clear();
  player.divergences.clear();
  if (client.counters().reconnects != seen.reconnects) seen = {0, 0, client.counters().reconnects, seen.before, {}};
  if (client.predictedTick() < seen.predicted) ++figures_.predictBackwards;
  if (client.view().fixed() < seen.view) ++figures_.viewBackwards;
  seen.predicted = client.predictedTick();
  seen.view = client.view().fixed();
}

void Measures::frame(std::size_t index, bool drawn) {
  predicted(index);
  if (!drawn) return;
  const auto& client = *simulation_.players()[index].client;
  const auto& view = client.view();
  const int hz = client.head().tickHz;
  ++figures_.frames;
  figures_.interpolated += view.mode == View::Mode::Interpolated ? 1 : 0;
  figures_.extrapolated += view.mode == View::Mode::Extrapolated ? 1 : 0;
  figures_.held += view.mode == View::Mode::Held ? 1 : 0;
  figures_.viewAge.add(ms(client.viewAgeNs(simulation_.now())));
  figures_.bufferDepth.add(static_cast<double>(client.buffer().newest() * kFixedOne - view.fixed()) / kFixedOne);
  figures_.timeScale.add(client.renderClock().scale());
  figures_.snapshotBytes.add(static_cast<double>(client.counters().lastSnapshotBytes));
  for (const auto& pose : client.poses()) {
    const auto& history = simulation_.world().history();
    const bool jumped = pose.teleported || nearTeleport(history, pose.id, view.fixed() / kFixedOne);
    const auto truth = jumped ? std::nullopt : truthAt(history, pose.id, view.fixed(), hz);
    if (!truth) {
      ++figures_.unavailable;
      continue;
    }
    const double dx = metres(pose.pos.x) - truth->x, dy = metres(pose.pos.y) - truth->y;
    figures_.interpError.add(std::sqrt(dx * dx + dy * dy));
  }
}

Figures& Measures::figures() {
  auto& f = figures_;
  f.corrections = f.undecodable = f.starved = 0;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const auto& now = simulation_.players()[i].client->counters();
    f.corrections += now.corrections - seen_[i].before.corrections;
    f.undecodable += now.undecodable - seen_[i].before.undecodable;
    f.starved += now.starved - seen_[i].before.starved;
  }
  f.inputsLate = simulation_.world().events().inputsLate - lateBefore_;
  f.inputsMissing = simulation_.world().events().inputsMissing - missingBefore_;
  f.playerSeconds = static_cast<double>(simulation_.now() - begin_) / 1e9 * static_cast<double>(seen_.size());
  return f;
}

}  // namespace qd::stage
