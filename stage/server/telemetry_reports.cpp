// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "stage/runtime/probe_kit.h"
#include "stage/server/telemetry.h"

namespace qd::stage {
namespace {

constexpr std::size_t kAgreementShots = 400;
constexpr std::size_t kMaxClientSeries = 64;

const char* verdict(EntityId target) {
  return target != 0 ? "hit" : "miss";
}

}  // namespace

void Telemetry::shots(Tick tick) {
  std::string shooter, victim;
  for (const auto& shot : world_.events().shots) {
    ++totals_.shots;
    ++rewindsThisSecond_;
    const bool same = shot.claimed == shot.victim;
    if (same) ++totals_.agreed;
    judged_.push_back({shot.claimed != 0, shot.victim != 0, same, shot.policy});
    if (judged_.size() > kAgreementShots) judged_.pop_front();
    qd_sample_i64(probe_, s_.rewindTime, shot.rewindNs);
    if (shot.claimed != 0 || shot.victim != 0) qd_sample_i64(probe_, s_.rewindDistance, shot.rewindDistanceUm);
    if (shot.rewindErrorUm >= 0) qd_sample_i64(probe_, s_.rewindError, shot.rewindErrorUm);
    if (shot.claimed == 0 && shot.victim == 0) continue;
    const auto target = shot.victim != 0 ? shot.victim : shot.claimed;
    const double rewindMs = static_cast<double>(shot.rewindNs) / 1e6;
    const qd_field fields[] = {qd_kv("shooter", qd_i64(shot.shooter)),
                               qd_kv("victim", qd_i64(target)),
                               qd_kv("damage", qd_i64(shot.damage)),
                               qd_kv("rewind_ms", qd_f64(rewindMs)),
                               qd_kv("rewind_error_m", qd_f64(static_cast<double>(shot.rewindErrorUm) / 1e6)),
                               qd_kv("client_verdict", qd_text(verdict(shot.claimed))),
                               qd_kv("server_verdict", qd_text(verdict(shot.victim))),
                               qd_kv("policy", qd_bool(shot.policy ? 1 : 0)),
                               qd_kv("killed", qd_bool(shot.killed ? 1 : 0)),
                               qd_kv("tick", qd_i64(tick))};
    qd_event(probe_, "combat.hit", fields, 10);
    if (shot.victim != 0 && qd_site_enabled(siteHit_)) qd_site_hit(probe_, siteHit_, fields, 9);
    if (shot.killed) {
      qd_logf(probe_, QD_INFO, "combat", "%s killed %s (rewound %.0f ms)", nameOf(shot.shooter, shooter),
              nameOf(shot.victim, victim), rewindMs);
    }
  }
}

// (TP+TN)/N with Wilson's 95 % interval; a refusal by rule is counted apart, it says nothing about geometry.
void Telemetry::agreement() {
  std::int64_t n = 0, agreed = 0, falseRejects = 0, falseAccepts = 0, policy = 0;
  for (const auto& j : judged_) {
    if (j.policy && !j.same) {
      ++policy;
      continue;
    }
    ++n;
    agreed += j.same ? 1 : 0;
    falseRejects += !j.same && j.claimed ? 1 : 0;
    falseAccepts += !j.same && !j.claimed ? 1 : 0;
  }
  qd_sample_i64(probe_, s_.falseRejects, falseRejects);
  qd_sample_i64(probe_, s_.falseAccepts, falseAccepts);
  qd_sample_i64(probe_, s_.policyRejects, policy);
  if (n == 0) return;
  const double count = static_cast<double>(n), p = static_cast<double>(agreed) / count, z = 1.96;
  const double middle = p + z * z / (2 * count),
               spread = z * std::sqrt(p * (1 - p) / count + z * z / (4 * count * count));
  const double scale = 1 + z * z / count;
  qd_sample_f64(probe_, s_.agreement, p);
  qd_sample_f64(probe_, s_.agreementLow, (middle - spread) / scale);
  qd_sample_f64(probe_, s_.agreementHigh, std::min(1.0, (middle + spread) / scale));
}

void Telemetry::clients() {
  NetReport report;
  if (!exchange_.netReport.take(report)) return;
  // Series of those who left end, so that their handles can serve the next.
  for (auto it = clientSeries_.begin(); it != clientSeries_.end();) {
    if (world_.player(it->first) != nullptr) {
      ++it;
      continue;
    }
    const auto& c = it->second;
    for (const auto series : {c.rtt, c.loss, c.jitter, c.bandwidth, c.viewAge, c.inputLate, c.inputDepth}) {
      qd_series_end(probe_, series);
    }
    it = clientSeries_.erase(it);
  }
  double rtt = 0, deviation = 0, jitter = 0, loss = 0, bandwidth = 0, age = 0, depth = 0, n = 0;
  for (const auto& c : report.clients) {
    if (c.rttNs == 0) continue;  // just joined: nothing is measured yet, and zero would be a lie
    ++n;
    rtt += static_cast<double>(c.rttNs), deviation += static_cast<double>(c.rttDeviationNs);
    jitter += static_cast<double>(c.jitterNs), loss += c.loss;
    bandwidth += static_cast<double>(c.bytesPerSecond), age += static_cast<double>(c.viewAgeNs);
    const auto* player = world_.player(c.player);
    if (player == nullptr) continue;
    depth += player->inputDepth;
    auto known = clientSeries_.find(c.player);
    if (known == clientSeries_.end()) {
      if (clientSeries_.size() >= kMaxClientSeries) continue;
      const auto add = [&](const SeriesSpec& spec) { return declareForClient(probe_, spec, c.player); };
      const ClientSeries series{
          add({"net.rtt", "ms", 6, false, "Smoothed round trip"}),
          add({"net.loss", "ratio", 0, true, "Gaps / (received + gaps)"}),
          add({"net.jitter", "ms", 6, false, "RFC 3550 jitter of what the client sends"}),
          add({"net.bandwidth", "B/s", 0, false, "To this client, headers included"}),
          add({"interp.view_age", "ms", 6, false, "Server now minus the time drawn"}),
          add({"input.late", "count", 0, false, "Inputs that missed their tick since the last report"}),
          add({"input.queue_depth", "ticks", 0, false, "Inputs waiting for their tick"})};
      known = clientSeries_.emplace(c.player, series).first;
    }
    auto& s = known->second;
    qd_sample_i64(probe_, s.rtt, c.rttNs);
    qd_sample_f64(probe_, s.loss, c.loss);
    qd_sample_i64(probe_, s.jitter, c.jitterNs);
    qd_sample_i64(probe_, s.bandwidth, c.bytesPerSecond);
    qd_sample_i64(probe_, s.viewAge, c.viewAgeNs);
    const auto late = player->queue.counts().late;
    qd_sample_i64(probe_, s.inputLate, static_cast<std::int64_t>(late - std::exchange(s.late, late)));
    qd_sample_i64(probe_, s.inputDepth, player->inputDepth);
  }
  if (n > 0) {
    const auto whole = [n](double sum) { return std::llround(sum / n); };
    qd_sample_i64(probe_, s_.rtt, whole(rtt));
    qd_sample_i64(probe_, s_.rttDev, whole(deviation));
    qd_sample_i64(probe_, s_.jitter, whole(jitter));
    qd_sample_f64(probe_, s_.loss, loss / n);
    qd_sample_i64(probe_, s_.bandwidth, whole(bandwidth));
    qd_sample_i64(probe_, s_.viewAge, whole(age));
    qd_sample_f64(probe_, s_.inputDepth, depth / n);
  }
  qd_sample_i64(probe_, s_.burst, static_cast<std::int64_t>(report.burst));
  const auto before = std::min(lastNet_.reordered, report.reordered);  // a client who left takes its count along
  qd_sample_i64(probe_, s_.reorder, static_cast<std::int64_t>(report.reordered - before));
  qd_sample_i64(probe_, s_.inputRejected, static_cast<std::int64_t>(report.rejected));
  qd_sample_i64(probe_, s_.netDropped, static_cast<std::int64_t>(report.queueDropped));
  for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
    qd_sample_i64(probe_, s_.rejectedBy[kind], static_cast<std::int64_t>(report.rejectedBy[kind]));
  }
  lastNet_ = std::move(report);
}

