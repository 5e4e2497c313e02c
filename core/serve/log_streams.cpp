// SPDX-License-Identifier: Apache-2.0
// The streams that come out of the log: Subscribe, WatchProcesses, WatchParameters.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "core/link/wire/batch_buffer.h"
#include "core/link/wire/convert.h"
#include "core/serve/pull_stream.h"
#include "core/serve/service.h"
#include "core/serve/subscription.h"

namespace qd::serve {
namespace {

namespace pb = quarterdeck::v1;
using security::Role;

constexpr int kMaxSelectors = 1024;

template <class Message>
using Writer = PullStream<grpc::ServerWriteReactor<Message>, Message>;

class SubscribeStream final : public Writer<grpc::ByteBuffer>, public AdjustableStream {
 public:
  SubscribeStream(Executor& executor, ServiceCounters& counters) : PullStream(executor), counters_(counters) {
    ++counters_.streams;
  }
  void take(std::unique_ptr<Subscription> subscription) { subscription_ = std::move(subscription); }
  bool isOpen() const { return subscription_ != nullptr; }

  // Any thread, once it is open; the patterns have been checked. Only the newest counts, with the longest backfill
  // asked for.
  void adjust(link::InterestOrder order) override {
    {
      const std::lock_guard lock(wantedMutex_);
      if (wanted_) order.backfill.ns = std::max(order.backfill.ns, wanted_->backfill.ns);
      wanted_ = std::move(order);
    }
    pump();
  }

 protected:
  bool fill(grpc::ByteBuffer& bytes) override {
    if (const auto order = takeWanted()) (void)subscription_->update(order->interest, order->backfill);
    while (const ingest::EnvelopePtr entry = subscription_->next()) {
      if (!writer_.write(*entry, bytes)) continue;
      if (bytes.Length() > link::kMaxMessageBytes) tooLarge(*entry, bytes);
      return true;
    }
    if (!subscription_->caughtUp()) return false;
    pb::Batch caughtUp;
    caughtUp.mutable_caught_up()->set_agent_id(subscription_->agentId());
    link::BatchWriter::write(caughtUp, bytes);
    return true;
  }
  void written(const grpc::ByteBuffer& bytes) override {
    ++counters_.messages;
    counters_.bytes += bytes.Length();
  }
  void closed() override { --counters_.streams; }

 private:
  void tooLarge(const ingest::Envelope& entry, grpc::ByteBuffer& bytes) {
    ingest::Envelope gap;
    gap.sequence = entry.sequence;
    gap.previous = entry.previous;
    gap.event = ingest::Gap{ingest::processOf(entry.event), ingest::timeOf(entry.event), ingest::timeOf(entry.event), 0,
                            "an entry was larger than a message may be"};
    writer_.write(gap, bytes);
  }

  std::optional<link::InterestOrder> takeWanted() {
    const std::lock_guard lock(wantedMutex_);
    return std::exchange(wanted_, std::nullopt);
  }

  ServiceCounters& counters_;
  link::BatchWriter writer_;
  std::unique_ptr<Subscription> subscription_;
  std::mutex wantedMutex_;
  std::optional<link::InterestOrder> wanted_;
};

// One kind of event out of a subscription without samples.
template <class Event, class Message>
class EventStream final : public Writer<Message> {
 public:
  explicit EventStream(Executor& executor) : Writer<Message>(executor) {}
  void take(std::unique_ptr<Subscription> subscription) { subscription_ = std::move(subscription); }

 protected:
  bool fill(Message& message) override {
    while (const ingest::EnvelopePtr entry = subscription_->next()) {
      const auto* event = std::get_if<Event>(&entry->event);
      if (!event) continue;
      link::toProto(*event, message);
      return true;
    }
    return false;
  }

