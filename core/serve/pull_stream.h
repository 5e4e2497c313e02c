// SPDX-License-Identifier: Apache-2.0
// The writing half of a stream that is pulled: the next message is made only when the one before has been written, so a
// slow peer holds up its own stream and nothing else. `Base` is ServerWriteReactor<Message> or a bidirectional one.
// pump() may be called from any thread at any time; fill() runs on one thread at a time. The object keeps itself alive
// until gRPC says that it is done.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>
#include <utility>

#include "core/link/wire/arena_message.h"
#include "core/serve/executor.h"

namespace qd::serve {

// Room for a message that is made over and over.
template <class Message>
struct Room : link::ArenaMessage<Message> {};
template <>
struct Room<grpc::ByteBuffer> {
  grpc::ByteBuffer& operator*() { return bytes; }
  grpc::ByteBuffer* get() { return &bytes; }
  void renew() { bytes.Clear(); }
  grpc::ByteBuffer bytes;
};

template <class Base, class Message>
class PullStream : public Base, public std::enable_shared_from_this<PullStream<Base, Message>> {
 public:
  explicit PullStream(Executor& executor) : executor_(executor) {}

  // Once, after construction by make_shared.
  void begin() {
    self_ = this->shared_from_this();
    this->pump();
  }

  // For a log's wake: hands over to the executor. Holds the stream weakly.
  std::function<void()> waker() {
    return [weak = this->weak_from_this(), &executor = executor_] {
      executor.post([weak] {
        if (auto self = weak.lock()) self->pump();
      });
    };
  }

  void pump() {
    {
      const std::lock_guard lock(mutex_);
      again_ = true;
      if (busy_ || finished_) return;
      busy_ = true;
    }
    advance();
  }

  // Ends the stream when what is being written is out.
  void end(grpc::Status status) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      ending_ = true;
      status_ = std::move(status);
    }
    pump();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) end({grpc::StatusCode::CANCELLED, "The client has gone."});
    advance();
  }
  void OnCancel() override { end({grpc::StatusCode::CANCELLED, "The client has gone."}); }
  void OnDone() override {
    auto self = std::move(self_);
    closed();
  }

 protected:
  // Makes the next message; false: nothing for now.
  virtual bool fill(Message& message) = 0;
  virtual void written(const Message&) {}
  virtual void closed() {}

 private:
  // Runs while busy_ is ours.
  void advance() {
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (ending_) {
          if (!finished_) break;
          return;
        }
        again_ = false;
      }
      message_.renew();
      if (fill(*message_)) {
        written(*message_);
        this->StartWrite(message_.get());
        return;
      }
      const std::lock_guard lock(mutex_);
      if (!again_ && !ending_) {
        busy_ = false;
        return;
      }
    }
    grpc::Status status;
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
      status = status_;
    }
    this->Finish(status);
  }

  Executor& executor_;
  Room<Message> message_;
  std::mutex mutex_;
  bool busy_ = false, again_ = false, ending_ = false, finished_ = false;
  grpc::Status status_;
  std::shared_ptr<PullStream> self_;
};

// A stream that is refused.
template <class Base>
class RefusedStream final : public Base {
 public:
  explicit RefusedStream(grpc::Status status) { this->Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

}  // namespace qd::serve
