// SPDX-License-Identifier: Apache-2.0
// One client of the stage, without I/O: connects, acknowledges snapshots, predicts its own player, draws the others by
// interpolation and signs its inputs. Bots and the editor run the same code. The caller brings the datagrams and the
// time (monotonic ns). Not thread-safe: the editor guards it with its own mutex.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stage/game/map.h"
#include "stage/netcode/interpolation.h"
#include "stage/netcode/link_state.h"
#include "stage/netcode/packets.h"
#include "stage/netcode/prediction.h"
#include "stage/netcode/signature.h"
#include "stage/netcode/snapshot.h"

namespace qd::stage {

enum class NetState : std::uint8_t { Disconnected = 0, Connecting = 1, Connected = 2, Stalled = 3 };

struct ClientConfig {
  Role role = Role::Bot;
  std::string name;
  Key secret{};
  std::uint64_t nonceSeed = 1;
  int sendEvery = 1;  // ticks an input packet
  // Server's clock minus ours where it is known otherwise than from the stream (0 on one host, or by PTP): then the age
  // of the picture is exact on uneven paths too, which no round trip can tell. Prediction never depends on it.
  std::optional<std::int64_t> knownOffsetNs;
};

// What one fired shot looked like from here, and where the client thought itself to be.
struct ShotRecord {
  Tick tick = 0;
  Shot shot;
  Vec3 origin;
};

// One snapshot as it arrived, and how long after the one before it.
struct Arrival {
  Tick tick = 0;
  std::int64_t intervalNs = 0;
};

// Where prediction and server first differed: the confirmed tick at which it was seen, the last one at which both were
// equal, and what had been predicted for the ticks from there on, so that the server's own frames tell the first.
struct Divergence {
  static constexpr Tick kMostSteps = 6;
  Tick tick = 0, agreed = -1;
  OwnState predicted, authoritative;
  int replayed = 0;
  std::vector<std::pair<Tick, OwnState>> path;  // agreed + 1 … tick, at most kMostSteps
};
// The names of the fields that differ, comma-separated, causes before consequences: "health,vel.x,pos.x".
std::string differingFields(const OwnState& a, const OwnState& b);

class Client {
 public:
  using Send = std::function<void(BytesView)>;
  using Think = std::function<InputCommand(Tick)>;

  explicit Client(ClientConfig config);

  // Handshake and session datagrams meant for this client. False when it was not.
  bool receive(BytesView datagram, std::int64_t nowNs);
  // Connects, sends inputs that are due, keeps the session alive.
  void poll(std::int64_t nowNs, const Send& send);
  // Says goodbye to the server.
  void leave(std::int64_t nowNs, const Send& send);

  // Predicts all ticks that are due, asking `think` for each one's input.
  void advance(std::int64_t nowNs, const Think& think);
  // Moves the render clock to this frame. `fixedDelayNs` 0: adaptive.
  std::int64_t advanceRender(std::int64_t nowNs, std::int64_t fixedDelayNs);
  // The view and poses of a render tick (which may be less than what advanceRender gave).
  bool render(std::int64_t renderFixed, std::vector<Pose>& out);

  NetState state(std::int64_t nowNs) const;
  bool connected() const { return session_ != 0; }
  std::uint32_t session() const { return session_; }
  std::uint64_t nonce() const { return nonce_; }
  EntityId player() const { return player_; }
  const ClientConfig& config() const { return config_; }
  bool predicting() const { return predictorReady_; }
  Tick predictedTick() const { return predictorReady_ ? predictor_.newest() : 0; }
  const OwnState& own() const { return predictor_.state(); }
  Vec3 ownPicture(double seconds) { return predictor_.state().pos + offset_.advance(seconds); }
  const InputCommand& lastInput() const { return lastInput_; }
  const View& view() const { return view_; }
  const std::vector<Pose>& poses() const { return poses_; }
  const RenderClock& renderClock() const { return renderClock_; }
  const SnapshotBuffer& buffer() const { return buffer_; }
  const SnapshotHead& head() const { return head_; }
  const Map* map() const { return map_ ? &*map_ : nullptr; }
  LinkState& link() { return link_; }
  const LinkState& link() const { return link_; }
  // Our estimate of the server's tick now, as a real number.
  double serverTick(std::int64_t nowNs) const;
  // Server now minus the time drawn, ns.
  std::int64_t viewAgeNs(std::int64_t nowNs) const;
  // A fault put in on purpose: draws, and aims at, everybody so far beside where they belong.
  void setRenderBias(Vec3 bias) { renderBias_ = bias; }
  // Another: of every 60 packets the first so many are not sent.
  void setInputDrop(int packets) { inputDrop_ = packets; }

