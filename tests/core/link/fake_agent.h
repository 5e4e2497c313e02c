// SPDX-License-Identifier: Apache-2.0
// An agent made from the .proto alone, for tests of the link: answers what the test has put into it, remembers what it
// was asked, and may lack RPCs. Its methods may be called on any thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/link/wire/convert.h"
#include "core/security/credentials.h"
#include "quarterdeck/v1/quarterdeck.grpc.pb.h"

namespace qd::link {

class FakeAgent final : public pb::Agent::Service {
 public:
  FakeAgent() { describe.set_protocol(1), describe.set_agent_id("fake"), describe.set_version("9"); }
  ~FakeAgent() override { stop(); }

  void start(int port = 0, std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials()) {
    stopping_ = false;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), std::move(credentials), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping_ = true;
      changed.notify_all();
    }
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_ = nullptr;
  }
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

  // Appends to the log that every subscription reads from its beginning (or after N).
  void log(pb::Batch batch) {
    const std::lock_guard lock(mutex);
    entries.push_back(std::move(batch));
    changed.notify_all();
  }

  pb::DescribeResponse describe;  // set before start
  bool onlyBasics = false;        // Describe and Subscribe alone
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<pb::Batch> entries;
  std::vector<pb::SubscribeRequest> subscriptions;
  std::vector<pb::PushRequest> pushes;
  std::vector<pb::DebugCommand> commands;
  std::vector<security::Identity> callers;  // of Describe

 private:
  grpc::Status Describe(grpc::ServerContext* context, const pb::DescribeRequest*, pb::DescribeResponse* out) override {
    const std::lock_guard lock(mutex);
    callers.push_back(security::identityOf(*context->auth_context()));
    *out = describe;
    return grpc::Status::OK;
  }

  grpc::Status Subscribe(grpc::ServerContext* context, const pb::SubscribeRequest* request,
                         grpc::ServerWriter<pb::Batch>* writer) override {
    std::unique_lock lock(mutex);
    subscriptions.push_back(*request);
    changed.notify_all();
    const std::uint64_t after = request->agent_id() == describe.agent_id() ? request->after() : 0;
    std::size_t next = 0;
    while (!stopping_ && !context->IsCancelled()) {
      if (next == entries.size()) {
        changed.wait_for(lock, std::chrono::milliseconds(50));
        continue;
      }
      const pb::Batch batch = entries[next++];
      if (batch.sequence() != 0 && batch.sequence() <= after) continue;
      lock.unlock();
      const bool written = writer->Write(batch);
      lock.lock();
      if (!written) break;
    }
    return grpc::Status::OK;
  }

  grpc::Status Push(grpc::ServerContext*, const pb::PushRequest* request, pb::PushResponse* out) override {
    if (onlyBasics) return {grpc::StatusCode::UNIMPLEMENTED, ""};
    const std::lock_guard lock(mutex);
    pushes.push_back(*request);
    for (const std::string& id : request->process_ids()) {
      pb::PushResult* result = out->add_results();
      result->set_push_id(request->push_id());
      result->mutable_process()->set_id(id);
      result->set_status(pb::PUSH_APPLIED);
      result->set_tick(77);
    }
    return grpc::Status::OK;
  }

  grpc::Status Debug(grpc::ServerContext*,
                     grpc::ServerReaderWriter<pb::DebugEvent, pb::DebugCommand>* stream) override {
    if (onlyBasics) return {grpc::StatusCode::UNIMPLEMENTED, ""};
    pb::DebugCommand command;
    while (stream->Read(&command)) {
      pb::DebugEvent event;
      event.mutable_reply()->set_request_id(command.request_id());
      event.mutable_reply()->set_ok(!command.has_remove_breakpoint());
      event.mutable_reply()->set_error(command.has_remove_breakpoint() ? "There is no such breakpoint." : "");
      event.mutable_reply()->set_id("g-1");
      {
        const std::lock_guard lock(mutex);
        commands.push_back(command);
        changed.notify_all();
      }
      stream->Write(event);
    }
    return grpc::Status::OK;
  }

  grpc::Status SyncClock(grpc::ServerContext*,
                         grpc::ServerReaderWriter<pb::ClockPong, pb::ClockPing>* stream) override {
    if (onlyBasics) return {grpc::StatusCode::UNIMPLEMENTED, ""};
    pb::ClockPing ping;
    while (stream->Read(&ping)) {
      pb::ClockPong pong;
      pong.set_client_send_ns(ping.client_send_ns());
      pong.set_agent_receive_ns(utcNowNs() + kNsPerSecond);
      pong.set_agent_send_ns(utcNowNs() + kNsPerSecond);
      stream->Write(pong);
    }
    return grpc::Status::OK;
  }

  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  bool stopping_ = false;
};

}  // namespace qd::link
