// SPDX-License-Identifier: Apache-2.0
// A non-blocking UDP socket on IPv4 that passes through seeded impairments: what is sent, and where the owner wants it
// what has come, waits in a bounded queue until it is due. Each peer has a network of its own: a burst of losses is one
// link's, and a fault can be scoped to one. One thread owns a socket. Errors name the address and the system's reason.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <unordered_map>

#include "stage/netcode/impairment.h"

namespace qd::stage {

struct Endpoint {
  std::uint32_t address = 0;  // host order
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  std::string text() const;
};
std::expected<Endpoint, std::string> parseEndpoint(const std::string& text);

class ImpairedSocket {
 public:
  explicit ImpairedSocket(std::uint64_t seed);
  ~ImpairedSocket();
  ImpairedSocket(const ImpairedSocket&) = delete;
  ImpairedSocket& operator=(const ImpairedSocket&) = delete;

  // Port 0: any. Returns what was bound.
  std::expected<Endpoint, std::string> open(const Endpoint& local);
  int fd() const { return fd_; }
  // Whose network a datagram passes through, in the owner's numbers (several may share an address); 0: one for all whom
  // it cannot name.
  using Peer = std::uint64_t;
  // Of what is sent alone.
  void impair(const ImpairmentSettings& settings) { out_[0] = settings; }
  // Of both directions, for everybody but `one`, which has its own.
  void impair(const PathSettings& others, Peer one = 0, const PathSettings& ofOne = {});

  void send(const Endpoint& to, BytesView data, std::int64_t nowNs, Peer peer = 0);
  // Hands everything that is due to the system.
  void flush(std::int64_t nowNs);
  // When the next queued datagram is due; INT64_MAX: none.
  std::int64_t nextDueNs() const;
  using Handle = std::function<void(const Endpoint&, BytesView)>;
  using PeerOf = std::function<Peer(BytesView)>;
  // Reads all that has come and hands over what is due.
  void receive(const Handle& handle, std::int64_t nowNs = 0, const PeerOf& peerOf = nullptr);
  std::uint64_t dropped() const { return queue_.dropped() + incoming_.dropped() + refused_; }

 private:
  struct Path {
    Impairment out, in;
  };
  void readAll(const Handle& handle);
  Path& pathOf(Peer peer);
  const ImpairmentSettings& of(const ImpairmentSettings (&settings)[2], Peer peer) const {
    return settings[one_ != 0 && peer == one_ ? 1 : 0];
  }
  int fd_ = -1;
  std::uint64_t seed_;
  ImpairmentSettings out_[2], in_[2];  // of the others, of the one
  Peer one_ = 0;
  std::unordered_map<Peer, Path> paths_;
  DelayQueue<Endpoint> queue_, incoming_;
  std::uint64_t refused_ = 0;
  std::vector<std::uint8_t> buffers_;
};

// CLOCK_MONOTONIC, ns.
std::int64_t monotonicNs();
// Waits until one of two descriptors is readable or the time has come; −1 for a descriptor that is not there.
void waitReadable(int fd, int otherFd, std::int64_t untilNs);

// A wake-up for a waiting thread. wake() from any thread; drain() by the one that waits.
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  void wake();
  void drain();
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace qd::stage
