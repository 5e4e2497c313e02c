// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/server_session.h"

#include <algorithm>
#include <cstdlib>

namespace qd::stage {
namespace {

constexpr std::int64_t kMaxClockSkewNs = 30 * kNsPerSecond;
const Snapshot kEmpty;

}  // namespace

const char* name(Reject reject) {
  constexpr const char* kNames[kRejectKinds] = {"none", "malformed",  "forged", "replayed",       "too_old",
                                                "time", "non_finite", "flood",  "unknown_session"};
  return kNames[static_cast<std::size_t>(reject)];
}

ServerSession::ServerSession(std::uint32_t session, EntityId player, const Key& key)
    : session_(session), player_(player), signer_(key) {}

Reject ServerSession::accept(BytesView datagram, std::int64_t nowNs, InputPacket& out) {
  const Reject verdict = check(datagram, nowNs, out);
  ++rejected_[static_cast<std::size_t>(verdict)];
  if (verdict != Reject::None) return verdict;
  link_.received(out.header, datagram.size(), nowNs);
  if (out.ackTick > ackTick_ && sent_.find(out.ackTick) != nullptr) ackTick_ = out.ackTick;
  renderFixed_ = std::max(renderFixed_, out.renderFixed);
  self_ = {std::max(self_.corrections, out.self.corrections), std::max(self_.starved, out.self.starved)};
  if (!out.inputs.empty()) newestInput_ = std::max(newestInput_, out.inputs.back().tick);
  return Reject::None;
}

Reject ServerSession::check(BytesView datagram, std::int64_t nowNs, InputPacket& out) {
  if (datagram.size() < kHeaderBytes + kTagBytes) return Reject::Malformed;
  const auto signedPart = datagram.first(datagram.size() - kTagBytes);
  // The signature comes first: nothing else of a forged datagram may be believed, least of all its sequence.
  if (!signer_.verify(signedPart, datagram.last(kTagBytes))) return Reject::Forged;
  auto packet = decodeInput(signedPart);
  if (!packet || packet->header.session != session_) return Reject::Malformed;
  // Only what its owner signed counts against the allowance, so that nobody else can use it up.
  if (!allowance_.take(nowNs)) return Reject::Flood;
  switch (window_.check(packet->header.sequence)) {
    case ReplayWindow::Verdict::Replayed:
      return Reject::Replayed;
    case ReplayWindow::Verdict::TooOld:
      return Reject::TooOld;
    case ReplayWindow::Verdict::Fresh:
      break;
  }
  window_.accept(packet->header.sequence);
  if (!clockBase_) clockBase_ = nowNs - packet->header.sentNs;
  if (std::abs(nowNs - packet->header.sentNs - *clockBase_) > kMaxClockSkewNs) return Reject::Time;
  if (!packet->finite) return Reject::NonFinite;
  out = std::move(*packet);
  return Reject::None;
}

void ServerSession::setNotice(std::uint8_t id, std::string text, std::int64_t untilNs) {
  noticeId_ = id;
  notice_ = std::move(text);
  noticeUntil_ = untilNs;
}

void ServerSession::bye(std::string_view reason, Bytes& out) {
  out.clear();
  encodeBye(session_, reason, out);
  const Tag tag = signer_.sign(out);
  ByteWriter(out).raw(tag);
}

std::int64_t ServerSession::viewAgeNs(const WorldFrame& frame, std::int64_t nowNs) const {
  if (renderFixed_ == 0) return 0;
  const auto behind = frame.tick * kFixedOne - renderFixed_;
  return behind * kNsPerSecond / frame.tickHz / kFixedOne + std::max<std::int64_t>(0, nowNs - frame.tickTimeNs);
}

void ServerSession::chooseVisible(const WorldFrame& frame, const Grid& grid, std::span<const NetEntity> net,
                                  Vec3 centre, const Snapshot& baseline, std::size_t budget) {
  candidates_.clear();
  const auto radius = frame.visibilityUm / kUmPerMm;
  grid.near(centre, frame.visibilityUm, [&](std::uint32_t index) {
    const auto& e = frame.entities[index];
    if (e.id == player_) return;
    const auto dx = (e.pos.x - centre.x) / kUmPerMm, dy = (e.pos.y - centre.y) / kUmPerMm;
    auto rank = dx * dx + dy * dy;
    if (rank > radius * radius) return;
    // Who is known already stays in preference to a newcomer at the rim, or the rim would flicker.
    const NetEntity* known = baseline.find(e.id);
    if (known != nullptr) rank = rank * 3 / 4;
    candidates_.push_back({rank, index, known});
  });
  std::sort(candidates_.begin(), candidates_.end(), [&frame](const Candidate& a, const Candidate& b) {
    return a.rank != b.rank ? a.rank < b.rank : frame.entities[a.index].id < frame.entities[b.index].id;
  });
  next_.entities.clear();
  const std::size_t removal = 3 * baseline.entities.size();  // at worst all of the baseline goes
  budget -= std::min(budget, removal / 2);
  for (const auto& candidate : candidates_) {
    const auto cost = costOf(candidate.known, net[candidate.index]);
    if (cost > budget) break;
    budget -= cost;
    next_.entities.push_back(net[candidate.index]);
  }
  std::sort(next_.entities.begin(), next_.entities.end(),
            [](const NetEntity& a, const NetEntity& b) { return a.id < b.id; });
}

void ServerSession::snapshot(const WorldFrame& frame, const Grid& grid, std::span<const NetEntity> net, bool parked,
                             std::int64_t nowNs, Bytes& out) {
  const Snapshot* acked = ackTick_ == 0 || ackTick_ > frame.tick ? nullptr : sent_.find(ackTick_);
  const Snapshot& baseline = acked != nullptr ? *acked : kEmpty;
  SnapshotHead head;
  head.parked = parked;
  head.tick = frame.tick;
  head.baseline = acked != nullptr ? acked->tick : 0;
  head.tickTimeNs = frame.tickTimeNs;
  head.tickHz = frame.tickHz;
  head.snapshotHz = frame.snapshotHz;
  head.mapSeed = frame.mapSeed;
  head.arenaHalfUm = frame.arenaHalfUm;
  head.newestInput = newestInput_;
  const auto own = std::lower_bound(frame.owns.begin(), frame.owns.end(), player_,
                                    [](const WorldFrame::Own& o, EntityId id) { return o.player < id; });
  if (own != frame.owns.end() && own->player == player_) {
    head.hasOwn = true;
    head.own = own->state;
    head.inputDepth = own->inputDepth;
  }
  if (nowNs < noticeUntil_) {
    head.noticeId = noticeId_;
    head.notice = notice_;
  }
  head.header = link_.next(PacketType::Snapshot, session_, nowNs);
  out.clear();
  encode(head, out);
  next_.tick = frame.tick;
  // The same tick is resent while the server stands: the client must decode the same from every copy of it.
  if (const Snapshot* before = sent_.find(frame.tick)) {
    next_.entities = before->entities;
  } else {
    chooseVisible(frame, grid, net, head.own.pos, baseline, kMtuPayload - out.size() - 3);
  }
  encodeDelta(baseline, next_, out);
  lastVisible_ = next_.entities.size();
  lastBytes_ = out.size();
  sent_.add(next_);
  link_.sent(out.size());
}

}  // namespace qd::stage
