// SPDX-License-Identifier: Apache-2.0
#include "core/link/subscription.h"

#include <grpcpp/generic/generic_stub.h>

#include "core/link/wire/sample_bytes.h"

namespace qd::link {
namespace {

constexpr TimeNs kMostAhead = 3600 * kNsPerSecond;

// An agent's word on when it happened counts, but not one from before our time or from the future.
void bound(ingest::Envelope& envelope) {
  const TimeNs now = utcNowNs();
  if (envelope.received <= 0 || envelope.received > now + kMostAhead) envelope.received = now;
}

void read(const pb::Batch& batch, const AgentId& agent, Incoming& out) {
  out.sequence = batch.sequence();
  out.previous = batch.previous();
  if (batch.content_case() == pb::Batch::kCaughtUp) {
    out.content = CaughtUp{batch.caught_up().agent_id()};
  } else if (auto envelope = fromProto(batch, agent)) {
    bound(*envelope);
    out.content = std::make_shared<ingest::Envelope>(std::move(*envelope));
  } else {
    out.content = envelope.error();
  }
}

}  // namespace

std::shared_ptr<Subscription> Subscription::open(const std::shared_ptr<grpc::Channel>& channel,
                                                 const SubscribeOrder& order, const AgentId& agent,
                                                 std::shared_ptr<Loop> loop, std::shared_ptr<LiveCalls> calls,
                                                 Handlers handlers) {
  auto self = std::make_shared<Subscription>();
  self->agent_ = agent;
  self->loop_ = std::move(loop);
  self->calls_ = std::move(calls);
  self->handlers_ = std::move(handlers);
  self->self_ = self;
  toProto(order, self->request_);
  self->calls_->add();
  // On the wire a stream that sends one message and no more is one that the server streams to.
  grpc::TemplatedGenericStub<pb::SubscribeRequest, grpc::ByteBuffer> stub(channel);
  stub.PrepareBidiStreamingCall(&self->context_, "/quarterdeck.v1.Agent/Subscribe", {}, self.get());
  self->AddHold();  // reads are also started from the loop
  self->StartWriteLast(&self->request_, {});
  self->StartRead(&self->bytes_);
  self->StartCall();
  return self;
}

// Null: no message.
std::shared_ptr<Incoming> Subscription::decode() {
  const auto bytes = reader_.flat(bytes_);
  auto out = std::make_shared<Incoming>();
  out->bytes = bytes.size();
  if (auto samples = std::make_shared<ingest::Envelope>(); readSampleBatch(bytes, *samples)) {
    samples->agent = agent_;
    out->sequence = samples->sequence;
    out->previous = samples->previous;
    bound(*samples);
    out->content = std::move(samples);
  } else if (const pb::Batch* batch = reader_.parse(bytes)) {
    read(*batch, agent_, *out);
  } else {
    return nullptr;
  }
  return out;
}

void Subscription::OnReadDone(bool ok) {
  auto incoming = ok ? decode() : nullptr;
  if (!incoming) {
    spoilt_ = ok;
    if (spoilt_) context_.TryCancel();
    RemoveHold();
    return;
  }
  bytes_.Clear();
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
  if (more) StartRead(&bytes_);
}

void Subscription::delivered() {
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    --underWay_;
    more = paused_ && underWay_ <= kUnderWay / 2;
    if (more) paused_ = false;
  }
  if (more) StartRead(&bytes_);
}

// Ends on the loop: a context holds its channel, and gRPC must not see its last channel go on a thread of its own.
void Subscription::OnDone(const grpc::Status& status) {
  const std::shared_ptr<Loop> loop = loop_;
  grpc::Status why = spoilt_ ? grpc::Status(grpc::StatusCode::INTERNAL, "it sent bytes that are no message.") : status;
  loop->post([self = std::move(self_), calls = calls_, why]() mutable {
    self->handlers_.over(why);
    self.reset();
    calls->done();
  });
}

}  // namespace qd::link
