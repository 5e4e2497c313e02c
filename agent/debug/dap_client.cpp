// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/dap_client.h"

#include <fmt/format.h>

#include <utility>

namespace qd::debug {

void DapClient::request(const std::string& command, Json arguments, Done done) {
  if (closed_) {
    if (done) done({false, Json::object(), "The debugger is gone."});
    return;
  }
  Request request{nextSeq_++, command, std::move(arguments), std::move(done)};
  if (command == "attach") {
    put(std::move(request));
    return;
  }
  queue_.push_back(std::move(request));
  sendNext();
}

void DapClient::sendNext() {
  if (busy_ || queue_.empty()) return;
  Request next = std::move(queue_.front());
  queue_.pop_front();
  busy_ = true;
  busySeq_ = next.seq;
  put(std::move(next));
}

void DapClient::put(Request request) {
  send_(framed({{"seq", request.seq},
                {"type", "request"},
                {"command", request.command},
                {"arguments", std::move(request.arguments)}}));
  request.arguments = Json::object();
  open_.emplace(request.seq, std::move(request));
}

Result<> DapClient::receive(std::string_view bytes) {
  reader_.feed(bytes);
  while (true) {
    auto message = reader_.next();
    if (!message) return std::unexpected(message.error());
    if (!*message) return {};
    const std::string type = textOf(**message, "type");
    if (type == "response") {
      answered(**message);
    } else if (type == "event") {
      onEvent_(textOf(**message, "event"), below(**message, "body"));
    } else if (type == "request") {
      // runInTerminal and the like: nothing that we offer.
      send_(framed({{"seq", nextSeq_++},
                    {"type", "response"},
                    {"request_seq", integerOf(**message, "seq")},
                    {"command", textOf(**message, "command")},
                    {"success", false},
                    {"message", "not supported"}}));
    }
  }
}

void DapClient::answered(const Json& message) {
  const auto found = open_.find(integerOf(message, "request_seq", -1));
  if (found == open_.end()) return;
  const Request request = std::move(found->second);
  open_.erase(found);
  if (busy_ && busySeq_ == request.seq) busy_ = false;
  DapAnswer answer;
  answer.ok = flagOf(message, "success");
  answer.body = below(message, "body");
  if (!answer.ok) {
    const std::string detail =
        textOf(below(answer.body, "error"), "format", textOf(message, "message", "no reason given"));
    answer.error = fmt::format("The debugger refused {}: {}.", request.command, detail);
  }
  if (request.done) request.done(answer);
  sendNext();
}

void DapClient::closed(const std::string& why) {
  if (std::exchange(closed_, true)) return;
  auto open = std::exchange(open_, {});
  auto queue = std::exchange(queue_, {});
  busy_ = false;
  for (auto& [seq, request] : open) {
    if (request.done) request.done({false, Json::object(), why});
  }
  for (auto& request : queue) {
    if (request.done) request.done({false, Json::object(), why});
  }
}

}  // namespace qd::debug
