// SPDX-License-Identifier: Apache-2.0
#include "core/link/subscription.h"

namespace qd::link {
namespace {

constexpr TimeNs kMostAhead = 3600 * kNsPerSecond;

Incoming decode(const pb::Batch& batch, const AgentId& agent) {
  Incoming out{batch.sequence(), batch.previous(), CaughtUp{}, batch.ByteSizeLong()};
  if (batch.content_case() == pb::Batch::kCaughtUp) {
    out.content = CaughtUp{batch.caught_up().agent_id()};
  } else if (auto envelope = fromProto(batch, agent)) {
    // An agent's word on when it happened counts, but not one from before our time or from the future.
    const TimeNs now = utcNowNs();
    if (envelope->received <= 0 || envelope->received > now + kMostAhead) envelope->received = now;
    out.content = std::make_shared<ingest::Envelope>(std::move(*envelope));
  } else {
    out.content = envelope.error();
  }
  return out;
}

}  // namespace

std::shared_ptr<Subscription> Subscription::open(pb::Agent::Stub& stub, const SubscribeOrder& order,
                                                 const AgentId& agent, std::shared_ptr<Loop> loop,
                                                 std::shared_ptr<LiveCalls> calls, Handlers handlers) {
  auto self = std::make_shared<Subscription>();
  self->agent_ = agent;
  self->loop_ = std::move(loop);
  self->calls_ = std::move(calls);
  self->handlers_ = std::move(handlers);
  self->self_ = self;
  toProto(order, self->request_);
  self->calls_->add();
  stub.async()->Subscribe(&self->context_, &self->request_, self.get());
  self->AddHold();  // reads are also started from the loop
  self->StartRead(self->batch_.get());
  self->StartCall();
  return self;
}

void Subscription::OnReadDone(bool ok) {
  if (!ok) {
    RemoveHold();
    return;
  }
  auto incoming = std::make_shared<Incoming>(decode(*batch_, agent_));
  batch_.renew();
  loop_->post([self = self_, incoming] {
    self->handlers_.entry(std::move(*incoming));
    self->delivered();
  });
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    more = ++underWay_ < kUnderWay;
    paused_ = !more;
  }
  if (more) StartRead(batch_.get());
}

void Subscription::delivered() {
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    --underWay_;
    more = paused_ && underWay_ <= kUnderWay / 2;
    if (more) paused_ = false;
  }
  if (more) StartRead(batch_.get());
}

// Ends on the loop: a context holds its channel, and gRPC must not see its last channel go on a thread of its own.
void Subscription::OnDone(const grpc::Status& status) {
  const std::shared_ptr<Loop> loop = loop_;
  loop->post([self = std::move(self_), calls = calls_, status]() mutable {
    self->handlers_.over(status);
    self.reset();
    calls->done();
  });
}

}  // namespace qd::link