 private:
  std::unique_ptr<Subscription> subscription_;
};

// Makes the stream, opens what it reads, begins; or refuses.
template <class Message, class Stream>
grpc::ServerWriteReactor<Message>* start(Backend& backend, std::shared_ptr<Stream> stream,
                                         const link::SubscribeOrder& order) {
  auto subscription = Subscription::open(backend, order, stream->waker());
  if (!subscription) return new RefusedStream<grpc::ServerWriteReactor<Message>>(statusOf(subscription.error()));
  stream->take(std::move(*subscription));
  stream->begin();
  return stream.get();
}

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* Service::Subscribe(grpc::CallbackServerContext* context,
                                                               const grpc::ByteBuffer* bytes) {
  using Refused = RefusedStream<grpc::ServerWriteReactor<grpc::ByteBuffer>>;
  if (auto status = access_.check(*context, Role::Viewer); !status.ok()) return new Refused(status);
  pb::SubscribeRequest message;
  grpc::ByteBuffer own = *bytes;
  if (!grpc::SerializationTraits<pb::SubscribeRequest>::Deserialize(&own, &message).ok()) {
    return new Refused({grpc::StatusCode::INVALID_ARGUMENT, "The request is no SubscribeRequest."});
  }
  const auto* request = &message;
  if (request->backfill_ns() < 0) {
    return new Refused({grpc::StatusCode::INVALID_ARGUMENT, "The backfill must not be negative."});
  }
  const int most = static_cast<int>(kMaxGlobs);
  if (request->process_globs_size() > most || request->series_globs_size() > most) {
    return new Refused({grpc::StatusCode::INVALID_ARGUMENT, fmt::format("At most {} patterns of a kind.", most)});
  }
  if (request->interest().full_size() > kMaxSelectors) {
    return new Refused({grpc::StatusCode::INVALID_ARGUMENT, fmt::format("At most {} selectors.", kMaxSelectors)});
  }
  auto stream = std::make_shared<SubscribeStream>(executor_, counters_);
  const auto order = link::fromProto(*request);
  auto* reactor = start<grpc::ByteBuffer>(backend_, stream, order);
  if (!order.subscriptionId.empty() && stream->isOpen()) adjustable_.add(order.subscriptionId, stream);
  return reactor;
}

grpc::ServerUnaryReactor* Service::UpdateInterest(grpc::CallbackServerContext* context,
                                                  const pb::UpdateInterestRequest* request,
                                                  pb::UpdateInterestResponse*) {
  auto* reactor = context->DefaultReactor();
  auto status = access_.check(*context, Role::Viewer);
  if (status.ok() && request->interest().full_size() > kMaxSelectors) {
    status = {grpc::StatusCode::INVALID_ARGUMENT, fmt::format("At most {} selectors.", kMaxSelectors)};
  }
  auto order = link::fromProto(*request);
  if (auto filter = InterestFilter::make(order.interest); status.ok() && !filter) status = statusOf(filter.error());
  if (status.ok()) {
    const auto stream = adjustable_.find(order.subscriptionId);
    if (stream) stream->adjust(std::move(order));
    if (!stream) status = {grpc::StatusCode::NOT_FOUND, "There is no live subscription of that id."};
  }
  reactor->Finish(status);
  return reactor;
}

grpc::ServerWriteReactor<pb::ProcessChange>* Service::WatchProcesses(grpc::CallbackServerContext* context,
                                                                     const pb::WatchProcessesRequest*) {
  using Refused = RefusedStream<grpc::ServerWriteReactor<pb::ProcessChange>>;
  if (auto status = access_.check(*context, Role::Viewer); !status.ok()) return new Refused(status);
  link::SubscribeOrder order;
  order.tier = link::Tier::Events;
  order.entityFrames = false;
  auto stream = std::make_shared<EventStream<ingest::ProcessChange, pb::ProcessChange>>(executor_);
  return start<pb::ProcessChange>(backend_, std::move(stream), order);
}

grpc::ServerWriteReactor<pb::ParameterChange>* Service::WatchParameters(grpc::CallbackServerContext* context,
                                                                        const pb::WatchParametersRequest* request) {
  using Refused = RefusedStream<grpc::ServerWriteReactor<pb::ParameterChange>>;
  if (auto status = access_.check(*context, Role::Viewer); !status.ok()) return new Refused(status);
  link::SubscribeOrder order;
  order.tier = link::Tier::Events;
  order.entityFrames = false;
  order.processGlobs.assign(request->process_globs().begin(), request->process_globs().end());
  auto stream = std::make_shared<EventStream<ingest::ParameterChange, pb::ParameterChange>>(executor_);
  return start<pb::ParameterChange>(backend_, std::move(stream), order);
}

}  // namespace qd::serve
