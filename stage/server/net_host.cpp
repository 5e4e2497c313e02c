// SPDX-License-Identifier: Apache-2.0
#include "stage/server/net_host.h"

#include <algorithm>
#include <utility>

namespace qd::stage {
namespace {

constexpr std::int64_t kReportNs = 500 * kNsPerMs;

Address addressOf(const Endpoint& endpoint) {
  return Address{endpoint.address} << 16 | endpoint.port;
}

Endpoint endpointOf(Address address) {
  return {static_cast<std::uint32_t>(address >> 16), static_cast<std::uint16_t>(address & 0xffff)};
}

}  // namespace

NetHost::NetHost(Exchange& exchange, const Key& secret, std::uint64_t seed, std::size_t maxClients)
    : exchange_(exchange), socket_(seed), hub_(secret, seed, maxClients, outputs()) {}

NetHost::~NetHost() {
  stop();
}

HubOutput NetHost::outputs() {
  HubOutput out;
  out.send = [this](Address to, EntityId player, BytesView data) {
    socket_.send(endpointOf(to), data, nowNs_, player);
  };
  out.membership = [this](Membership change) { exchange_.membership.push(std::move(change)); };
  out.inputs = [this](Inputs inputs) { exchange_.inputs.push(std::move(inputs)); };
  out.clock = monotonicNs;
  out.addressText = [](Address address) { return endpointOf(address).text(); };
  return out;
}

std::expected<Endpoint, std::string> NetHost::open(const Endpoint& local, const PathSettings& faults) {
  socket_.impair(faults);
  return socket_.open(local);
}

void NetHost::start() {
  thread_ = std::thread([this] { run(); });
}

void NetHost::stop() {
  if (!thread_.joinable()) return;
  exchange_.stop = true;
  exchange_.wakeNetwork.wake();
  thread_.join();
}

void NetHost::run() {
  const auto peerOf = [this](BytesView data) { return ImpairedSocket::Peer{hub_.playerOf(data)}; };
  const auto receive = [this](const Endpoint& from, BytesView data) { hub_.receive(addressOf(from), data, nowNs_); };
  while (!exchange_.stop) {
    const auto until = std::min(socket_.nextDueNs(), exchange_.parked ? nextParkedSendNs_ : nextReportNs_);
    waitReadable(socket_.fd(), exchange_.wakeNetwork.fd(), until);
    nowNs_ = monotonicNs();
    exchange_.wakeNetwork.drain();
    orders();
    socket_.receive(receive, nowNs_, peerOf);
    std::shared_ptr<const WorldFrame> fresh;
    const bool parked = exchange_.parked;
    if (exchange_.frame.take(fresh) && hub_.publish(std::move(fresh)) && !parked) {
      exchange_.snapshotReport.put(hub_.sendSnapshots(false));
    }
    if (parked && hub_.frame() != nullptr && nowNs_ >= nextParkedSendNs_) {
      hub_.sendSnapshots(true);
      nextParkedSendNs_ = nowNs_ + kNsPerSecond / hub_.frame()->snapshotHz;
    }
    if (!parked) nextParkedSendNs_ = 0;  // the next stop is told at once
    if (nowNs_ >= nextReportNs_) {
      auto report = hub_.report(nowNs_);
      report.queueDropped = socket_.dropped() + exchange_.inputs.dropped();
      exchange_.netReport.put(std::move(report));
      nextReportNs_ = nowNs_ + kReportNs;
    }
    socket_.flush(nowNs_);
  }
  hub_.close();
  socket_.flush(INT64_MAX);
}

void NetHost::orders() {
  exchange_.toNetwork.take(orders_);
  for (auto& order : orders_) {
    if (const auto* kick = std::get_if<Kick>(&order)) {
      hub_.kick(kick->player, kick->reason);
    } else if (const auto* broadcast = std::get_if<Broadcast>(&order)) {
      hub_.broadcast(broadcast->text, nowNs_);
    } else {
      const auto& faults = std::get<NetworkFaults>(order);
      socket_.impair(faults.player == 0 ? faults.now : faults.base, faults.player, faults.now);
    }
  }
}

}  // namespace qd::stage
