// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "stage/server/telemetry.h"

namespace qd::stage {
namespace {

constexpr std::size_t kAgreementShots = 400;

const char* verdict(EntityId target) {
  return target != 0 ? "hit" : "miss";
}

qd_value metres(std::int64_t um) {
  return qd_f64(static_cast<double>(um) / 1e6);
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
    if (shot.target != 0) qd_sample_i64(probe_, s_.rewindDistance, shot.rewindDistanceUm);
    if (shot.rewindErrorUm >= 0) qd_sample_i64(probe_, s_.rewindError, shot.rewindErrorUm);
    if (shot.target == 0) continue;
    hitEvent(shot, tick);
    if (shot.killed) {
      qd_logf(probe_, QD_INFO, "combat", "%s killed %s (rewound %.0f ms)", nameOf(shot.shooter, shooter),
              nameOf(shot.victim, victim), static_cast<double>(shot.rewindNs) / 1e6);
    }
  }
}

// Everything that is needed to draw both sides' pictures, and to compute the rewind error again from recorded poses.
// The first nine fields are those of the site. Alphas are 16-bit fractions between the ticks a and b.
void Telemetry::hitEvent(const ShotResult& shot, Tick tick) {
  const qd_field fields[] = {qd_kv("shooter", qd_i64(shot.shooter)),
                             qd_kv("victim", qd_i64(shot.target)),
                             qd_kv("damage", qd_i64(shot.damage)),
                             qd_kv("rewind_ms", qd_f64(static_cast<double>(shot.rewindNs) / 1e6)),
                             qd_kv("rewind_error_m", metres(shot.rewindErrorUm)),
                             qd_kv("client_verdict", qd_text(verdict(shot.claimed))),
                             qd_kv("server_verdict", qd_text(verdict(shot.victim))),
                             qd_kv("policy", qd_bool(shot.policy ? 1 : 0)),
                             qd_kv("killed", qd_bool(shot.killed ? 1 : 0)),
                             qd_kv("tick", qd_i64(tick)),
                             qd_kv("shot", qd_i64(static_cast<std::int64_t>(shot.number))),
                             qd_kv("claimed", qd_i64(shot.claimed)),
                             qd_kv("hit", qd_i64(shot.victim)),
                             qd_kv("rule", qd_text(shot.rule)),
                             qd_kv("origin_x_m", metres(shot.origin.x)),
                             qd_kv("origin_y_m", metres(shot.origin.y)),
                             qd_kv("yaw_rad", qd_f64(shot.yaw * 6.283185307179586 / 65536)),
                             qd_kv("seen_a", qd_i64(shot.seen.a)),
                             qd_kv("seen_b", qd_i64(shot.seen.b)),
                             qd_kv("seen_alpha", qd_i64(shot.seen.alpha)),
                             qd_kv("used_a", qd_i64(shot.used.a)),
                             qd_kv("used_b", qd_i64(shot.used.b)),
                             qd_kv("used_alpha", qd_i64(shot.used.alpha)),
                             qd_kv("seen_x_m", metres(shot.seenPos.x)),
                             qd_kv("seen_y_m", metres(shot.seenPos.y)),
                             qd_kv("rewound_x_m", metres(shot.rewoundPos.x)),
                             qd_kv("rewound_y_m", metres(shot.rewoundPos.y)),
                             qd_kv("now_x_m", metres(shot.nowPos.x)),
                             qd_kv("now_y_m", metres(shot.nowPos.y))};
  qd_event(probe_, "combat.hit", fields, sizeof fields / sizeof *fields);
  if (shot.victim != 0 && qd_site_enabled(siteHit_)) qd_site_hit(probe_, siteHit_, fields, 9);
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

}  // namespace qd::stage
