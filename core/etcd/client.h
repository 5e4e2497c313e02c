// SPDX-License-Identifier: Apache-2.0
// The calls to etcd: each answers once, on a gRPC thread. The destructor cancels what is under way and waits for it.
// Private to this room.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "core/base/error.h"
#include "core/etcd/etcd_store.h"
#include "etcd/v3/etcd.grpc.pb.h"

namespace qd::etcd {

namespace pb = etcdserverpb;

Error toError(const grpc::Status& status, const std::string& endpoint);
std::string endOf(std::string prefix);  // the first key after all with this prefix

class Client {
 public:
  static Result<std::unique_ptr<Client>> open(const EtcdOptions& options);
  ~Client();

  template <class T>
  using Done = std::function<void(const Result<T>&)>;
  void range(const std::string& prefix, Done<pb::RangeResponse> done);
  void txn(pb::TxnRequest request, Done<pb::TxnResponse> done);
  void grant(std::int64_t seconds, Done<pb::LeaseGrantResponse> done);

  // Every change under `prefix` from `revision` on, until it ends (once, with a reason).
  using Seen = std::function<void(const pb::WatchResponse&)>;
  using Ended = std::function<void(const std::string& reason)>;
  void watch(const std::string& prefix, std::int64_t revision, Seen seen, Ended ended);

 private:
  struct State;
  template <class Request, class Response, class Start>
  void call(Request request, Start start, Done<Response> done);

  std::unique_ptr<State> state_;  // outlives every call: the destructor waits for them
};

}  // namespace qd::etcd
