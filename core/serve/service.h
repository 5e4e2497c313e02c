// SPDX-License-Identifier: Apache-2.0
// quarterdeck.v1.Agent over a Backend: roles checked, input checked, plain structs to messages. The backend, the
// executor and the counters outlive the service. Called by gRPC's threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/link/wire/messages.h"
#include "core/serve/backend.h"
#include "core/serve/executor.h"
#include "core/serve/status.h"
#include "quarterdeck/v1/quarterdeck.grpc.pb.h"

namespace qd::serve {

struct ServiceCounters {
  std::atomic<std::uint64_t> streams{0}, messages{0}, bytes{0};
};

// A running subscription whose interest can be changed. Any thread.
class AdjustableStream {
 public:
  virtual ~AdjustableStream() = default;
  virtual void adjust(link::InterestOrder order) = 0;
};

// The running ones by the ids that their clients chose; holds none of them alive. Any thread.
class AdjustableStreams {
 public:
  void add(const std::string& id, const std::shared_ptr<AdjustableStream>& stream) {
    const std::lock_guard lock(mutex_);
    std::erase_if(streams_, [](const auto& one) { return one.second.expired(); });
    streams_[id] = stream;
  }
  std::shared_ptr<AdjustableStream> find(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : found->second.lock();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<AdjustableStream>> streams_;
};

// Of Subscribe it gets and gives the bytes themselves (core/link/wire/batch_buffer.h).
using ServiceBase = quarterdeck::v1::Agent::WithRawCallbackMethod_Subscribe<quarterdeck::v1::Agent::CallbackService>;

class Service final : public ServiceBase {
 public:
  Service(Backend& backend, Access access, Executor& executor)
      : backend_(backend), access_(access), executor_(executor) {}

  ServiceCounters& counters() { return counters_; }
  const ServiceCounters& counters() const { return counters_; }

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext*, const quarterdeck::v1::DescribeRequest*,
                                     quarterdeck::v1::DescribeResponse*) override;
  grpc::ServerWriteReactor<quarterdeck::v1::ProcessChange>* WatchProcesses(
      grpc::CallbackServerContext*, const quarterdeck::v1::WatchProcessesRequest*) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Subscribe(grpc::CallbackServerContext*, const grpc::ByteBuffer*) override;
  grpc::ServerUnaryReactor* Push(grpc::CallbackServerContext*, const quarterdeck::v1::PushRequest*,
                                 quarterdeck::v1::PushResponse*) override;
  grpc::ServerUnaryReactor* GetPush(grpc::CallbackServerContext*, const quarterdeck::v1::GetPushRequest*,
                                    quarterdeck::v1::PushResponse*) override;
  grpc::ServerWriteReactor<quarterdeck::v1::ParameterChange>* WatchParameters(
      grpc::CallbackServerContext*, const quarterdeck::v1::WatchParametersRequest*) override;
  grpc::ServerUnaryReactor* RunAction(grpc::CallbackServerContext*, const quarterdeck::v1::RunActionRequest*,
                                      quarterdeck::v1::RunActionResponse*) override;
  grpc::ServerUnaryReactor* StartChange(grpc::CallbackServerContext*, const quarterdeck::v1::StartChangeRequest*,
                                        quarterdeck::v1::ChangeState*) override;
  grpc::ServerUnaryReactor* OrderChange(grpc::CallbackServerContext*, const quarterdeck::v1::OrderChangeRequest*,
                                        quarterdeck::v1::OrderChangeResponse*) override;
  grpc::ServerUnaryReactor* SyncChange(grpc::CallbackServerContext*, const quarterdeck::v1::SyncChangeRequest*,
                                       quarterdeck::v1::ChangeState*) override;
  grpc::ServerUnaryReactor* GetAudit(grpc::CallbackServerContext*, const quarterdeck::v1::GetAuditRequest*,
                                     quarterdeck::v1::AuditPage*) override;
  grpc::ServerUnaryReactor* GetShared(grpc::CallbackServerContext*, const quarterdeck::v1::GetSharedRequest*,
                                      quarterdeck::v1::SharedItems*) override;
  grpc::ServerUnaryReactor* PutShared(grpc::CallbackServerContext*, const quarterdeck::v1::PutSharedRequest*,
                                      quarterdeck::v1::SharedItem*) override;
  grpc::ServerUnaryReactor* AdoptValues(grpc::CallbackServerContext*, const quarterdeck::v1::AdoptValuesRequest*,
                                        quarterdeck::v1::ParameterChange*) override;
  grpc::ServerBidiReactor<quarterdeck::v1::DebugCommand, quarterdeck::v1::DebugEvent>* Debug(
      grpc::CallbackServerContext*) override;
  grpc::ServerBidiReactor<quarterdeck::v1::LendOrder, quarterdeck::v1::LendEvent>* Lend(
      grpc::CallbackServerContext*) override;
  grpc::ServerBidiReactor<quarterdeck::v1::ClockPing, quarterdeck::v1::ClockPong>* SyncClock(
      grpc::CallbackServerContext*) override;
  grpc::ServerUnaryReactor* UpdateInterest(grpc::CallbackServerContext*, const quarterdeck::v1::UpdateInterestRequest*,
                                           quarterdeck::v1::UpdateInterestResponse*) override;

 private:
  Backend& backend_;
  const Access access_;
  Executor& executor_;
  ServiceCounters counters_;
  AdjustableStreams adjustable_;
};

}  // namespace qd::serve
