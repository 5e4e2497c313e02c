// SPDX-License-Identifier: Apache-2.0
// The server's end of the network as a whole, without I/O: handshakes, verified inputs towards the simulation,
// snapshots of the newest published frame, timeouts, kicks, and what of it is measured. The caller brings datagrams,
// addresses and the time; what goes out leaves through `HubOutput`. The real server and the virtual stage run this same
// code.
//
// A stranger costs little: a session counts as a player only after its first signed input, what is not yet verified is
// rate-limited, bounded and forgotten after two seconds, and nobody but the signer can use up a client's allowance.
// Not thread-safe: one network thread owns it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "stage/netcode/grid.h"
#include "stage/netcode/random.h"
#include "stage/netcode/rate_limit.h"
#include "stage/netcode/server_session.h"

namespace qd::stage {

using Address = std::uint64_t;  // of a datagram's sender; the hub only compares it

struct Joined {
  EntityId player = 0;
  Role role = Role::Bot;
  std::string name;
  std::string address;
};
struct Left {
  EntityId player = 0;
  std::string reason;
};
struct Inputs {
  EntityId player = 0;
  std::int64_t rttNs = 0;
  std::vector<InputCommand> commands;  // each with the time of its arrival
};
using Membership = std::variant<Joined, Left>;

// One report's worth of the path to one client.
struct ClientReport {
  EntityId player = 0;
  std::int64_t rttNs = 0, rttDeviationNs = 0, jitterNs = 0, viewAgeNs = 0;
  double loss = 0;
  std::int64_t bytesPerSecond = 0;  // down, headers included
  std::uint64_t rejected = 0;       // datagrams refused since it joined
  Tick newestInput = 0;
  SelfReport self;
  bool stalled = false;  // nothing heard for half a second
};
struct NetReport {
  std::vector<ClientReport> clients;
  std::uint64_t reordered = 0, burst = 0, rejected = 0;  // but for burst, totals that never fall
  std::array<std::uint64_t, kRejectKinds> rejectedBy{};
  std::uint64_t queueDropped = 0;
};

// Of the newest snapshot round.
struct SnapshotReport {
  std::int64_t meanBytes = 0, maxBytes = 0, costNs = 0;
  std::size_t clients = 0;
  double meanVisible = 0;
  std::uint64_t rounds = 0;
};

struct HubOutput {
  std::function<void(Address to, EntityId player, BytesView data)> send;
  std::function<void(Membership)> membership;
  std::function<void(Inputs)> inputs;
  std::function<std::int64_t()> clock;              // the time, also while a round of snapshots is being sent
  std::function<std::string(Address)> addressText;  // for people
};

class Hub {
 public:
  Hub(const Key& secret, std::uint64_t seed, std::size_t maxClients, HubOutput output);

  void receive(Address from, BytesView data, std::int64_t nowNs);
  // The newest tick. True when the snapshot rate says that a round is due.
  bool publish(std::shared_ptr<const WorldFrame> frame);
  const WorldFrame* frame() const { return frame_.get(); }
  SnapshotReport sendSnapshots(bool parked);
  void kick(EntityId player, const std::string& reason);
  void broadcast(const std::string& text, std::int64_t nowNs);
  // Measures everybody and drops who has been silent for ten seconds; call about twice a second.
  NetReport report(std::int64_t nowNs);
  // Says goodbye to all.
  void close();

  std::size_t players() const;
  // The player whose signed session a datagram (either way) belongs to; 0: nobody's. Not verified.
  EntityId playerOf(BytesView data) const;

 private:
  struct Client {
    std::unique_ptr<ServerSession> session;
    Address address = 0;
    std::uint64_t nonce = 0, serverNonce = 0;
    Role role = Role::Bot;
    std::string name;
    bool verified = false;
    std::uint64_t bytesOut = 0;
    std::int64_t joinedNs = 0;
    RateLimit strangers{8, 16};  // datagrams from elsewhere that may cost a verification: a client may change its port
  };
  void onConnect(Address from, BytesView data, std::int64_t nowNs);
  void onInput(Address from, BytesView data, std::int64_t nowNs);
  Client* admit(Address from, const Connect& connect, std::int64_t nowNs);
  void reject(Reject why) { ++rejected_[static_cast<std::size_t>(why)]; }
  void drop(std::uint32_t session, const std::string& reason, bool tell);
  void forgetPending(std::int64_t nowNs);
  ClientReport measure(Client& client, std::int64_t nowNs, std::int64_t elapsedNs);

  Key secret_;
  Random random_;
  std::size_t maxClients_;
  HubOutput out_;
  std::map<std::uint32_t, Client> clients_;  // by session
  std::unordered_map<std::uint64_t, std::uint32_t> byNonce_;
  std::shared_ptr<const WorldFrame> frame_;
  std::optional<Grid> grid_;
  std::vector<NetEntity> net_;  // of the frame, quantized
  RateLimit connects_{200, 600};
  EntityId nextPlayer_ = 1;
  std::int64_t lastReportNs_ = 0;
  std::uint64_t rounds_ = 0, reorderedGone_ = 0;
  // Refused before a session was found, and by the sessions that are gone.
  std::array<std::uint64_t, kRejectKinds> rejected_{};
  std::uint8_t noticeId_ = 0;
  Bytes bytes_;
  InputPacket packet_;
};

}  // namespace qd::stage
