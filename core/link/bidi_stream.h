// SPDX-License-Identifier: Apache-2.0
// A two-way stream whose every step happens on the loop: one read and one write under way, the next read only when the
// last message has been handled, so that a flood cannot pile up. send() refuses above kQueue messages. Made, used and
// cancelled on the loop; `over` is the last that is called, once.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_callback.h>

#include <deque>
#include <functional>
#include <memory>

#include "core/base/clock.h"
#include "core/link/loop.h"

namespace qd::link {

template <class Out, class In>
class BidiStream final : public grpc::ClientBidiReactor<Out, In> {
 public:
  struct Handlers {
    std::function<void(const In&, TimeNs received)> message;
    std::function<void(const grpc::Status&)> over;
  };
  using Start = std::function<void(grpc::ClientContext*, grpc::ClientBidiReactor<Out, In>*)>;

  static std::shared_ptr<BidiStream> open(const Start& start, std::shared_ptr<Loop> loop,
                                          std::shared_ptr<LiveCalls> calls, Handlers handlers) {
    auto self = std::make_shared<BidiStream>();
    self->loop_ = std::move(loop);
    self->calls_ = std::move(calls);
    self->handlers_ = std::move(handlers);
    self->self_ = self;
    self->calls_->add();
    start(&self->context_, self.get());
    self->AddHold();
    self->StartRead(&self->in_);
    self->StartCall();
    return self;
  }

  bool send(Out message) {
    if (closed_ || queue_.size() >= kQueue) return false;
    queue_.push_back(std::move(message));
    pump();
    return true;
  }
  void cancel() { context_.TryCancel(); }

 private:
  static constexpr std::size_t kQueue = 256;

  void pump() {
    if (writing_ || closed_ || queue_.empty()) return;
    writing_ = true;
    out_ = std::move(queue_.front());
    queue_.pop_front();
    this->StartWrite(&out_);
  }

  void close() {
    if (std::exchange(closed_, true)) return;
    this->RemoveHold();
  }

  void OnReadDone(bool ok) override {
    const TimeNs received = utcNowNs();
    loop_->post([self = self_, ok, received] {
      if (!ok) {
        self->close();
        return;
      }
      self->handlers_.message(self->in_, received);
      if (!self->closed_) self->StartRead(&self->in_);
    });
  }

  void OnWriteDone(bool ok) override {
    loop_->post([self = self_, ok] {
      self->writing_ = false;
      if (ok) self->pump();
    });
  }

  // Ends on the loop: a context holds its channel, and gRPC must not see its last channel go on a thread of its own.
  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<Loop> loop = loop_;
    loop->post([self = std::move(self_), calls = calls_, status]() mutable {
      self->handlers_.over(status);
      self.reset();
      calls->done();
    });
  }

  grpc::ClientContext context_;
  In in_;
  Out out_;
  std::deque<Out> queue_;
  bool writing_ = false;
  bool closed_ = false;
  std::shared_ptr<Loop> loop_;
  std::shared_ptr<LiveCalls> calls_;
  Handlers handlers_;
  std::shared_ptr<BidiStream> self_;  // until OnDone
};

}  // namespace qd::link
