// SPDX-License-Identifier: Apache-2.0
// Entries of an agent's log a second time, through a stream of their own beside the live one: for who lost some of them
// after they came. Nothing is learned from them: what they say of processes and groups may be old.
#include "core/link/agent_link.h"

namespace qd::link {

struct AgentLink::Fetch {
  std::uint64_t last = 0;
  FetchEach each;
  std::function<void()> done;
  std::shared_ptr<Subscription> stream;
};

void AgentLink::fetch(std::uint64_t first, std::uint64_t last, FetchEach each, std::function<void()> done) {
  if (!connected() || closing_ || first > last) return done();
  const ClusterOptions& options = context_.options;
  SubscribeOrder order;
  order.processGlobs = options.processGlobs;
  order.seriesGlobs = options.seriesGlobs;
  order.tier = options.tier;
  order.entityFrames = options.entityFrames;
  order.after = first - 1;
  order.agentId = agentId_;
  order.backfill = options.backfill;
  const auto fetch = std::make_shared<Fetch>(Fetch{last, std::move(each), std::move(done), nullptr});
  Subscription::Handlers handlers;
  handlers.entry = [this, fetch](Incoming incoming) { onFetched(*fetch, std::move(incoming)); };
  handlers.over = [this, fetch](const grpc::Status&) {
    fetches_.erase(fetch);
    fetch->stream = nullptr;
    if (!closing_) fetch->done();
  };
  fetches_.insert(fetch);
  fetch->stream = Subscription::open(channel_, order, id_, context_.loop, context_.calls, std::move(handlers));
}

void AgentLink::cancelFetches() {
  for (const auto& fetch : fetches_) fetch->stream->cancel();
}

void AgentLink::onFetched(Fetch& fetch, Incoming incoming) {
  if (closing_ || incoming.sequence == 0) {
    // The live stream has the states; having caught up, there is no more to come.
    if (std::holds_alternative<CaughtUp>(incoming.content)) fetch.stream->cancel();
    return;
  }
  if (incoming.sequence >= fetch.last) fetch.stream->cancel();
  auto* envelope = std::get_if<std::shared_ptr<ingest::Envelope>>(&incoming.content);
  if (envelope == nullptr || incoming.sequence > fetch.last) return;
  ingest::Event& event = (*envelope)->event;
  if (auto* block = std::get_if<ingest::SampleBlock>(&event)) (void)declarations_.checkColumns(*block);
  if (context_.options.endpoints.size() > 1) context_.ids.qualify(event, index_);
  fetch.each(std::move(*envelope));
}

}  // namespace qd::link
