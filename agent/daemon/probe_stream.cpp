// SPDX-License-Identifier: Apache-2.0
// A probe over TCP: who it is, its lane, the two clocks.
#include <sys/random.h>

#include <algorithm>

#include "agent/daemon/probe_session.h"
#include "agent/probe/auth.h"

namespace qd::daemon {
namespace {

qd_str bytesOf(const std::array<std::uint8_t, QD_NONCE>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), QD_NONCE};
}

}  // namespace

void ProbeSession::begin() {
  if (!door_) return;
  if (::getrandom(nonce_.data(), nonce_.size(), 0) != static_cast<ssize_t>(nonce_.size())) outBroken_ = true;
  sendFrame(QD_F_CHALLENGE, [&](qd_writer* w) {
    const qd_challenge_msg challenge{bytesOf(nonce_)};
    qd_put_challenge(w, &challenge);
  });
}

// The first frame over TCP. Everything but this and the hello is refused until the probe has shown that it may.
Result<> ProbeSession::openStream(qd_cursor body) {
  qd_stream_msg message;
  const auto refused = [this](qd_refusal code, std::string reason) -> Result<> {
    refuse(code, reason);
    return fail(ErrorCode::PermissionDenied, std::move(reason));
  };
  if (!door_)
    return refused(QD_REFUSED_LANE, "A stream of samples belongs on the TCP address, not on the Unix socket.");
  if (stream_ || !qd_get_stream(&body, &message) || message.nonce.size != QD_NONCE) {
    return refused(QD_REFUSED_BAD_HELLO, "The stream's hello is broken.");
  }
  if (auto shown = prove(message); !shown) return refused(QD_REFUSED_TOKEN, shown.error().message);
  std::vector<qd_stream_ring> rings;
  for (unsigned i = 0; i < std::min<unsigned>(message.count, QD_MAX_RINGS + 1); ++i) {
    if (!qd_get_stream_ring(&body, &rings.emplace_back())) {
      return refused(QD_REFUSED_BAD_HELLO, "The stream's rings are broken.");
    }
  }
  auto made = StreamLane::make(message.instance, rings);
  if (!made) return refused(QD_REFUSED_LANE, made.error().message);
  stream_ = std::move(*made);
  laneFd_ = stream_->descriptor();
  return {};
}

Result<> ProbeSession::prove(const qd_stream_msg& message) {
  if (door_->token.empty()) return {};
  std::array<std::uint8_t, QD_PROOF> proof{};
  const auto* theirs = reinterpret_cast<const std::uint8_t*>(message.nonce.data);
  qd_auth_proof(door_->token.c_str(), 0, theirs, nonce_.data(), proof.data());
  if (message.proof.size != QD_PROOF ||
      !qd_auth_equal(proof.data(), reinterpret_cast<const std::uint8_t*>(message.proof.data))) {
    return fail(ErrorCode::PermissionDenied,
                "The token is not this agent's: give the process what --probe-token-file holds (QUARTERDECK_TOKEN).");
  }
  qd_auth_proof(door_->token.c_str(), 1, theirs, nonce_.data(), proof.data());
  sendFrame(QD_F_PROOF, [&](qd_writer* w) {
    const qd_proof_msg ours{bytesOf(proof)};
    qd_put_proof(w, &ours);
  });
  return {};
}

// True when the frame was the stream's; an error ends the session.
Result<bool> ProbeSession::streamFrame(const qd_frame& frame) {
  Result<> done;
  switch (frame.type) {
    case QD_F_BLOBS:
      done = stream_->blobs(frame.body);
      break;
    case QD_F_RING:
      done = stream_->ring(frame.body);
      break;
    case QD_F_STATUS:
      done = stream_->status(frame.body);
      break;
    case QD_F_PONG:
      pong(frame.body);
      break;
    case QD_F_RECORDS: {
      if (!declared_) return fail(ErrorCode::Corrupt, "Its probe sent samples before what they are of.");
      auto ring = stream_->records(frame.body);
      if (!ring) return std::unexpected(ring.error());
      drainRing(*ring, monotonicNs(), log_.persisted(), false);
      break;
    }
    default:
      return false;
  }
  if (!done) return std::unexpected(done.error());
  return true;
}

void ProbeSession::pong(qd_cursor body) {
  qd_pong_msg message;
  if (!qd_get_pong(&body, &message) || message.asked != static_cast<std::uint64_t>(pingedAt_)) return;
  clock_.answered(pingedAt_, monotonicNs(), message.monotonic_ns);
  if (const auto offset = clock_.offset(monotonicNs())) context_.utcOffsetNs = utcOffsetNs() + *offset;
}

void ProbeSession::ping(std::int64_t now) {
  pingedAt_ = now;
  sendFrame(QD_F_PING, [&](qd_writer* w) {
    const qd_ping_msg ping{static_cast<std::uint64_t>(now)};
    qd_put_ping(w, &ping);
  });
}

void ProbeSession::keepStream(std::int64_t now) {
  if (!stream_ || !admitted_) return;
  if (now - pingedAt_ >= kNsPerSecond) ping(now);
  if (const auto offset = clock_.offset(now)) context_.utcOffsetNs = utcOffsetNs() + *offset;
  const std::vector<qd_tail_item> tails = stream_->newTails();
  if (tails.empty()) return;
  sendFrame(QD_F_TAILS, [&](qd_writer* w) {
    const qd_tails_msg head{static_cast<std::uint16_t>(tails.size())};
    qd_put_tails(w, &head);
    for (const qd_tail_item& item : tails) qd_put_tail(w, &item);
  });
}

void ProbeSession::sendOrders() {
  if (!stream_) return;
  const qd_orders_msg orders = stream_->orders();
  sendFrame(QD_F_ORDERS, [&](qd_writer* w) { qd_put_orders(w, &orders); });
}

}  // namespace qd::daemon
