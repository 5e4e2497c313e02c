// SPDX-License-Identifier: Apache-2.0
// The streams that go both ways: Debug and SyncClock.
#include <deque>

#include "core/link/wire/convert.h"
#include "core/serve/pull_stream.h"
#include "core/serve/service.h"
#include "core/serve/subscription.h"

namespace qd::serve {
namespace {

namespace pb = quarterdeck::v1;
using security::Role;

constexpr std::size_t kMostRepliesWaiting = 64;  // a client that does not read its replies is not read from either

using DebugReactor = grpc::ServerBidiReactor<pb::DebugCommand, pb::DebugEvent>;
using ClockReactor = grpc::ServerBidiReactor<pb::ClockPing, pb::ClockPong>;

bool toEvent(const ingest::Event& event, pb::DebugEvent& out) {
  if (const auto* breakpoint = std::get_if<ingest::Breakpoint>(&event)) {
    link::toProto(*breakpoint, *out.mutable_breakpoint());
  } else if (const auto* group = std::get_if<ingest::LinkGroup>(&event)) {
    link::toProto(*group, *out.mutable_group());
  } else if (const auto* hit = std::get_if<ingest::Hit>(&event)) {
    link::toProto(*hit, *out.mutable_hit());
  } else {
    return false;
  }
  return true;
}

class DebugStream final : public PullStream<DebugReactor, pb::DebugEvent> {
 public:
  explicit DebugStream(Executor& executor) : PullStream(executor) {}

  Result<> open(Backend& backend, const std::string& who) {
    auto session = backend.openDebug(who);
    if (!session) return std::unexpected(session.error());
    session_ = std::move(*session);
    CursorStart start;
    start.kinds = kDebug;
    auto cursor = backend.openCursor(start, waker());
    if (!cursor) return std::unexpected(cursor.error());
    cursor_ = std::move(*cursor);
    const Snapshot snapshot = backend.snapshot();
    for (const auto& group : snapshot.groups) link::toProto(group, *state_.emplace_back().mutable_group());
    for (const auto& point : snapshot.breakpoints) link::toProto(point, *state_.emplace_back().mutable_breakpoint());
    for (const auto& hit : snapshot.hits) link::toProto(hit, *state_.emplace_back().mutable_hit());
    state_.emplace_back().mutable_registry_sent()->set_agent_id(snapshot.agentId);
    return {};
  }
  void read() { StartRead(&command_); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      end(grpc::Status::OK);
      return;
    }
    execute();
    bool goOn = false;
    {
      const std::lock_guard lock(repliesMutex_);
      paused_ = replies_.size() + running_ >= kMostRepliesWaiting;
      goOn = !paused_;
    }
    if (goOn) StartRead(&command_);
  }

 protected:
  bool fill(pb::DebugEvent& event) override {
    if (!state_.empty()) {
      event = std::move(state_.front());
      state_.pop_front();
      return true;
    }
    if (takeReply(event)) return true;
    while (const ingest::EnvelopePtr entry = cursor_->next()) {
      if (toEvent(entry->event, event)) return true;
    }
    return false;
  }
  void closed() override { session_.reset(); }

 private:
  void execute() {
    const std::uint64_t id = command_.request_id();
    auto request = link::fromProto(command_);
    {
      const std::lock_guard lock(repliesMutex_);
      ++running_;
    }
    if (!request) {
      reply(id, std::unexpected(request.error()));
      return;
    }
    std::weak_ptr<PullStream> weak = weak_from_this();
    if (auto* inspect = std::get_if<control::InspectOrder>(&request->order)) {
      session_->inspect(std::move(*inspect), [weak, id](Result<control::Inspected> seen) {
        if (auto self = weak.lock()) static_cast<DebugStream&>(*self).inspected(id, std::move(seen));
      });
      return;
    }
    session_->execute(std::move(request->order), [weak, id](Result<std::string> result) {
      if (auto self = weak.lock()) static_cast<DebugStream&>(*self).reply(id, std::move(result));
    });
  }

  void reply(std::uint64_t id, Result<std::string> result) {
    control::DebugReply out{id, result.has_value(), "", ""};
    (result ? out.id : out.error) = result ? *result : result.error().message;
    answer(out);
  }

  void inspected(std::uint64_t id, Result<control::Inspected> seen) {
    control::DebugReply out{id, seen.has_value(), seen ? "" : seen.error().message, ""};
    if (seen) out.inspected = std::make_shared<const control::Inspected>(std::move(*seen));
    answer(out);
  }

  void answer(const control::DebugReply& reply) {
    pb::DebugEvent event;
    link::toProto(control::DebugUpdate(reply), event);
    {
      const std::lock_guard lock(repliesMutex_);
      --running_;
      replies_.push_back(std::move(event));
    }
    pump();
  }

  bool takeReply(pb::DebugEvent& event) {
    bool readAgain = false;
    {
      const std::lock_guard lock(repliesMutex_);
      if (replies_.empty()) return false;
      event = std::move(replies_.front());
      replies_.pop_front();
      readAgain = std::exchange(paused_, false);
    }
    if (readAgain) StartRead(&command_);
    return true;
  }

  pb::DebugCommand command_;
  std::unique_ptr<DebugSession> session_;
  std::unique_ptr<Cursor> cursor_;
  std::deque<pb::DebugEvent> state_;
  std::mutex repliesMutex_;
  std::deque<pb::DebugEvent> replies_;
  std::size_t running_ = 0;
  bool paused_ = false;
};

// One ping, one pong, in turn.
class ClockStream final : public ClockReactor {
 public:
  explicit ClockStream(Backend& backend) : backend_(backend) { StartRead(&ping_); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      finish();
      return;
    }
    pong_.set_client_send_ns(ping_.client_send_ns());
    pong_.set_agent_receive_ns(backend_.now());
    pong_.set_agent_send_ns(backend_.now());
    StartWrite(&pong_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      StartRead(&ping_);
    } else {
      finish();
    }
  }
  void OnDone() override { delete this; }

 private:
  // Reads and writes alternate, so that only one of them can come here, once.
  void finish() { Finish(grpc::Status::OK); }

  Backend& backend_;
  pb::ClockPing ping_;
  pb::ClockPong pong_;
};

}  // namespace

DebugReactor* Service::Debug(grpc::CallbackServerContext* context) {
  using Refused = RefusedStream<DebugReactor>;
  if (auto status = access_.check(*context, Role::Debugger); !status.ok()) return new Refused(status);
  auto stream = std::make_shared<DebugStream>(executor_);
  if (auto opened = stream->open(backend_, access_.who(*context, "")); !opened) {
    return new Refused(statusOf(opened.error()));
  }
  stream->begin();
  stream->read();
  return stream.get();
}

ClockReactor* Service::SyncClock(grpc::CallbackServerContext* context) {
  if (auto status = access_.check(*context, Role::Viewer); !status.ok()) return new RefusedStream<ClockReactor>(status);
  return new ClockStream(backend_);
}

}  // namespace qd::serve
