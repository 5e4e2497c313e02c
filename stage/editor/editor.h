// SPDX-License-Identifier: Apache-2.0
// The editor of the stage: a client without a screen in the editor's role. Its frame loop draws the others by
// interpolation and predicts its own player; a network thread keeps the session alive, also while the frame loop is
// parked at a breakpoint. Both share the client under one mutex, never held across I/O or the probe.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "stage/client/brain.h"
#include "stage/client/client.h"
#include "stage/editor/editor_telemetry.h"
#include "stage/runtime/udp.h"

namespace qd::stage {

struct EditorOptions {
  EditorIdentity identity;
  Endpoint server;
  std::string secret = "stage";
  std::uint64_t seed = 1;
  int frameHz = 60;
  std::int64_t forNs = 0;  // 0: until told to stop
  ImpairmentSettings impairment;
};

class Editor {
 public:
  Editor(const EditorOptions& options, int terminationFd);
  ~Editor();
  std::expected<void, std::string> open();
  void run();
  std::string report();

 private:
  void network();
  void frame(std::int64_t scheduledNs);
  void announce(NetState state);

  EditorOptions options_;
  int terminationFd_;
  EditorSettings settings_;
  std::mutex mutex_;  // client_, brain_
  Client client_;
  Brain brain_;
  ImpairedSocket socket_;  // the network thread's
  Wakeup wake_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
  EditorTelemetry telemetry_;
  FrameData frame_;
  std::uint64_t frameNo_ = 0;
  std::int64_t lastFrameNs_ = 0;
  bool announced_ = false, attached_ = false;
  std::mutex impairmentMutex_;
  ImpairmentSettings impairment_;
};

}  // namespace qd::stage
