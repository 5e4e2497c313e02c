// SPDX-License-Identifier: Apache-2.0
// A non-blocking UDP socket on IPv4 that passes through seeded impairments: what is sent, and where the owner wants it
// what has come, waits in a bounded queue until it is due. Two classes of peers, so that a fault can be scoped to one.
// One thread owns a socket. Errors name the address and the system's reason.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <string>

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
  // Of what is sent alone.
  void impair(const ImpairmentSettings& settings) { out_[0].set(settings); }
  // Of both directions: `others` of everybody, `one` of the datagrams that are said to be of the one.
  void impair(const PathSettings& others, const PathSettings& one);

  void send(const Endpoint& to, BytesView data, std::int64_t nowNs, bool one = false);
  // Hands everything that is due to the system.
  void flush(std::int64_t nowNs);
  // When the next queued datagram is due; INT64_MAX: none.
  std::int64_t nextDueNs() const;
  using Handle = std::function<void(const Endpoint&, BytesView)>;
  using IsOne = std::function<bool(BytesView)>;
  // Reads all that has come and hands over what is due.
  void receive(const Handle& handle, std::int64_t nowNs = 0, const IsOne& isOne = nullptr);
  std::uint64_t dropped() const { return queue_.dropped() + incoming_.dropped() + refused_; }

 private:
  void readAll(const Handle& handle);
  int fd_ = -1;
  Impairment out_[2], in_[2];  // of the others, of the one
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
