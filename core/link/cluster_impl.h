// SPDX-License-Identifier: Apache-2.0
// The inside of a Cluster: its links, and which agent an order concerns. Everything on the loop but the constructor and
// the destructor.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/link/agent_link.h"
#include "core/link/cluster.h"

namespace qd::link {

struct Cluster::Impl {
  Impl(ClusterOptions given, ingest::EventSink& sink)
      : options(std::move(given)),
        context{options, sink, std::make_shared<Loop>(), std::make_shared<LiveCalls>(), Qualifier(options.endpoints)} {
    for (std::size_t i = 0; i < options.endpoints.size(); ++i) {
      links.push_back(std::make_unique<AgentLink>(context, i));
    }
  }
  ~Impl();

  void post(Loop::Task task) { context.loop->post(std::move(task)); }
  std::optional<Qualifier::Owner> ownerOf(const ProcessId& id) const;
  void shown(std::vector<ingest::PushResult>& results, std::size_t agent);
  void push(const control::PushOrder& order, control::PushDone done);
  void queryPush(const std::string& pushId, bool settle, control::PushDone done);
  void settlePush(const control::PushOrder& order, std::int64_t deadline, control::PushDone done);
  void runAction(control::ActionOrder order, control::ActionDone done);
  void startChange(ingest::ChangePlan plan, control::ChangeDone done);
  void share(control::SharedWrite write, const control::SharedDone& done);
  struct Split {
    std::size_t home = 0;  // the agent of the first target
    std::vector<ProcessId> mine;
    std::vector<ingest::ChangePeer> peers;
  };
  Result<Split> split(const std::vector<ProcessId>& targets) const;
  void orderChange(const control::ChangeVerb& verb, control::ChangesDone done);
  void adopt(control::AdoptOrder order, control::AdoptDone done);
  Result<AgentLink*> linkAt(const std::string& endpoint);  // empty: the first that is connected
  // The home of the group that these are in, or would be; they become what that agent calls them.
  Result<std::size_t> homeOf(std::vector<ProcessId>& members) const;
  Result<std::size_t> nameAt(std::size_t home, std::vector<ProcessId>& members) const;
  Result<std::size_t> agentForSite(const std::string& site) const;
  Result<std::size_t> agentForGroup(std::string& group) const;
  void setBreakpoint(control::BreakpointOrder order, control::DebugDone done);
  void link(std::vector<ProcessId> members, control::DebugDone done);
  std::vector<ProcessId> usualMembers() const;
  ProcessId shownAs(const ProcessId& raw, std::size_t agent) const;
  void resumeAll(control::DebugDone done);
  template <class Order>
  void onGroup(Order order, control::DebugDone done);
  template <class Order>
  void onMember(Order order, control::DebugDone done);  // of a group: order.process as shown

  ClusterOptions options;
  LinkContext context;
  std::vector<std::unique_ptr<AgentLink>> links;
  bool closing = false;
};

template <class Order>
void Cluster::Impl::onMember(Order order, control::DebugDone done) {
  std::vector<ProcessId> process = {order.process};
  Result<std::size_t> agent = order.group.empty() ? homeOf(process) : agentForGroup(order.group);
  if (agent && !order.group.empty()) (void)nameAt(*agent, process);
  order.process = process.front();
  agent ? links[*agent]->debug(std::move(order), std::move(done)) : done(std::unexpected(agent.error()));
}

template <class Order>
void Cluster::Impl::onGroup(Order order, control::DebugDone done) {
  const auto agent = agentForGroup(order.group);
  agent ? links[*agent]->debug(std::move(order), std::move(done)) : done(std::unexpected(agent.error()));
}

}  // namespace qd::link
