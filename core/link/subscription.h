// SPDX-License-Identifier: Apache-2.0
// One Subscribe stream. Network threads decode; each entry is handed to the loop, at most kUnderWay at a time, so that
// a sink that is slow slows this stream's reading and nothing else. Made and cancelled on the loop.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <variant>

#include "core/link/channel.h"
#include "core/link/loop.h"
#include "core/link/wire/batch_buffer.h"
#include "core/link/wire/convert.h"
#include "quarterdeck/v1/quarterdeck.grpc.pb.h"

namespace qd::link {

struct CaughtUp {
  std::string agentId;
};

// One entry as it came: decoded, or why not.
struct Incoming {
  std::uint64_t sequence = 0;
  std::uint64_t previous = 0;
  std::variant<std::shared_ptr<ingest::Envelope>, CaughtUp, Error> content;
  std::size_t bytes = 0;  // of the message
};

// Reads the bytes of the messages as they came (core/link/wire/batch_buffer.h); what is no message ends the stream.
class Subscription final : public grpc::ClientBidiReactor<pb::SubscribeRequest, grpc::ByteBuffer> {
 public:
  struct Handlers {  // on the loop
    std::function<void(Incoming)> entry;
    std::function<void(grpc::Status)> over;  // once, last
  };

  static std::shared_ptr<Subscription> open(const std::shared_ptr<grpc::Channel>& channel, const SubscribeOrder& order,
                                            const AgentId& agent, std::shared_ptr<Loop> loop,
                                            std::shared_ptr<LiveCalls> calls, Handlers handlers);
  void cancel() { context_.TryCancel(); }

 private:
  static constexpr int kUnderWay = 16;

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  std::shared_ptr<Incoming> decode();
  void delivered();

  grpc::ClientContext context_;
  pb::SubscribeRequest request_;
  grpc::ByteBuffer bytes_;
  BatchReader reader_;
  bool spoilt_ = false;  // by what came
  AgentId agent_;
  std::shared_ptr<Loop> loop_;
  std::shared_ptr<LiveCalls> calls_;
  Handlers handlers_;
  std::shared_ptr<Subscription> self_;  // until OnDone
  std::mutex mutex_;
  int underWay_ = 0;
  bool paused_ = false;
};

}  // namespace qd::link
