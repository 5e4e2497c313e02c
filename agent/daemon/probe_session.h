// SPDX-License-Identifier: Apache-2.0
// One probe's connection: the handshake with its sealed lane, the frames of the control stream, the draining of its
// rings into the log, and the orders to it. What the probe sends is hostile: every length and number is checked, a
// broken stream ends the session with a sentence. Owns the socket and the lane. Loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/daemon/flight_log.h"
#include "agent/daemon/process_table.h"
#include "agent/daemon/ring_drain.h"
#include "agent/daemon/stream_lane.h"
#include "agent/probe/frames.h"
#include "agent/probe/lane_reader.h"
#include "core/control/debug_events.h"
#include "core/serve/rollup.h"

namespace qd::daemon {

class ProbeSession;

// What a session tells the agent.
class ProbeObserver {
 public:
  virtual ~ProbeObserver() = default;
  virtual Result<> admit(ProbeSession& session) = 0;  // after the hello: refused by Conflict for a live duplicate
  virtual void up(ProbeSession& session) = 0;         // all is declared, or its sites changed
  virtual void answered(ingest::PushResult result) = 0;
  virtual void answered(ingest::ActionResult result) = 0;
  virtual void debugged(const control::ProcessEvent& event) = 0;
  virtual void wantWrite(ProbeSession& session, bool want) = 0;
  virtual std::string whoPushed(const std::string& pushId) = 0;
  virtual void fillDesired(const ProcessId& process, ingest::ParameterValue& value) = 0;
  virtual void sampled(const ingest::SampleBlock& block) = 0;  // on its way into the log
  // Up to where an earlier agent has this ring in the log.
  virtual std::uint64_t recordsKnown(InstanceId instance, std::uint32_t ring) = 0;
};

// Where a probe came in over TCP; outlives its sessions.
struct ProbeDoor {
  std::string token;  // empty: none is asked for
};

struct HostSeries {
  const char* name;
  const char* unit;
  const char* description;
  int scale;
};
struct HostValue {
  std::uint32_t which;  // index into the list
  std::int64_t value;
};

class ProbeSession {
 public:
  // door: null on the Unix socket.
  ProbeSession(int socket, FlightLog& log, ProcessTable& table, ProbeObserver& observer,
               const ProbeDoor* door = nullptr);
  ~ProbeSession();
  ProbeSession(const ProbeSession&) = delete;
  ProbeSession& operator=(const ProbeSession&) = delete;

  int socket() const { return socket_; }
  bool streamed() const { return door_ != nullptr; }
  void begin();  // once it is watched: over TCP the agent speaks first
  // Both: an error ends the session; its message is the reason.
  Result<> readable();
  Result<> writable();
  // Has its peer gone, although nobody has read that yet?
  bool hungUp() const;

  void drain(std::int64_t monotonicNow, std::uint64_t persisted);
  // Of its rings when the last drain began (qd_lane_fill).
  std::uint32_t fullest() const { return fullest_; }
  // The last of its samples, then the process is gone.
  void finish(const std::string& reason);

  bool admitted() const { return admitted_; }
  bool declared() const { return declared_; }
  const ingest::ProcessInfo& info() const { return info_; }
  ingest::ProcessRef ref() const { return {info_.id, info_.instance}; }
  std::int64_t connectedAt() const { return connectedAt_; }
  control::ProcessUp upEvent() const;
  std::optional<double> lastValue(const ingest::SeriesInfo& series) const;  // in displayed units
  std::optional<double> players() const;                                    // as players.online says
  const LaneContext& counts() const { return context_; }

  // Orders. What cannot be sent (too large, the probe does not read) ends the session at the next event.
  void push(const control::PushOrder& order);
  void askPush(const std::string& pushId);
  void runAction(const control::ActionOrder& order);
  void arm(const ingest::Breakpoint& breakpoint);
  void disarm(const std::string& id);
  void stop(std::optional<Tick> tick, std::uint64_t stopId);
  void resume();
  void step(Tick until, std::uint64_t stopId);
  void renew();

