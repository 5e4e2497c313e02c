// SPDX-License-Identifier: Apache-2.0
// A non-blocking UDP socket on IPv4 whose sending side passes through the seeded impairment: what is sent waits in a
// bounded queue until it is due. One thread owns a socket. Errors name the address and the system's reason.
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
  void impair(const ImpairmentSettings& settings) { impairment_.set(settings); }

  void send(const Endpoint& to, BytesView data, std::int64_t nowNs);
  // Hands everything that is due to the system.
  void flush(std::int64_t nowNs);
  // When the next queued datagram is due; INT64_MAX: none.
  std::int64_t nextDueNs() const;
  // Reads all that has come.
  void receive(const std::function<void(const Endpoint&, BytesView)>& handle);
  std::uint64_t dropped() const { return queue_.dropped() + refused_; }

 private:
  int fd_ = -1;
  Impairment impairment_;
  DelayQueue<Endpoint> queue_;
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
