// SPDX-License-Identifier: Apache-2.0
// The processes of this agent that it lends to link groups whose home is another agent: carries out the homes' orders,
// tells them what happens, shows copies of their groups and breakpoints here, and passes on what somebody here orders
// of those. When a home's stream is over, or silent for kLendSilence, everything of it is given back: breakpoints are
// taken out, what stands runs on, the copies go. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/control/debug_desk.h"
#include "core/control/lending.h"

namespace qd::daemon {

class Lender {
 public:
  struct Port {
    std::function<std::optional<control::LentProcess>(const ProcessId&)> describe;  // a live one
    std::function<std::string(const ProcessId&)> taken;                   // why it cannot be lent; empty: it can
    std::function<void(const ProcessId&, const std::string& home)> lent;  // home empty: given back
    std::function<void(control::DebugAction)> perform;
    std::function<void(const ProcessId&, bool)> follow;
    std::function<std::vector<ingest::ParameterValue>(const ProcessId&)> parameters;
    std::function<void(ingest::Event)> publish;  // Breakpoint, LinkGroup, Hit: copies
    std::function<std::int64_t()> clock = monotonicNs;
  };
  using Send = std::function<void(control::LendEvent)>;
  using StreamId = std::uint64_t;

  explicit Lender(Port port) : port_(std::move(port)) {}

  StreamId open(Send send);
  void order(StreamId stream, const control::LendOrder& order);
  void closed(StreamId stream);
  void onTime();  // often: homes that are silent

  bool lends(const ProcessId& process) const { return lentTo_.contains(process); }
  bool holds(const ProcessId& process) const;
  bool any() const { return !homes_.empty(); }
  // What happened to a lent one goes to its home.
  void tell(const control::ProcessEvent& event);

  // The home that an order concerns; empty: none.
  std::string homeOf(const control::DebugOrder& order) const;
  std::vector<ingest::LinkGroup> copies() const;
  std::vector<std::string> homes() const;
  // Ids of the order without their "@home". `done` empty: no answer is wanted.
  void forward(const std::string& home, control::SessionId session, const std::string& who, control::DebugOrder order,
               control::DebugDone done);

 private:
  struct Home {
    StreamId stream = 0;
    Send send;
    std::int64_t heardAt = 0;  // monotonic
    std::set<ProcessId> wanted, held, followed;
    std::map<ProcessId, std::set<std::string>> armed;
    std::map<std::string, ingest::LinkGroup> groups;
    std::map<std::string, ingest::Breakpoint> breakpoints;
    std::map<std::uint64_t, std::pair<std::int64_t, control::DebugDone>> asked;  // since when
  };

  Home* homeAt(StreamId stream);
  void borrow(StreamId stream, const control::Borrow& order);
  void lend(const std::string& address, Home& home, const ProcessId& process);
  void giveBack(const std::string& address, Home& home, const ProcessId& process);
  void end(const std::string& address, const std::string& why);
  void member(Home& home, const ProcessId& process, control::DebugAction action);
  void copy(Home& home, ingest::LinkGroup group);
  void copy(Home& home, ingest::Breakpoint breakpoint);
  void answered(Home& home, const control::ForwardAnswer& answer, const std::string& address);

  Port port_;
  std::map<StreamId, Send> streams_;   // that have not said yet whose they are
  std::map<std::string, Home> homes_;  // by address
  std::map<ProcessId, std::string> lentTo_;
  StreamId nextStream_ = 1;
  std::uint64_t nextRequest_ = 1;
};

}  // namespace qd::daemon
