// SPDX-License-Identifier: Apache-2.0
// The members of this agent's link groups that are processes of other agents: a Lend stream to each of those agents,
// the orders to such members, what they tell (as the events that control::DebugDesk understands, under the id
// ID@HOST:PORT), and copies of what is published of their groups. An agent that does not answer, or is silent for
// kLendSilence, counts as its members' being gone; it is asked again, with backoff, as long as a group wants one of
// them. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/control/lending.h"
#include "core/serve/peer_client.h"

namespace qd::daemon {

class Guests {
 public:
  using OpenLink = std::function<Result<std::unique_ptr<serve::LendLink>>(const std::string&, serve::LendHandlers)>;
  struct Port {
    std::function<bool(std::function<void()>)> post;  // onto the loop, from any thread
    std::function<void(const control::ProcessEvent&)> tell;
    // Somebody at that agent orders something of a group of here; ids as they are here.
    std::function<void(const std::string& endpoint, control::Forward)> forwarded;
    std::function<std::vector<ingest::LinkGroup>()> groups;  // that are here
    std::function<std::vector<ingest::Breakpoint>()> breakpoints;
    std::function<std::int64_t()> clock = monotonicNs;
  };

  explicit Guests(Port port) : port_(std::move(port)) {}
  ~Guests();
  void setOpen(OpenLink open) { open_ = std::move(open); }

  // All members at other agents that groups have or are about to have. `home`: this agent's address for them.
  void want(const std::map<ProcessId, std::string>& homes);
  bool any() const { return !agents_.empty(); }
  // Of one of them: is it here; else why not, as far as is known.
  bool here(const ProcessId& guest) const;
  std::string refusal(const ProcessId& guest) const;
  bool mayCome(const ProcessId& guest) const;  // refused only because it is not there yet
  std::optional<control::LiveProcess> live(const ProcessId& guest) const;
  bool mayDebug(const ProcessId& guest) const;
  std::vector<ingest::ParameterValue> parameters(const ProcessId& guest) const;

  void order(const ProcessId& guest, control::LendOrder order);  // its process as it is named here
  void answer(const std::string& endpoint, const control::ForwardAnswer& answer);
  void publish(const ingest::LinkGroup& group);
  void publish(const ingest::Breakpoint& breakpoint, const ingest::LinkGroup& group);
  void publish(const ingest::Hit& hit, const ingest::LinkGroup& group);
  void beat(const std::function<bool(const ProcessId&)>& holds);  // every kLendBeat
  void onTime();

 private:
  struct Guest {
    bool here = false, mayCome = false;
    std::string refusal;
    control::LentProcess facts;
    std::vector<ingest::ParameterValue> parameters;
  };
  struct Agent {
    std::string home;
    std::map<ProcessId, Guest> guests;  // by the agent's own id
    std::unique_ptr<serve::LendLink> link;
    std::uint64_t round = 0;  // of the link: what an earlier one still says is ignored
    std::int64_t heardAt = 0, retryAt = 0, backoff = 0;
  };

  const Guest* find(const ProcessId& guest) const;
  void connect(const std::string& endpoint, Agent& agent);
  void borrow(Agent& agent);
  void heard(const std::string& endpoint, std::uint64_t round, const control::LendEvent& event);
  void up(const std::string& endpoint, Agent& agent, const control::LentProcess& process);
  void lost(const std::string& endpoint, Agent& agent, const std::string& why);
  void sendCopies(const std::string& endpoint, Agent& agent);
  template <class Copy>
  void toAll(const ingest::LinkGroup& group, const Copy& copy);

  Port port_;
  OpenLink open_;
  std::map<std::string, Agent> agents_;  // by endpoint
  std::uint64_t nextRound_ = 1;
};

}  // namespace qd::daemon
