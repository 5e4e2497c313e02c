// SPDX-License-Identifier: Apache-2.0
#include "core/link/describe.h"

#include <chrono>

#include "core/link/channel.h"
#include "core/link/clock_estimator.h"
#include "core/link/wire/convert.h"
#include "quarterdeck/v1/quarterdeck.grpc.pb.h"

namespace qd::link {
namespace {

using Stub = pb::Agent::Stub;

constexpr int kPings = 8;

void setDeadline(grpc::ClientContext& context, Duration timeout) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::nanoseconds(timeout.ns));
}

std::optional<ingest::ClockSample> measureClock(Stub& stub, Duration timeout) {
  grpc::ClientContext context;
  setDeadline(context, timeout);
  const auto stream = stub.SyncClock(&context);
  ClockEstimator estimator;
  for (int i = 0; i < kPings; ++i) {
    pb::ClockPing ping;
    pb::ClockPong pong;
    ping.set_client_send_ns(utcNowNs());
    if (!stream->Write(ping) || !stream->Read(&pong)) break;
    estimator.add(ping.client_send_ns(), pong.agent_receive_ns(), pong.agent_send_ns(), utcNowNs());
  }
  stream->WritesDone();
  context.TryCancel();
  stream->Finish();
  return estimator.take(utcNowNs());
}

}  // namespace

Result<AgentOverview> describe(const std::string& endpoint, const security::TlsOptions& tls, Duration timeout) {
  auto channel = openChannel(endpoint, tls);
  if (!channel) return std::unexpected(channel.error());
  const auto stub = pb::Agent::NewStub(*channel);
  grpc::ClientContext context;
  setDeadline(context, timeout);
  pb::DescribeResponse response;
  const grpc::Status status = stub->Describe(&context, pb::DescribeRequest(), &response);
  if (!status.ok()) return std::unexpected(toError(status, endpoint));
  auto description = fromProto(response);
  if (!description) return std::unexpected(description.error());
  return AgentOverview{endpoint, std::move(*description), measureClock(*stub, Duration{kNsPerSecond})};
}

}  // namespace qd::link
