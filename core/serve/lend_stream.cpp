// SPDX-License-Identifier: Apache-2.0
// The far end of Lend: a home's orders to processes of this backend, and what becomes of them.
#include <deque>

#include "core/link/wire/convert.h"
#include "core/serve/pull_stream.h"
#include "core/serve/service.h"

namespace qd::serve {
namespace {

namespace pb = quarterdeck::v1;
using security::Role;
using LendReactor = grpc::ServerBidiReactor<pb::LendOrder, pb::LendEvent>;

constexpr std::size_t kMostWaiting = 4096;  // a home that does not read loses its stream, not events in the middle

class LendStream final : public PullStream<LendReactor, pb::LendEvent> {
 public:
  explicit LendStream(Executor& executor) : PullStream(executor) {}

  Result<> open(Backend& backend, const std::string& who) {
    std::weak_ptr<PullStream> weak = weak_from_this();
    auto session = backend.openLend(who, [weak](control::LendEvent event) {
      if (auto self = weak.lock()) static_cast<LendStream&>(*self).tell(event);
    });
    if (!session) return std::unexpected(session.error());
    session_ = std::move(*session);
    return {};
  }
  void read() { StartRead(&order_); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      end(grpc::Status::OK);
      return;
    }
    auto order = link::fromProto(order_);
    if (order) {
      if (auto taken = session_->order(std::move(*order)); !taken) return end(statusOf(taken.error()));
    } else if (order.error().code != ErrorCode::Unsupported) {
      return end(statusOf(order.error()));
    }
    StartRead(&order_);
  }

 protected:
  bool fill(pb::LendEvent& event) override {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) return false;
    event = std::move(events_.front());
    events_.pop_front();
    return true;
  }
  void closed() override { session_.reset(); }

 private:
  void tell(const control::LendEvent& event) {
    pb::LendEvent message;
    link::toProto(event, message);
    bool full = false;
    {
      const std::lock_guard lock(mutex_);
      full = events_.size() >= kMostWaiting;
      if (!full) events_.push_back(std::move(message));
    }
    if (full) return end({grpc::StatusCode::RESOURCE_EXHAUSTED, "The home agent does not read what it is told."});
    pump();
  }

  pb::LendOrder order_;
  std::unique_ptr<LendSession> session_;
  std::mutex mutex_;
  std::deque<pb::LendEvent> events_;
};

}  // namespace

LendReactor* Service::Lend(grpc::CallbackServerContext* context) {
  using Refused = RefusedStream<LendReactor>;
  // Another agent of the cluster, or whoever may debug here anyway.
  const auto status = access_.check(*context, Role::Agent);
  if (!status.ok() && !access_.check(*context, Role::Debugger).ok()) return new Refused(status);
  auto stream = std::make_shared<LendStream>(executor_);
  if (auto opened = stream->open(backend_, access_.who(*context, "")); !opened) {
    return new Refused(statusOf(opened.error()));
  }
  stream->begin();
  stream->read();
  return stream.get();
}

}  // namespace qd::serve
