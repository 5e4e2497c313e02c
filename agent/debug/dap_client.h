// SPDX-License-Identifier: Apache-2.0
// The client's half of DAP: requests and their answers by sequence number, one in flight at a time (an lldb adapter
// that is asked to pause during setBreakpoints blocks for 20 s and more), and events as they come. `attach` alone does
// not hold up the others: some adapters answer it only after configurationDone. Bytes go out through `send`; what comes
// in is given to receive(). One thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "agent/debug/dap_codec.h"

namespace qd::debug {

struct DapAnswer {
  bool ok = false;
  Json body = Json::object();
  std::string error;  // one sentence, where not ok
};

class DapClient {
 public:
  using Done = std::function<void(const DapAnswer&)>;
  using Event = std::function<void(const std::string& name, const Json& body)>;

  DapClient(std::function<void(std::string)> send, Event onEvent)
      : send_(std::move(send)), onEvent_(std::move(onEvent)) {}

  void request(const std::string& command, Json arguments, Done done = {});
  // Errors end the conversation: nothing more is to be given to it.
  Result<> receive(std::string_view bytes);
  // The adapter is gone: every request that is open fails with this sentence.
  void closed(const std::string& why);
  bool idle() const { return queue_.empty() && !busy_; }

 private:
  struct Request {
    std::int64_t seq = 0;
    std::string command;
    Json arguments;
    Done done;
  };
  void sendNext();
  void put(Request request);
  void answered(const Json& message);

  std::function<void(std::string)> send_;
  Event onEvent_;
  DapReader reader_;
  std::int64_t nextSeq_ = 1;
  bool busy_ = false, closed_ = false;
  std::int64_t busySeq_ = 0;
  std::deque<Request> queue_;
  std::map<std::int64_t, Request> open_;
};

}  // namespace qd::debug