void Telemetry::perSecond(std::int64_t nowNs) {
  if (secondNs_ == 0) {
    secondNs_ = nowNs;
    second_ = totals_;
    return;
  }
  const auto elapsed = nowNs - secondNs_ - secondParkedNs_;
  if (elapsed < kNsPerSecond) return;
  const auto ticks = static_cast<std::int64_t>(totals_.ticks - second_.ticks);
  qd_sample_f64(probe_, s_.tickRate, static_cast<double>(ticks) * kNsPerSecond / static_cast<double>(elapsed));
  qd_sample_i64(probe_, s_.gameTps, ticks);
  const auto overruns = static_cast<std::int64_t>(totals_.overruns - second_.overruns);
  qd_sample_i64(probe_, s_.tickOverruns, overruns);
  qd_sample_i64(probe_, s_.tickSkipped, static_cast<std::int64_t>(totals_.skipped - second_.skipped));
  if (overruns > settings_.tickHz / 10) {
    qd_logf(probe_, QD_WARNING, "server", "%ld of %ld ticks took longer than %.1f ms", static_cast<long>(overruns),
            static_cast<long>(ticks), 1e3 / static_cast<double>(settings_.tickHz));
  }
  const auto& events = world_.events();
  qd_sample_i64(probe_, s_.inputLate, static_cast<std::int64_t>(events.inputsLate - lastEvents_.inputsLate));
  qd_sample_i64(probe_, s_.inputMissing, static_cast<std::int64_t>(events.inputsMissing - lastEvents_.inputsMissing));
  lastEvents_.inputsLate = events.inputsLate;
  lastEvents_.inputsMissing = events.inputsMissing;
  qd_sample_i64(probe_, s_.rewinds, static_cast<std::int64_t>(std::exchange(rewindsThisSecond_, 0)));
  agreement();
  secondNs_ = nowNs;
  secondParkedNs_ = 0;
  second_ = totals_;
}

