// SPDX-License-Identifier: Apache-2.0
// The server's network thread: handshakes, verified inputs to the simulation, snapshots of the newest published frame.
// It goes on while the simulation is parked at a breakpoint: it acknowledges, keeps time and resends the frame at which
// the simulation stands, marked as parked, so that players stay connected and an editor can run up to exactly that
// tick.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include "stage/netcode/grid.h"
#include "stage/netcode/server_session.h"
#include "stage/server/mailbox.h"

namespace qd::stage {

class NetHost {
 public:
  NetHost(Exchange& exchange, const Key& secret, std::uint64_t seed, std::size_t maxClients);
  ~NetHost();
  std::expected<Endpoint, std::string> open(const Endpoint& local, const ImpairmentSettings& impairment);
  void start();
  void stop();

 private:
  struct Client {
    std::unique_ptr<ServerSession> session;
    Endpoint address;
    std::uint64_t nonce = 0, serverNonce = 0;
    std::uint64_t bytesOut = 0;
    std::int64_t joinedNs = 0;
  };
  void run();
  void receive(const Endpoint& from, BytesView data);
  void onConnect(const Endpoint& from, BytesView data);
  void onInput(const Endpoint& from, BytesView data);
  void orders();
  void sendSnapshots(bool parked);
  bool snapshotDue(Tick before, Tick now) const;
  void housekeeping();
  void drop(std::uint32_t session, const std::string& reason, bool tell);

  Exchange& exchange_;
  Key secret_;
  Random random_;
  ImpairedSocket socket_;
  std::size_t maxClients_;
  std::map<std::uint32_t, Client> clients_;  // by session
  std::unordered_map<std::uint64_t, std::uint32_t> byNonce_;
  std::shared_ptr<const WorldFrame> frame_;
  Grid grid_;
  EntityId nextPlayer_ = 1;
  std::int64_t nowNs_ = 0, nextParkedSendNs_ = 0, nextReportNs_ = 0, lastReportNs_ = 0;
  std::uint64_t rejected_ = 0, snapshotRounds_ = 0;
  std::uint8_t noticeId_ = 0;
  std::vector<ToNetwork> orders_;
  Bytes out_;
  InputPacket packet_;
  std::thread thread_;
};

}  // namespace qd::stage
