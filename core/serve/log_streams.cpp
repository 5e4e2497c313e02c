// SPDX-License-Identifier: Apache-2.0
// The streams that come out of the log: Subscribe, WatchProcesses, WatchParameters.
#include <fmt/format.h>

#include <algorithm>

#include "core/link/wire/convert.h"
#include "core/serve/pull_stream.h"
#include "core/serve/service.h"
#include "core/serve/subscription.h"

namespace qd::serve {
namespace {

namespace pb = quarterdeck::v1;
using security::Role;

template <class Message>
using Writer = PullStream<grpc::ServerWriteReactor<Message>, Message>;

class SubscribeStream final : public Writer<pb::Batch> {
 public:
  SubscribeStream(Executor& executor, ServiceCounters& counters) : PullStream(executor), counters_(counters) {
    ++counters_.streams;
  }
  void take(std::unique_ptr<Subscription> subscription) { subscription_ = std::move(subscription); }

 protected:
  bool fill(pb::Batch& batch) override {
    while (const ingest::EnvelopePtr entry = subscription_->next()) {
      if (!link::toProto(*entry, batch)) continue;
      if (batch.ByteSizeLong() > link::kMaxMessageBytes) tooLarge(*entry, batch);
      return true;
    }
    if (!subscription_->caughtUp()) return false;
    batch.mutable_caught_up()->set_agent_id(subscription_->agentId());
    batch.set_sequence(0);
    return true;
  }
  void written(const pb::Batch& batch) override {
    ++counters_.messages;
    counters_.bytes += batch.ByteSizeLong();
  }
  void closed() override { --counters_.streams; }

 private:
  static void tooLarge(const ingest::Envelope& entry, pb::Batch& batch) {
    ingest::Envelope gap;
    gap.sequence = entry.sequence;
    gap.previous = entry.previous;
    gap.event = ingest::Gap{ingest::processOf(entry.event), ingest::timeOf(entry.event), ingest::timeOf(entry.event), 0,
                            "an entry was larger than a message may be"};
    batch.Clear();
    link::toProto(gap, batch);
  }

  ServiceCounters& counters_;
  std::unique_ptr<Subscription> subscription_;
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

grpc::ServerWriteReactor<pb::Batch>* Service::Subscribe(grpc::CallbackServerContext* context,
                                                        const pb::SubscribeRequest* request) {
  using Refused = RefusedStream<grpc::ServerWriteReactor<pb::Batch>>;
  if (auto status = access_.check(*context, Role::Viewer); !status.ok()) return new Refused(status);
  if (request->backfill_ns() < 0) {
    return new Refused({grpc::StatusCode::INVALID_ARGUMENT, "The backfill must not be negative."});
  }
  const int most = static_cast<int>(kMaxGlobs);
  if (request->process_globs_size() > most || request->series_globs_size() > most) {
    return new Refused({grpc::StatusCode::INVALID_ARGUMENT, fmt::format("At most {} patterns of a kind.", most)});
  }
  return start<pb::Batch>(backend_, std::make_shared<SubscribeStream>(executor_, counters_), link::fromProto(*request));
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
