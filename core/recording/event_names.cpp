// SPDX-License-Identifier: Apache-2.0
#include "core/recording/event_names.h"

namespace qd::recording {

using namespace ingest;

namespace {

struct Renamer {
  const NameOf& nameOf;

  void id(ProcessId& process) const {
    if (!process.value.empty()) process = nameOf(process);
  }
  void text(std::string& process) const {
    if (!process.empty()) process = nameOf(ProcessId(process)).value;
  }

  void operator()(ProcessChange& e) const {
    id(e.info.id);
    text(e.info.domain);
  }
  void operator()(EntityFrame& e) const {
    id(e.process.id);
    text(e.domain);
  }
  void operator()(FrameBlock& e) const {
    id(e.process.id);
    text(e.domain);
  }
  void operator()(Breakpoint& e) const {
    for (BreakpointMember& member : e.members) id(member.process);
  }
  void operator()(LinkGroup& e) const {
    text(e.domain);
    id(e.leader);
    for (GroupMember& member : e.members) id(member.process);
  }
  void operator()(Hit& e) const {
    id(e.leader);
    for (HitMember& member : e.members) id(member.state.process);
  }
  void operator()(Gap& e) const { id(e.process); }
  void operator()(Mark& e) const { text(e.domain); }
  void operator()(ChangeState& e) const {
    for (ProcessId& process : e.plan.targets) id(process);
    for (ChangePeer& peer : e.plan.peers) {
      for (ProcessId& process : peer.targets) id(process);
    }
    for (ChangeTarget& target : e.targets) id(target.process);
    for (GuardReading& reading : e.readings) id(reading.process);
  }
  void operator()(SharedItem&) const {}
  void operator()(ClockSample&) const {}
  void operator()(AgentChange&) const {}
  template <class T>
  void operator()(T& e) const {
    id(e.process.id);
  }
};

}  // namespace

void renameProcesses(Event& event, const NameOf& nameOf) {
  std::visit(Renamer{nameOf}, event);
}

}  // namespace qd::recording