int Telemetry::onReload(void* user, const qd_field*, std::uint32_t, char* result, std::size_t size) {
  auto& self = *static_cast<Telemetry*>(user);
  const auto seed = self.world_.map().seed() * 1'664'525U + 1'013'904'223U;
  self.world_.reload(seed);
  self.matchEnds_ = 0;
  qd_logf(self.probe_, QD_WARNING, "match", "map reloaded by an operator: now %08x, everybody respawned", seed);
  std::snprintf(result, size, "map %08x, %zu players respawned", seed, self.world_.players().size());
  return 0;
}

int Telemetry::onKick(void* user, const qd_field* args, std::uint32_t count, char* result, std::size_t size) {
  auto& self = *static_cast<Telemetry*>(user);
  const auto id = count > 0 ? args[0].value.i64 : -1;
  const auto* player = id < 0 || id >= kFirstNpc ? nullptr : self.world_.player(static_cast<EntityId>(id));
  if (player == nullptr) {
    std::snprintf(result, size, "No player %ld is here; take an id from the players table.", static_cast<long>(id));
    return 1;
  }
  self.exchange_.toNetwork.push(Kick{player->id, "kicked by an operator"});
  self.exchange_.wakeNetwork.wake();
  std::snprintf(result, size, "%s kicked", player->name.c_str());
  return 0;
}

int Telemetry::onBroadcast(void* user, const qd_field* args, std::uint32_t count, char* result, std::size_t size) {
  auto& self = *static_cast<Telemetry*>(user);
  std::string text = count > 0 && args[0].value.text != nullptr ? args[0].value.text : "";
  if (text.empty()) {
    std::snprintf(result, size, "Nothing to say: the text is empty.");
    return 1;
  }
  text.resize(std::min<std::size_t>(text.size(), 200));
  qd_logf(self.probe_, QD_INFO, "chat", "[operator] %s", text.c_str());
  self.exchange_.toNetwork.push(Broadcast{text});
  self.exchange_.wakeNetwork.wake();
  std::snprintf(result, size, "shown to %zu players", self.world_.players().size());
  return 0;
}

}  // namespace qd::stage
