// SPDX-License-Identifier: Apache-2.0
#include "stage/server/net_host.h"

#include <algorithm>

#include "stage/game/map.h"

namespace qd::stage {
namespace {

constexpr std::int64_t kTimeoutNs = 10 * kNsPerSecond;
constexpr std::int64_t kReportNs = 500 * kNsPerMs;
constexpr std::int64_t kStalledNs = 500 * kNsPerMs;
constexpr std::int64_t kNoticeNs = 3 * kNsPerSecond;

}  // namespace

NetHost::NetHost(Exchange& exchange, const Key& secret, std::uint64_t seed, std::size_t maxClients)
    : exchange_(exchange),
      secret_(secret),
      random_(seed ^ 0x5e55),
      socket_(seed),
      maxClients_(maxClients),
      grid_(kArenaHalf, 16 * kUmPerMetre) {}

NetHost::~NetHost() {
  stop();
}

std::expected<Endpoint, std::string> NetHost::open(const Endpoint& local, const ImpairmentSettings& impairment) {
  socket_.impair(impairment);
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

// Crossing a multiple of the snapshot interval; also right when the rates do not divide each other.
bool NetHost::snapshotDue(Tick before, Tick now) const {
  return before * frame_->snapshotHz / frame_->tickHz != now * frame_->snapshotHz / frame_->tickHz;
}

void NetHost::run() {
  while (!exchange_.stop) {
    const auto until = std::min(socket_.nextDueNs(), exchange_.parked ? nextParkedSendNs_ : nextReportNs_);
    waitReadable(socket_.fd(), exchange_.wakeNetwork.fd(), until);
    nowNs_ = monotonicNs();
    exchange_.wakeNetwork.drain();
    socket_.receive([this](const Endpoint& from, BytesView data) { receive(from, data); });
    orders();
    std::shared_ptr<const WorldFrame> fresh;
    const bool parked = exchange_.parked;
    if (exchange_.frame.take(fresh)) {
      const Tick before = frame_ ? frame_->tick : 0;
      frame_ = std::move(fresh);
      if (!parked && snapshotDue(before, frame_->tick)) sendSnapshots(false);
    }
    if (parked && frame_ && nowNs_ >= nextParkedSendNs_) {
      sendSnapshots(true);
      nextParkedSendNs_ = nowNs_ + kNsPerSecond / frame_->snapshotHz;
    }
    if (!parked) nextParkedSendNs_ = 0;  // the next stop is told at once
    if (nowNs_ >= nextReportNs_) housekeeping();
    socket_.flush(nowNs_);
  }
  for (auto& [id, client] : clients_) {
    client.session->bye("server stopped", out_);
    socket_.send(client.address, out_, nowNs_);
  }
  socket_.flush(nowNs_ + kNsPerSecond);
}

void NetHost::receive(const Endpoint& from, BytesView data) {
  const auto type = typeOf(data);
  if (type == PacketType::Connect) {
    onConnect(from, data);
  } else if (type == PacketType::Input) {
    onInput(from, data);
  } else {
    ++rejected_;
  }
}

void NetHost::onConnect(const Endpoint& from, BytesView data) {
  const auto connect = decodeConnect(data);
  if (!connect) {
    ++rejected_;
    return;
  }
  auto known = byNonce_.find(connect->nonce);
  if (known == byNonce_.end()) {
    if (clients_.size() >= maxClients_) {
      out_.clear();
      encodeRefuse("server full", out_);
      socket_.send(from, out_, nowNs_);
      return;
    }
    std::uint32_t session = 0;
    while (session == 0 || clients_.contains(session)) session = static_cast<std::uint32_t>(random_.next());
    Client client{.session = nullptr,
                  .address = from,
                  .nonce = connect->nonce,
                  .serverNonce = random_.next(),
                  .joinedNs = nowNs_};
    const auto player = nextPlayer_++;
    client.session = std::make_unique<ServerSession>(session, player,
                                                     sessionKey(secret_, connect->nonce, client.serverNonce, session));
    clients_.emplace(session, std::move(client));
    known = byNonce_.emplace(connect->nonce, session).first;
    exchange_.membership.push(Joined{player, connect->role, connect->name, from.text()});
  }
  const auto& client = clients_.at(known->second);
  out_.clear();
  encode(Accept{connect->nonce, client.serverNonce, known->second, client.session->player()}, out_);
  socket_.send(from, out_, nowNs_);
}

void NetHost::onInput(const Endpoint& from, BytesView data) {
  const auto header = decodeHeader(data);
  const auto found = header ? clients_.find(header->session) : clients_.end();
  if (found == clients_.end()) {
    ++rejected_;
    return;
  }
  auto& client = found->second;
  if (client.session->accept(data, nowNs_, packet_) != Reject::None) return;
  client.address = from;  // signed: a client may change its port
  if (packet_.bye) {
    drop(header->session, "left", false);
    return;
  }
  if (packet_.inputs.empty()) return;
  exchange_.inputs.push(Inputs{client.session->player(),
                               static_cast<std::int64_t>(client.session->link().clock().rttNs()),
                               std::move(packet_.inputs)});
}

void NetHost::orders() {
  exchange_.toNetwork.take(orders_);
  for (auto& order : orders_) {
    if (const auto* kick = std::get_if<Kick>(&order)) {
      const auto it = std::find_if(clients_.begin(), clients_.end(),
                                   [&](const auto& c) { return c.second.session->player() == kick->player; });
      if (it != clients_.end()) drop(it->first, kick->reason, true);
    } else if (auto* broadcast = std::get_if<Broadcast>(&order)) {
      noticeId_ = static_cast<std::uint8_t>(noticeId_ == 255 ? 1 : noticeId_ + 1);
      for (auto& [id, client] : clients_) client.session->setNotice(noticeId_, broadcast->text, nowNs_ + kNoticeNs);
    } else {
      socket_.impair(std::get<ImpairmentSettings>(order));
    }
  }
}

void NetHost::drop(std::uint32_t session, const std::string& reason, bool tell) {
  const auto it = clients_.find(session);
  if (tell) {
    it->second.session->bye(reason, out_);
    socket_.send(it->second.address, out_, nowNs_);
  }
  byNonce_.erase(it->second.nonce);
  exchange_.membership.push(Left{it->second.session->player(), reason});
  clients_.erase(it);
}

void NetHost::sendSnapshots(bool parked) {
  const auto begin = monotonicNs();
  grid_.build(frame_->entities);
  SnapshotReport report;
  std::size_t visible = 0;
  for (auto& [id, client] : clients_) {
    client.session->snapshot(*frame_, grid_, parked, monotonicNs(), out_);
    const auto bytes = static_cast<std::int64_t>(out_.size());
    report.meanBytes += bytes;
    report.maxBytes = std::max(report.maxBytes, bytes);
    visible += client.session->lastVisible();
    socket_.send(client.address, out_, nowNs_);
  }
  if (!clients_.empty()) {
    report.meanVisible = static_cast<double>(visible) / static_cast<double>(clients_.size());
    report.meanBytes /= static_cast<std::int64_t>(clients_.size());
  }
  report.costNs = monotonicNs() - begin;
  report.rounds = ++snapshotRounds_;
  exchange_.snapshotReport.put(report);
}

void NetHost::housekeeping() {
  nextReportNs_ = nowNs_ + kReportNs;
  const auto elapsed = lastReportNs_ == 0 ? kReportNs : nowNs_ - lastReportNs_;
  lastReportNs_ = nowNs_;
  std::vector<std::uint32_t> silent;
  NetReport report;
  for (auto& [id, client] : clients_) {
    auto& link = client.session->link();
    if (nowNs_ - std::max(link.lastReceivedNs(), client.joinedNs) > kTimeoutNs) silent.push_back(id);
    ClientReport c{.player = client.session->player()};
    c.rttNs = static_cast<std::int64_t>(link.clock().rttNs());
    c.rttDeviationNs = static_cast<std::int64_t>(link.clock().rttDeviationNs());
    c.jitterNs = static_cast<std::int64_t>(link.jitterNs());
    c.viewAgeNs = frame_ ? client.session->viewAgeNs(*frame_, nowNs_) : 0;
    c.loss = link.sequence().takeLoss();
    c.bytesPerSecond = static_cast<std::int64_t>(link.bytesOut() - client.bytesOut) * kNsPerSecond / elapsed;
    client.bytesOut = link.bytesOut();
    c.newestInput = client.session->newestInput();
    c.self = client.session->self();
    c.stalled = nowNs_ - std::max(link.lastReceivedNs(), client.joinedNs) > kStalledNs;
    for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
      c.rejected += client.session->rejected(static_cast<Reject>(kind));
    }
    report.clients.push_back(c);
    report.reordered += link.sequence().counts().reordered;
    report.burst = std::max(report.burst, link.sequence().takeBurst());
    for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
      report.rejectedBy[kind] += client.session->rejected(static_cast<Reject>(kind));
    }
  }
  report.rejected = rejected_;
  for (std::size_t kind = 1; kind < kRejectKinds; ++kind) report.rejected += report.rejectedBy[kind];
  report.queueDropped = socket_.dropped() + exchange_.inputs.dropped();
  exchange_.netReport.put(std::move(report));
  for (const auto session : silent) drop(session, "timed out", true);
}

}  // namespace qd::stage
