// SPDX-License-Identifier: Apache-2.0
#include "stage/client/client.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "stage/game/combat.h"
#include "stage/game/movement.h"

namespace qd::stage {
namespace {

constexpr std::int64_t kConnectEveryNs = 250 * kNsPerMs;
constexpr std::int64_t kHeartbeatNs = 100 * kNsPerMs;
constexpr std::int64_t kStalledNs = 500 * kNsPerMs;
constexpr std::int64_t kLostNs = 10 * kNsPerSecond;
constexpr std::int64_t kKickedWaitNs = 10 * kNsPerSecond;
constexpr Tick kMaxSteps = 32;  // a frame; beyond that the client starts again from the confirmed state
constexpr std::size_t kMaxKept = 256;
const Snapshot kEmpty;

}  // namespace

std::string differingFields(const OwnState& a, const OwnState& b) {
  std::string names;
  const auto add = [&names](bool differs, const char* name) {
    if (differs) names += (names.empty() ? "" : ",") + std::string(name);
  };
  add(a.teleports != b.teleports, "teleports");
  add(a.alive != b.alive, "alive");
  add(a.health != b.health, "health");
  add(a.vel.x != b.vel.x, "vel.x");
  add(a.vel.y != b.vel.y, "vel.y");
  add(a.vel.z != b.vel.z, "vel.z");
  add(a.pos.x != b.pos.x, "pos.x");
  add(a.pos.y != b.pos.y, "pos.y");
  add(a.pos.z != b.pos.z, "pos.z");
  return names;
}

Client::Client(ClientConfig config) : config_(std::move(config)) {
  nonce_ = Random(config_.nonceSeed).next();
}

bool Client::receive(BytesView datagram, std::int64_t nowNs) {
  const auto type = typeOf(datagram);
  if (!type) return false;
  switch (*type) {
    case PacketType::Accept:
      onAccept(datagram, nowNs);
      return true;
    case PacketType::Snapshot:
      return onSnapshot(datagram, nowNs);
    case PacketType::Bye:
      onBye(datagram, nowNs);
      return true;
    default:
      return false;
  }
}

void Client::onAccept(BytesView datagram, std::int64_t nowNs) {
  const auto accept = decodeAccept(datagram);
  if (session_ != 0 || !accept || accept->clientNonce != nonce_ || accept->session == 0) return;
  session_ = accept->session;
  player_ = accept->player;
  atJoin_ = counters_;
  signer_.emplace(sessionKey(config_.secret, nonce_, accept->serverNonce, session_));
  connectedNs_ = nowNs;
}

void Client::onBye(BytesView datagram, std::int64_t nowNs) {
  if (session_ == 0 || datagram.size() < kTagBytes + 5) return;
  if (!signer_->verify(datagram.first(datagram.size() - kTagBytes), datagram.last(kTagBytes))) return;
  const auto reason = decodeReason(datagram);
  ++counters_.kicked;
  notice_ = "disconnected by the server: " + reason.value_or("no reason given");
  disconnect(nowNs, kKickedWaitNs);
}

void Client::disconnect(std::int64_t nowNs, std::int64_t waitNs) {
  session_ = 0;
  signer_.reset();
  link_ = {};
  received_.clear();
  buffer_.clear();
  renderClock_ = {};
  predictClock_ = {};
  predictorReady_ = false;
  pending_.clear();
  poses_.clear();
  head_ = {};
  ackTick_ = 0;
  renderFixed_ = 0;
  lastSnapshotNs_ = 0;
  nonce_ = Random(nonce_ + static_cast<std::uint64_t>(nowNs)).next();
  nextConnectNs_ = nowNs + waitNs;
  ++counters_.reconnects;
}

bool Client::onSnapshot(BytesView datagram, std::int64_t nowNs) {
  ByteReader in(datagram);
  const auto head = decodeSnapshot(in);
  if (!head || session_ == 0 || head->header.session != session_) return false;
  link_.received(head->header, datagram.size(), nowNs);
  const Snapshot* baseline = head->baseline == 0 ? &kEmpty : received_.find(head->baseline);
  Snapshot snapshot;
  snapshot.tick = head->tick;
  if (baseline == nullptr || !decodeDelta(*baseline, in, snapshot)) {
    ++counters_.undecodable;
    return true;
  }
  ++counters_.snapshots;
  counters_.lastSnapshotBytes = datagram.size();
  if (lastSnapshotNs_ != 0 && arrivals_.size() < kMaxKept) arrivals_.push_back({head->tick, nowNs - lastSnapshotNs_});
  lastSnapshotNs_ = nowNs;
  renderClock_.onSnapshot(head->tick, head->tickTimeNs, nowNs, head->parked, head->tickHz, head->snapshotHz);
  buffer_.add(snapshot);
  received_.add(std::move(snapshot));
  ackTick_ = std::max(ackTick_, head->tick);
  if (head->tick < head_.tick || (head->tick == head_.tick && head_.parked && !head->parked)) return true;
  head_ = *head;
  if (!map_ || map_->seed() != head_.mapSeed || map_->halfUm() != head_.arenaHalfUm) {
    map_.emplace(head_.mapSeed, head_.arenaHalfUm);
  }
  if (head_.noticeId != 0 && head_.noticeId != noticeId_) {
    noticeId_ = head_.noticeId;
    notice_ = head_.notice;
  }
  if (head_.hasOwn) confirm(head_, nowNs);
  return true;
}

void Client::step(OwnState& state, const InputCommand& input) const {
  stepPlayer(state, input, *map_, head_.tickHz);
}

void Client::confirm(const SnapshotHead& head, std::int64_t nowNs) {
  while (!pending_.empty() && pending_.front().tick <= std::max(head.newestInput, head.tick)) pending_.pop_front();
  if (!predictorReady_) {
    predictor_.reset(head.tick, head.own);
    predictorReady_ = true;
    return;
  }
  const auto teleports = predictor_.state().teleports;
  const auto result = predictor_.confirm(
      head.tick, head.own, [this](OwnState& state, const InputCommand& input, Tick) { step(state, input); });
  if (!result) return;
  ++counters_.confirmed;
  const bool joined = teleports == head.own.teleports;
  if (result->corrected) {
    ++counters_.corrections;
    counters_.replayed += static_cast<std::uint64_t>(result->replayed);
    offset_.corrected(result->shift);
    diverged(head, *result);
  }
  auto& made = madeAt_[static_cast<std::size_t>(head.tick) % madeAt_.size()];
  if (confirmed_.size() < kMaxKept) {
    confirmed_.push_back({result->errorUm, result->replayed, made == 0 ? 0 : nowNs - made, joined});
  }
  made = 0;
}

void Client::diverged(const SnapshotHead& head, const Predictor<OwnState, InputCommand>::Correction& correction) {
  if (divergences_.size() >= kMaxKept) return;
  Divergence found{head.tick, correction.agreed, correction.predicted, head.own, correction.replayed, {}};
  for (Tick t = std::max(correction.agreed + 1, head.tick - Divergence::kMostSteps + 1); t < head.tick; ++t) {
    if (const auto* state = predictor_.stateAt(t)) found.path.emplace_back(t, *state);
  }
  found.path.emplace_back(head.tick, correction.predicted);
  divergences_.push_back(std::move(found));
}

double Client::tickAt(std::int64_t serverNs) const {
  return static_cast<double>(head_.tick) +
         static_cast<double>(serverNs - head_.tickTimeNs) * head_.tickHz / kNsPerSecond;
}

double Client::serverTick(std::int64_t nowNs) const {
  if (head_.parked || !link_.clock().any()) return static_cast<double>(head_.tick);
  return tickAt(link_.clock().peerNow(nowNs));
}

std::int64_t Client::viewAgeNs(std::int64_t nowNs) const {
  const bool known = config_.knownOffsetNs && !head_.parked;
  const double now = known ? tickAt(nowNs + *config_.knownOffsetNs) : serverTick(nowNs);
  const double behind = now - static_cast<double>(view_.fixed()) / static_cast<double>(kFixedOne);
  return static_cast<std::int64_t>(behind * kNsPerSecond / head_.tickHz);
}

// Half the round trip, twice its deviation and the wait until the next packet leaves: how far ahead of the server the
// inputs must be made so that they arrive in time.
double Client::leadTicks() const {
  const double ahead = link_.clock().rttNs() / 2 + 2 * link_.clock().rttDeviationNs();
  return std::min(ahead * head_.tickHz / kNsPerSecond + 1 + config_.sendEvery, 60.0);
}

void Client::advance(std::int64_t nowNs, const Think& think) {
  const double elapsed =
      lastAdvanceNs_ == 0 ? 0 : static_cast<double>(nowNs - lastAdvanceNs_) * head_.tickHz / kNsPerSecond;
  lastAdvanceNs_ = nowNs;
  if (!predictorReady_ || !link_.clock().any()) return;
  const double target = serverTick(nowNs) + leadTicks();
  // While the server stands the client may fill its lead and then waits too.
  const double ceiling = head_.parked ? target : std::numeric_limits<double>::infinity();
  predictClock_.advance(elapsed, target, ceiling);
  counters_.clockSnaps = predictClock_.snaps();
  const auto due = static_cast<Tick>(std::floor(predictClock_.value()));
  if (due - predictor_.newest() > kMaxSteps) {
    predictor_.reset(due - 1, head_.own);
    pending_.clear();
  }
  while (predictor_.newest() < due) {
    InputCommand input = think(predictor_.newest() + 1);
    input.tick = predictor_.newest() + 1;
    predictor_.advance(input, [this](OwnState& state, const InputCommand& command, Tick) { step(state, command); });
    if ((input.buttons & kFire) != 0) fire(input);
    madeAt_[static_cast<std::size_t>(input.tick) % madeAt_.size()] = nowNs;
    lastInput_ = input;
    pending_.push_back(input);
    ++unsentTicks_;
  }
  while (pending_.size() > kMaxRedundancy) pending_.pop_front();
}

void Client::fire(InputCommand& input) {
  const auto& own = predictor_.state();
  if (!own.alive || poses_.empty()) {
    input.buttons &= static_cast<std::uint8_t>(~kFire);
    return;
  }
  input.shot.view = view_;
  input.shot.viewDelayNs = viewAgeNs(lastAdvanceNs_);
  const Ray ray = aim(own.pos, input.yaw, *map_);
  double nearest = std::numeric_limits<double>::infinity();
  for (const auto& pose : poses_) {
    const auto enter = pose.alive ? hits(ray, pose.pos) : std::nullopt;
    if (!enter || *enter >= nearest) continue;
    nearest = *enter;
    input.shot.claimed = pose.id;
    input.shot.claimedPos = pose.pos;
  }
  ++counters_.shots;
  if (shots_.size() < kMaxKept) shots_.push_back({input.tick, input.shot, own.pos});
}

std::int64_t Client::advanceRender(std::int64_t nowNs, std::int64_t fixedDelayNs) {
  return renderClock_.advance(nowNs, fixedDelayNs);
}

bool Client::render(std::int64_t renderFixed, std::vector<Pose>& out) {
  View view;
  if (!renderClock_.started() || !buffer_.view(renderFixed, head_.tickHz, head_.parked, view)) return false;
  view_ = view;
  renderFixed_ = std::max(renderFixed_, view.fixed());
  buffer_.poses(view_, head_.tickHz, poses_);
  for (auto& pose : poses_) pose.pos = pose.pos + renderBias_;
  if (!head_.parked && renderFixed > buffer_.newest() * kFixedOne) ++counters_.starved;
  if (&out != &poses_) out = poses_;
  return true;
}

NetState Client::state(std::int64_t nowNs) const {
  if (session_ == 0) return nowNs < nextConnectNs_ ? NetState::Disconnected : NetState::Connecting;
  if (ackTick_ == 0) return NetState::Connecting;
  return nowNs - link_.lastReceivedNs() > kStalledNs ? NetState::Stalled : NetState::Connected;
}

std::optional<std::string> Client::takeNotice() {
  return std::exchange(notice_, std::nullopt);
}

void Client::sendInputs(std::int64_t nowNs, bool bye, const Send& send) {
  InputPacket packet;
  packet.header = link_.next(PacketType::Input, session_, nowNs);
  packet.bye = bye;
  packet.ackTick = ackTick_;
  packet.renderFixed = renderFixed_;
  packet.self = {static_cast<std::uint32_t>(counters_.corrections - atJoin_.corrections),
                 static_cast<std::uint32_t>(counters_.starved - atJoin_.starved)};
  packet.inputs.assign(pending_.begin(), pending_.end());
  out_.clear();
  encode(packet, out_);
  const Tag tag = signer_->sign(out_);
  ByteWriter(out_).raw(tag);
  link_.sent(out_.size());
  if (static_cast<int>(packet.header.sequence % 60) >= inputDrop_) send(out_);
  lastSendNs_ = nowNs;
  unsentTicks_ = 0;
}

void Client::poll(std::int64_t nowNs, const Send& send) {
  if (session_ == 0) {
    if (nowNs < nextConnectNs_) return;
    nextConnectNs_ = nowNs + kConnectEveryNs;
    out_.clear();
    encode(Connect{nonce_, config_.role, config_.name}, out_);
    send(out_);
    return;
  }
  if (link_.exhausted() || nowNs - std::max(link_.lastReceivedNs(), connectedNs_) > kLostNs) {
    disconnect(nowNs, 0);
    return;
  }
  if (unsentTicks_ >= config_.sendEvery || nowNs - lastSendNs_ >= kHeartbeatNs) sendInputs(nowNs, false, send);
}

void Client::leave(std::int64_t nowNs, const Send& send) {
  if (session_ == 0) return;
  pending_.clear();
  sendInputs(nowNs, true, send);
}

}  // namespace qd::stage
