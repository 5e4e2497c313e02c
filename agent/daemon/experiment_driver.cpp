// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/experiment_driver.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace qd::daemon {
namespace {

constexpr std::int64_t kLookEvery = 50 * kNsPerMs;
constexpr std::size_t kMostRunning = 16;

std::string whatText(const control::ExperimentPlan& plan) {
  std::string out = fmt::format("experiment {} ({}):", plan.id, plan.name);
  for (const auto& value : plan.fault) out += fmt::format(" {}={}", value.name, toText(value.value));
  return out + fmt::format(" on {} processes for {}", control::targetsOf(plan).size(), toText(plan.time));
}

}  // namespace

void ExperimentDriver::load() {
  store_.get(control::kExperimentPrefix, [this](const Result<std::vector<ingest::SharedItem>>& items) {
    if (!items) return;
    for (const auto& item : *items) {
      auto state = control::experimentFrom(item.value);
      if (!state || state->phase == control::ExperimentPhase::Over || running_.contains(item.key)) continue;
      if (!table_.find(state->plan.targets.front())) continue;  // another agent's
      const std::string id = state->plan.id;
      running_.try_emplace(item.key, Running{control::ExperimentRun(std::move(*state), utcNowNs()), id});
    }
  });
}

Result<> ExperimentDriver::check(const control::ExperimentPlan& plan) const {
  if (auto sound = control::ExperimentRun::check(plan); !sound) return sound;
  if (running_.size() >= kMostRunning) return fail(ErrorCode::Exhausted, "16 experiments run at this agent already.");
  const auto fault = control::ExperimentRun(plan, 0).fault();
  if (auto allowed = changes_.check(fault, plan.targets); !allowed) return allowed;
  for (const ProcessId& target : plan.targets) {
    const auto info = table_.find(target);
    for (const auto* list : {&plan.aborts, &plan.refutes}) {
      for (const ingest::Guard& guard : *list) {
        const bool told = std::any_of(info->series.begin(), info->series.end(),
                                      [&](const auto& series) { return series.name == guard.series; });
        if (!told) return fail(ErrorCode::NotFound, fmt::format("{} emits no {}.", target.value, guard.series));
      }
    }
  }
  for (const auto& [key, other] : running_) {
    const auto theirs = control::targetsOf(other.run.state().plan);
    for (const ProcessId& target : control::targetsOf(plan)) {
      if (std::find(theirs.begin(), theirs.end(), target) == theirs.end()) continue;
      return fail(ErrorCode::Conflict, fmt::format("{} is in the experiment {} ({}) already.", target.value,
                                                   other.run.state().plan.name, other.change));
    }
  }
  return {};
}

void ExperimentDriver::write(const control::SharedWrite& write, const std::string& from,
                             const control::SharedDone& done) {
  const auto known = running_.find(write.item.key);
  if (write.item.removed) {
    if (known == running_.end()) return store_.put(write, done);
    const std::string why = "aborted by " + (write.item.who.empty() ? "somebody" : write.item.who);
    audit_.append(write.item.who, from, "abort of the experiment " + known->second.change, write.item.value, "ordered");
    known->second.run.abort(why, utcNowNs());
    return done(std::vector{write.item});
  }
  auto state = control::experimentFrom(write.item.value);
  if (!state) return done(std::unexpected(state.error()));
  if (known != running_.end() || table_.change(state->plan.id)) {
    return done(fail(ErrorCode::Conflict, fmt::format("There is an experiment {} already.", state->plan.id)));
  }
  if (write.item.key != control::experimentKey(state->plan)) {
    return done(fail(ErrorCode::InvalidArgument, "The key of an experiment names its first target and its id."));
  }
  state->plan.who = write.item.who;
  state->plan.from = from;
  if (auto good = check(state->plan); !good) return done(std::unexpected(good.error()));
  audit_.append(write.item.who, from, whatText(state->plan), state->plan.comment, "ordered");
  const std::string id = state->plan.id;
  const auto made =
      running_.try_emplace(write.item.key, Running{control::ExperimentRun(std::move(state->plan), utcNowNs()), id});
  publish(write.item.key, made.first->second);
  ingest::SharedItem item = write.item;
  item.value = control::encode(made.first->second.run.state());
  done(std::vector{std::move(item)});
}

void ExperimentDriver::carryOut(control::ExperimentRun::Order order, const std::string& key, const Running& running,
                                TimeNs now) {
  using Order = control::ExperimentRun::Order;
  const auto& state = running.run.state();
  if (order == Order::Start) {
    changes_.start(running.run.fault(), [this, key, now](const Result<ingest::ChangeState>& begun) {
      const auto found = running_.find(key);
      if (!begun && found != running_.end()) found->second.run.refused(begun.error().message, now);
    });
  } else if (order != Order::None) {
    const auto word = order == Order::Begin ? control::ChangeWord::GoOn : control::ChangeWord::Revert;
    const std::string why = order == Order::Begin ? "the experiment's steady state is given" : state.reason;
    changes_.order({running.change, word, state.plan.who, "agent", why}, [](const auto&) {});
  }
}

void ExperimentDriver::onTime(TimeNs now) {
  std::vector<std::string> over;
  for (auto& [key, running] : running_) {
    auto& run = running.run;
    if (now - running.lookedAt >= kLookEvery) {
      running.lookedAt = now;
      if (const auto change = changes_.state(running.change)) run.change(*change, now);
    }
    carryOut(run.step(now), key, running, now);
    if (run.revision() != running.published) publish(key, running);
    if (run.over()) over.push_back(key);
  }
  for (const auto& key : over) {
    const auto& state = running_.at(key).run.state();
    spdlog::info("experiment {} ({}): {}", state.plan.id, state.plan.name, state.outcome);
    audit_.append(state.plan.who, "agent", "experiment " + state.plan.id, state.plan.comment,
                  state.outcome + "; " + state.restored);
    running_.erase(key);
  }
}

void ExperimentDriver::publish(const std::string& key, Running& running) {
  running.published = running.run.revision();
  control::SharedWrite write;
  write.item.key = key;
  write.item.value = control::encode(running.run.state());
  write.item.who = running.run.state().plan.who;
  store_.put(std::move(write), [key](const auto& done) {
    if (!done) spdlog::warn("{} is not told: {}", key, done.error().message);
  });
}

}  // namespace qd::daemon