  struct Counters {
    std::uint64_t snapshots = 0, undecodable = 0, corrections = 0, replayed = 0, shots = 0, reconnects = 0, kicked = 0;
    std::uint64_t clockSnaps = 0, confirmed = 0, starved = 0;
    std::size_t lastSnapshotBytes = 0;
  };
  const Counters& counters() const { return counters_; }
  struct Confirmed {
    std::int64_t errorUm = 0;
    int replayed = 0;
    std::int64_t latencyNs = 0;  // from the input to this confirmation
    bool joined = false;         // false across a spawn: then the error says nothing about prediction
  };
  std::vector<Confirmed> takeConfirmed() { return std::exchange(confirmed_, {}); }
  std::vector<Divergence> takeDivergences() { return std::exchange(divergences_, {}); }
  std::vector<Arrival> takeArrivals() { return std::exchange(arrivals_, {}); }
  std::vector<ShotRecord> takeShots() { return std::exchange(shots_, {}); }
  std::optional<std::string> takeNotice();

 private:
  void onAccept(BytesView datagram, std::int64_t nowNs);
  bool onSnapshot(BytesView datagram, std::int64_t nowNs);
  void onBye(BytesView datagram, std::int64_t nowNs);
  void confirm(const SnapshotHead& head, std::int64_t nowNs);
  void diverged(const SnapshotHead& head, const Predictor<OwnState, InputCommand>::Correction& correction);
  void disconnect(std::int64_t nowNs, std::int64_t waitNs);
  void fire(InputCommand& input);
  double leadTicks() const;
  double tickAt(std::int64_t serverNs) const;
  void sendInputs(std::int64_t nowNs, bool bye, const Send& send);
  void step(OwnState& state, const InputCommand& input) const;

  ClientConfig config_;
  std::uint64_t nonce_ = 0;
  std::uint32_t session_ = 0;
  EntityId player_ = 0;
  std::optional<Signer> signer_;
  LinkState link_;
  SnapshotRing received_{64};
  SnapshotBuffer buffer_;
  RenderClock renderClock_;
  SnapshotHead head_;
  std::optional<Map> map_;
  Predictor<OwnState, InputCommand> predictor_;
  bool predictorReady_ = false;
  SlewedTick predictClock_;
  VisualOffset offset_;
  std::deque<InputCommand> pending_;
  std::array<std::int64_t, 256> madeAt_{};
  InputCommand lastInput_;
  View view_;
  Vec3 renderBias_;
  int inputDrop_ = 0;
  std::vector<Pose> poses_;
  std::vector<Confirmed> confirmed_;
  std::vector<Divergence> divergences_;
  std::vector<Arrival> arrivals_;
  std::int64_t lastSnapshotNs_ = 0;
  std::vector<ShotRecord> shots_;
  Counters counters_, atJoin_;
  Tick ackTick_ = 0;
  int unsentTicks_ = 0;
  std::int64_t renderFixed_ = 0, nextConnectNs_ = 0, lastSendNs_ = 0, lastAdvanceNs_ = 0, connectedNs_ = 0;
  std::uint8_t noticeId_ = 0;
  std::optional<std::string> notice_;
  Bytes out_;
};

}  // namespace qd::stage
