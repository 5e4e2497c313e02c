// SPDX-License-Identifier: Apache-2.0
// What the tests of changes over time share: guarded games under a real agent, plans, and how a change stands.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "tests/agent/daemon/live/programs.h"

namespace qd::live {

class LiveChanges : public testing::Test {
 protected:
  void games(Agent& agent, const std::vector<std::string>& ids) {
    for (const auto& id : ids) games_[id] = agent.game(id, {"--guarded"});
    for (const auto& id : ids) {
      ASSERT_TRUE(agent.process(id, running)) << agent.child().errors();
      ASSERT_TRUE(within(std::chrono::seconds(20), [&] { return version(agent, id) > 0; }));
    }
  }
  static pb::ParameterValue value(const Agent& agent, const std::string& id, const std::string& name) {
    const auto described = agent.describe();  // outlives the loop over what it holds
    for (const auto& change : described.parameters()) {
      if (change.process().id() != id) continue;
      for (const auto& v : change.values()) {
        if (v.name() == name) return v;
      }
    }
    return {};
  }
  static double density(const Agent& agent, const std::string& id) {
    return value(agent, id, "npc.density").value().double_value();
  }
  static std::uint64_t version(const Agent& agent, const std::string& id) {
    return value(agent, id, "npc.density").version();
  }
  static pb::StartChangeRequest plan(const std::string& id, const std::vector<std::string>& targets, double to) {
    pb::StartChangeRequest request;
    auto& plan = *request.mutable_plan();
    plan.set_id(id);
    plan.set_who("test");
    plan.set_comment("a test");
    for (const auto& target : targets) plan.add_process_ids(target);
    auto* v = plan.add_values();
    v->set_name("npc.density");
    v->mutable_value()->set_double_value(to);
    return request;
  }
  static void guard(pb::StartChangeRequest& request, double threshold, std::uint32_t ticks, bool group = false) {
    auto* g = request.mutable_plan()->add_guards();
    g->set_series("tick.duration");
    g->set_statistic(pb::Guard::P99);
    g->set_above(true);
    g->set_threshold(threshold);
    g->set_ticks(ticks);
    g->set_group(group);
  }
  static grpc::Status start(const Agent& agent, const pb::StartChangeRequest& request,
                            pb::ChangeState* state = nullptr) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    pb::ChangeState ignored;
    return agent.stub()->StartChange(&context, request, state ? state : &ignored);
  }
  static std::vector<pb::ChangeState> order(const Agent& agent, const std::string& id,
                                            pb::OrderChangeRequest::Verb verb) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    pb::OrderChangeRequest request;
    request.set_id(id);
    request.set_verb(verb);
    request.set_who("test");
    pb::OrderChangeResponse response;
    agent.stub()->OrderChange(&context, request, &response);
    return {response.changes().begin(), response.changes().end()};
  }
  // HOLD answers how it stands.
  static pb::ChangeState state(const Agent& agent, const std::string& id) {
    const auto all = order(agent, id, pb::OrderChangeRequest::HOLD);
    return all.empty() ? pb::ChangeState() : all.front();
  }
  static bool untilPhase(const Agent& agent, const std::string& id, pb::ChangeState::Phase phase) {
    return within(std::chrono::seconds(40), [&] { return state(agent, id).phase() == phase; });
  }

  Folder folder_;
  Agent agent_{folder_};
  std::map<std::string, Child> games_;
};

}  // namespace qd::live
