// SPDX-License-Identifier: Apache-2.0
#include "stage/runtime/udp.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <limits>

#include "stage/netcode/types.h"

namespace qd::stage {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kDatagram = 2'048;
constexpr std::size_t kQueueBytes = 16 << 20;
constexpr std::size_t kMostPaths = 4'096;  // peers come and go; what is forgotten is whether one was in a burst

sockaddr_in toSystem(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(endpoint.address);
  address.sin_port = htons(endpoint.port);
  return address;
}

Endpoint fromSystem(const sockaddr_in& address) {
  return {ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

}  // namespace

std::string Endpoint::text() const {
  in_addr raw{htonl(address)};
  char buffer[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &raw, buffer, sizeof buffer);
  return std::string(buffer) + ":" + std::to_string(port);
}

std::expected<Endpoint, std::string> parseEndpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  in_addr raw{};
  if (colon != std::string::npos && inet_pton(AF_INET, text.substr(0, colon).c_str(), &raw) == 1) {
    unsigned port = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
    if (error == std::errc{} && stop == end && port <= 65'535) {
      return Endpoint{ntohl(raw.s_addr), static_cast<std::uint16_t>(port)};
    }
  }
  return std::unexpected("\"" + text + "\" is no address: give IPV4:PORT, such as 127.0.0.1:0.");
}

std::int64_t monotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

void waitReadable(int fd, int otherFd, std::int64_t untilNs) {
  pollfd fds[2] = {{fd, POLLIN, 0}, {otherFd, POLLIN, 0}};
  const auto left = std::clamp<std::int64_t>(untilNs - monotonicNs(), 0, kNsPerSecond);
  const timespec timeout{left / kNsPerSecond, left % kNsPerSecond};
  ppoll(fds, 2, &timeout, nullptr);
}

ImpairedSocket::ImpairedSocket(std::uint64_t seed)
    : seed_(seed), queue_(kQueueBytes), incoming_(kQueueBytes), buffers_(kBatch * kDatagram) {}

void ImpairedSocket::impair(const PathSettings& others, Peer one, const PathSettings& ofOne) {
  out_[0] = others.down();
  in_[0] = others.up();
  out_[1] = ofOne.down();
  in_[1] = ofOne.up();
  one_ = one;
}

ImpairedSocket::Path& ImpairedSocket::pathOf(Peer peer) {
  if (paths_.size() >= kMostPaths && !paths_.contains(peer)) paths_.clear();
  const std::uint64_t seed = seed_ * 1'000'003 + peer * 2;
  return paths_.try_emplace(peer, Path{Impairment(seed), Impairment(seed + 1)}).first->second;
}

ImpairedSocket::~ImpairedSocket() {
  if (fd_ >= 0) close(fd_);
}

std::expected<Endpoint, std::string> ImpairedSocket::open(const Endpoint& local) {
  fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int bytes = 4 << 20;
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  sockaddr_in address = toSystem(local);
  socklen_t size = sizeof address;
  if (fd_ < 0 || bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return std::unexpected("Cannot bind UDP " + local.text() + ": " + std::strerror(errno) + ".");
  }
  return fromSystem(address);
}

void ImpairedSocket::send(const Endpoint& to, BytesView data, std::int64_t nowNs, Peer peer) {
  const ImpairmentSettings& settings = of(out_, peer);
  if (settings.clean()) return queue_.push(nowNs, to, data);
  Impairment& path = pathOf(peer).out;
  path.set(settings);
  const auto fate = path.send(nowNs);
  for (int copy = 0; copy < fate.copies; ++copy) queue_.push(fate.dueNs[copy], to, data);
}

void ImpairedSocket::flush(std::int64_t nowNs) {
  DelayQueue<Endpoint>::Item items[kBatch];
  for (;;) {
    mmsghdr messages[kBatch] = {};
    iovec parts[kBatch];
    sockaddr_in addresses[kBatch];
    unsigned count = 0;
    for (; count < kBatch && queue_.pop(nowNs, items[count]); ++count) {
      addresses[count] = toSystem(items[count].to);
      parts[count] = {items[count].data.data(), items[count].data.size()};
      messages[count].msg_hdr.msg_name = &addresses[count];
      messages[count].msg_hdr.msg_namelen = sizeof(sockaddr_in);
      messages[count].msg_hdr.msg_iov = &parts[count];
      messages[count].msg_hdr.msg_iovlen = 1;
    }
    // A datagram that the system does not take now is lost, as on any network; waiting would hold up the others.
    for (unsigned done = 0; done < count;) {
      const int sent = sendmmsg(fd_, messages + done, count - done, 0);
      if (sent < 1) ++refused_;
      done += sent < 1 ? 1 : static_cast<unsigned>(sent);
    }
    if (count < kBatch) return;
  }
}

std::int64_t ImpairedSocket::nextDueNs() const {
  constexpr auto kNever = std::numeric_limits<std::int64_t>::max();
  return std::min(queue_.empty() ? kNever : queue_.nextDueNs(), incoming_.empty() ? kNever : incoming_.nextDueNs());
}

void ImpairedSocket::receive(const Handle& handle, std::int64_t nowNs, const PeerOf& peerOf) {
  const bool clean = in_[0].clean() && (one_ == 0 || in_[1].clean());
  const auto take = [&](const Endpoint& from, BytesView data) {
    if (clean) return handle(from, data);
    const Peer peer = peerOf ? peerOf(data) : 0;
    const ImpairmentSettings& settings = of(in_, peer);
    if (settings.clean()) return handle(from, data);
    Impairment& path = pathOf(peer).in;
    path.set(settings);
    const auto fate = path.send(nowNs);
    for (int copy = 0; copy < fate.copies; ++copy) incoming_.push(fate.dueNs[copy], from, data);
  };
  readAll(take);
  for (DelayQueue<Endpoint>::Item item; incoming_.pop(nowNs, item);) handle(item.to, item.data);
}

void ImpairedSocket::readAll(const Handle& handle) {
  for (;;) {
    mmsghdr messages[kBatch] = {};
    iovec parts[kBatch];
    sockaddr_in addresses[kBatch];
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {buffers_.data() + i * kDatagram, kDatagram};
      messages[i].msg_hdr.msg_name = &addresses[i];
      messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(fd_, messages, kBatch, 0, nullptr);
    for (int i = 0; i < count; ++i) {
      handle(fromSystem(addresses[i]),
             BytesView(static_cast<const std::uint8_t*>(parts[i].iov_base), messages[i].msg_len));
    }
    if (count < static_cast<int>(kBatch)) return;
  }
}

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Wakeup::~Wakeup() {
  if (fd_ >= 0) close(fd_);
}

void Wakeup::wake() {
  const std::uint64_t one = 1;
  // A full counter means that a wake-up is already pending.
  if (write(fd_, &one, sizeof one) < 0) return;
}

void Wakeup::drain() {
  std::uint64_t count = 0;
  if (read(fd_, &count, sizeof count) < 0) return;
}

}  // namespace qd::stage
