// SPDX-License-Identifier: Apache-2.0
// Short ways to make events in tests.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/ingest/events.h"

namespace qd::ingest {

inline EnvelopePtr envelope(Event event, std::uint64_t sequence = 1, TimeNs received = 0) {
  auto made = std::make_shared<Envelope>();
  made->agent = AgentId("agent");
  made->sequence = sequence;
  made->event = std::move(event);
  made->received = received;
  return made;
}

inline ProcessInfo serverInfo(const std::string& id = "server-1", std::uint64_t instance = 1, TimeNs started = 100) {
  ProcessInfo info;
  info.id = ProcessId(id);
  info.instance = InstanceId(instance);
  info.kind = ProcessKind::Server;
  info.name = id;
  info.domain = id;
  info.tickHz = 60;
  info.started = started;
  return info;
}

inline ProcessInfo editorInfo(const std::string& id, const std::string& server, std::uint64_t instance = 2) {
  ProcessInfo info = serverInfo(id, instance);
  info.kind = ProcessKind::Editor;
  info.domain = server;
  return info;
}

inline ProcessRef ref(const ProcessInfo& info) {
  return {info.id, info.instance};
}

}  // namespace qd::ingest
