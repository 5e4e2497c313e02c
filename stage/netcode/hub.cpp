// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/hub.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace qd::stage {
namespace {

constexpr std::int64_t kTimeoutNs = 10 * kNsPerSecond;
constexpr std::int64_t kPendingNs = 2 * kNsPerSecond;
constexpr std::int64_t kStalledNs = 500 * kNsPerMs;
constexpr std::int64_t kNoticeNs = 3 * kNsPerSecond;
constexpr std::int64_t kGridCell = 16 * kUmPerMetre;

}  // namespace

Hub::Hub(const Key& secret, std::uint64_t seed, std::size_t maxClients, HubOutput output)
    : secret_(secret), random_(seed ^ 0x5e55), maxClients_(maxClients), out_(std::move(output)) {}

std::size_t Hub::players() const {
  return static_cast<std::size_t>(
      std::count_if(clients_.begin(), clients_.end(), [](const auto& c) { return c.second.verified; }));
}

EntityId Hub::playerOf(BytesView data) const {
  std::uint32_t session = 0;
  if (data.size() < 1 + sizeof session) return 0;
  std::memcpy(&session, data.data() + 1, sizeof session);
  const auto found = clients_.find(session);
  return found == clients_.end() ? 0 : found->second.session->player();
}

void Hub::receive(Address from, BytesView data, std::int64_t nowNs) {
  const auto type = typeOf(data);
  if (type == PacketType::Connect) {
    onConnect(from, data, nowNs);
  } else if (type == PacketType::Input) {
    onInput(from, data, nowNs);
  } else {
    reject(Reject::Malformed);
  }
}

Hub::Client* Hub::admit(Address from, const Connect& connect, std::int64_t nowNs) {
  forgetPending(nowNs);
  if (clients_.size() >= maxClients_) {
    bytes_.clear();
    encodeRefuse("server full", bytes_);
    out_.send(from, 0, bytes_);
    return nullptr;
  }
  std::uint32_t session = 0;
  while (session == 0 || clients_.contains(session)) session = static_cast<std::uint32_t>(random_.next());
  Client client;
  client.address = from;
  client.nonce = connect.nonce;
  client.serverNonce = random_.next();
  client.role = connect.role;
  client.name = connect.name;
  client.joinedNs = nowNs;
  client.session = std::make_unique<ServerSession>(session, nextPlayer_++,
                                                   sessionKey(secret_, connect.nonce, client.serverNonce, session));
  byNonce_.emplace(connect.nonce, session);
  return &clients_.emplace(session, std::move(client)).first->second;
}

void Hub::onConnect(Address from, BytesView data, std::int64_t nowNs) {
  const auto connect = decodeConnect(data);
  if (!connect) return reject(Reject::Malformed);
  if (!connects_.take(nowNs)) return reject(Reject::Flood);
  const auto known = byNonce_.find(connect->nonce);
  Client* client = known != byNonce_.end() ? &clients_.at(known->second) : admit(from, *connect, nowNs);
  if (client == nullptr) return;
  bytes_.clear();
  encode(Accept{connect->nonce, client->serverNonce, client->session->session(), client->session->player()}, bytes_);
  out_.send(from, client->session->player(), bytes_);
}

void Hub::onInput(Address from, BytesView data, std::int64_t nowNs) {
  const auto header = decodeHeader(data);
  if (!header) return reject(Reject::Malformed);
  const auto found = clients_.find(header->session);
  if (found == clients_.end()) return reject(Reject::UnknownSession);
  auto& client = found->second;
  if (from != client.address && !client.strangers.take(nowNs)) return reject(Reject::Flood);
  if (client.session->accept(data, nowNs, packet_) != Reject::None) return;
  client.address = from;
  if (!client.verified) {
    client.verified = true;
    out_.membership(Joined{client.session->player(), client.role, client.name, out_.addressText(from)});
  }
  if (packet_.bye) return drop(header->session, "left", false);
  if (packet_.inputs.empty()) return;
  for (auto& command : packet_.inputs) command.arrivedNs = nowNs;
  out_.inputs(Inputs{client.session->player(), static_cast<std::int64_t>(client.session->link().clock().rttNs()),
                     std::move(packet_.inputs)});
}

// Crossing a multiple of the snapshot interval; also right when the rates do not divide each other.
bool Hub::publish(std::shared_ptr<const WorldFrame> frame) {
  const Tick before = frame_ ? frame_->tick : frame->tick - 1;
  frame_ = std::move(frame);
  return before * frame_->snapshotHz / frame_->tickHz != frame_->tick * frame_->snapshotHz / frame_->tickHz;
}