  void declareHost(const std::vector<HostSeries>& series);
  void publishHost(const std::vector<HostValue>& values, TimeNs now);

 private:
  // probe_session.cpp
  Result<> receive(bool& more);
  Result<> frames();
  Result<> hello(qd_cursor body);
  void refuse(qd_refusal code, const std::string& reason);
  void sendFrame(qd_frame_type type, const std::function<void(qd_writer*)>& put);
  Result<> flushOut();

  // probe_frames.cpp
  Result<> frame(const qd_frame& frame);
  bool declaration(const qd_frame& frame);
  bool outcome(const qd_frame& frame);
  bool debugFrame(const qd_frame& frame);
  void series(qd_cursor body);
  void parameter(qd_cursor body);
  void parameterValue(qd_cursor body);
  void site(qd_cursor body);
  void action(qd_cursor body);
  void pushResult(qd_cursor body);
  void actionResult(qd_cursor body);
  void hit(qd_cursor body);
  void parked(qd_cursor body);
  void resumed(qd_cursor body);
  std::uint32_t indexFor(const ingest::SeriesInfo& wanted, std::uint32_t handle);
  void publishDeclaration(const std::string& reason);
  void publishValues();
  TimeNs utc(std::uint64_t monotonic) const { return static_cast<TimeNs>(monotonic) + context_.utcOffsetNs; }

  // probe_stream.cpp
  Result<> openStream(qd_cursor body);
  Result<> prove(const qd_stream_msg& message);
  Result<bool> streamFrame(const qd_frame& frame);
  void pong(qd_cursor body);
  void ping(std::int64_t now);
  void keepStream(std::int64_t now);
  void sendOrders();

  // probe_lane.cpp
  struct Ring {
    explicit Ring(std::uint32_t index, LaneContext& context) : drain(index, context) {}
    RingDrain drain;
    std::uint64_t lastSequence = 0;  // of the log, of what was published from here
    std::int64_t committedAt = 0;
    bool uncommitted = false;
    bool used = false;  // has ever had a record; the others are looked at less often
    bool broken = false;
  };
  void openRings();
  void drainRing(std::uint32_t index, std::int64_t now, std::uint64_t persisted, bool all);
  void publish(Ring& ring, std::vector<ingest::Event>& events);
  void noteLast(const ingest::SampleBlock& block);
  void publishRollups();
  void beginSegments();

  const int socket_;
  FlightLog& log_;
  ProcessTable& table_;
  ProbeObserver& observer_;
  const ProbeDoor* const door_;
  const std::int64_t connectedAt_;
  std::vector<std::uint8_t> in_;
  std::string out_;
  bool wantsWrite_ = false, outBroken_ = false;
  bool admitted_ = false, declared_ = false, dirty_ = false, sitesDirty_ = false, toldUp_ = false, saidBye_ = false;
  int laneFd_ = -1;
  qd_lane* lane_ = nullptr;
  std::unique_ptr<StreamLane> stream_;  // over TCP
  std::array<std::uint8_t, 32> nonce_{};
  PeerClock clock_;
  std::int64_t pingedAt_ = 0;
  LaneContext context_;
  std::vector<std::unique_ptr<Ring>> rings_;
  ingest::ProcessInfo info_;
  std::vector<ingest::ParameterValue> changedValues_;
  std::map<std::uint32_t, std::size_t> seriesAt_;  // by index: place in info_.series
  std::uint32_t nextIndex_ = 0;
  std::vector<std::uint32_t> endedHandles_;
  std::vector<double> lastRaw_, lastHostRaw_;  // by index; NaN: none yet
  std::uint64_t hostRecord_ = 0;
  std::int64_t lookedAt_ = 0;
  std::uint32_t fullest_ = 0;
  std::vector<ingest::Event> events_;
  serve::RollupMaker rollupMaker_;
  std::vector<ingest::Rollup> rollups_;
};

}  // namespace qd::daemon
