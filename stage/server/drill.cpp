// SPDX-License-Identifier: Apache-2.0
#include "stage/server/drill.h"

#include <cmath>
#include <cstdlib>

namespace qd::stage {

void Drill::run(const ScenarioStep& step, const World& world, Exchange& exchange, Telemetry& telemetry) {
  using What = ScenarioStep::What;
  switch (step.what) {
    case What::Number:
      telemetry.set(step.parameter, qd_f64(step.value));
      return;
    case What::Duration:
      telemetry.set(step.parameter, qd_duration_ns(std::llround(step.value * kNsPerMs)));
      return;
    case What::Choice:
      telemetry.set(step.parameter, qd_choice(step.choice));
      return;
    case What::Count:
      telemetry.set(step.parameter, qd_i64(std::llround(step.value)));
      return;
    case What::AsStarted:
      telemetry.reset(step.parameter);
      return;
    case What::Crash:
      std::abort();
    case What::KickShare: {
      const auto most = static_cast<std::size_t>(step.value * static_cast<double>(world.players().size()));
      std::size_t kicked = 0;
      for (const auto& [id, player] : world.players()) {
        if (player.role != Role::Bot || kicked++ >= most) continue;
        exchange.toNetwork.push(Kick{id, "removed by the anti-cheat service"});
      }
      exchange.wakeNetwork.wake();
      return;
    }
  }
}

void Drill::tick(std::int64_t nowNs, const World& world, Exchange& exchange, Telemetry& telemetry) {
  if (scenario_ == nullptr) return;
  if (beginNs_ == 0) {
    if (world.players().empty()) return;
    beginNs_ = nowNs + afterNs_;
    if (player_ != 0) telemetry.set("net.player", qd_i64(player_));
  }
  while (next_ < scenario_->steps.size() && nowNs >= beginNs_ + scenario_->steps[next_].atNs) {
    run(scenario_->steps[next_++], world, exchange, telemetry);
  }
  if (scenario_->roundNs == 0 || nowNs < beginNs_ + scenario_->roundNs) return;
  beginNs_ += scenario_->roundNs;
  next_ = 0;
}

}  // namespace qd::stage