SnapshotReport Hub::sendSnapshots(bool parked) {
  const auto begin = out_.clock();
  if (!grid_ || grid_->halfUm() != frame_->arenaHalfUm) grid_.emplace(frame_->arenaHalfUm, kGridCell);
  grid_->build(frame_->entities);
  net_.clear();
  for (const auto& entity : frame_->entities) net_.push_back(quantize(entity));
  SnapshotReport report;
  std::size_t visible = 0;
  for (auto& [id, client] : clients_) {
    if (!client.verified) continue;
    client.session->snapshot(*frame_, *grid_, net_, parked, out_.clock(), bytes_);
    const auto bytes = static_cast<std::int64_t>(bytes_.size());
    report.meanBytes += bytes;
    report.maxBytes = std::max(report.maxBytes, bytes);
    visible += client.session->lastVisible();
    ++report.clients;
    out_.send(client.address, client.session->player(), bytes_);
  }
  if (report.clients > 0) {
    report.meanVisible = static_cast<double>(visible) / static_cast<double>(report.clients);
    report.meanBytes /= static_cast<std::int64_t>(report.clients);
  }
  report.costNs = out_.clock() - begin;
  report.rounds = ++rounds_;
  return report;
}

void Hub::kick(EntityId player, const std::string& reason) {
  const auto it = std::find_if(clients_.begin(), clients_.end(),
                               [&](const auto& c) { return c.second.session->player() == player; });
  if (it != clients_.end()) drop(it->first, reason, true);
}

void Hub::broadcast(const std::string& text, std::int64_t nowNs) {
  noticeId_ = static_cast<std::uint8_t>(noticeId_ == 255 ? 1 : noticeId_ + 1);
  for (auto& [id, client] : clients_) client.session->setNotice(noticeId_, text, nowNs + kNoticeNs);
}

void Hub::drop(std::uint32_t session, const std::string& reason, bool tell) {
  const auto it = clients_.find(session);
  auto& client = it->second;
  if (tell) {
    client.session->bye(reason, bytes_);
    out_.send(client.address, client.session->player(), bytes_);
  }
  for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
    rejected_[kind] += client.session->rejected(static_cast<Reject>(kind));
  }
  reorderedGone_ += client.session->link().sequence().counts().reordered;
  byNonce_.erase(client.nonce);
  const auto player = client.session->player();
  const bool verified = client.verified;
  clients_.erase(it);
  if (verified) out_.membership(Left{player, reason});
}

void Hub::forgetPending(std::int64_t nowNs) {
  std::vector<std::uint32_t> old;
  for (const auto& [session, client] : clients_) {
    if (!client.verified && nowNs - client.joinedNs > kPendingNs) old.push_back(session);
  }
  for (const auto session : old) drop(session, "never confirmed", false);
}

ClientReport Hub::measure(Client& client, std::int64_t nowNs, std::int64_t elapsedNs) {
  auto& link = client.session->link();
  ClientReport c{.player = client.session->player()};
  c.rttNs = static_cast<std::int64_t>(link.clock().rttNs());
  c.rttDeviationNs = static_cast<std::int64_t>(link.clock().rttDeviationNs());
  c.jitterNs = static_cast<std::int64_t>(link.jitterNs());
  c.viewAgeNs = frame_ ? client.session->viewAgeNs(*frame_, nowNs) : 0;
  c.loss = link.sequence().takeLoss();
  c.bytesPerSecond = static_cast<std::int64_t>(link.bytesOut() - client.bytesOut) * kNsPerSecond / elapsedNs;
  client.bytesOut = link.bytesOut();
  c.newestInput = client.session->newestInput();
  c.self = client.session->self();
  c.stalled = nowNs - std::max(link.lastReceivedNs(), client.joinedNs) > kStalledNs;
  for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
    c.rejected += client.session->rejected(static_cast<Reject>(kind));
  }
  return c;
}

NetReport Hub::report(std::int64_t nowNs) {
  const auto elapsed = lastReportNs_ == 0 ? kNsPerSecond / 2 : std::max<std::int64_t>(1, nowNs - lastReportNs_);
  lastReportNs_ = nowNs;
  forgetPending(nowNs);
  std::vector<std::uint32_t> silent;
  NetReport report;
  report.rejectedBy = rejected_;
  report.reordered = reorderedGone_;
  for (auto& [id, client] : clients_) {
    auto& link = client.session->link();
    for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
      report.rejectedBy[kind] += client.session->rejected(static_cast<Reject>(kind));
    }
    if (!client.verified) continue;
    if (nowNs - std::max(link.lastReceivedNs(), client.joinedNs) > kTimeoutNs) silent.push_back(id);
    report.clients.push_back(measure(client, nowNs, elapsed));
    report.reordered += link.sequence().counts().reordered;
    report.burst = std::max(report.burst, link.sequence().takeBurst());
  }
  for (std::size_t kind = 1; kind < kRejectKinds; ++kind) report.rejected += report.rejectedBy[kind];
  for (const auto session : silent) drop(session, "timed out", true);
  return report;
}

void Hub::close() {
  for (auto& [id, client] : clients_) {
    client.session->bye("server stopped", bytes_);
    out_.send(client.address, client.session->player(), bytes_);
  }
}

}  // namespace qd::stage
