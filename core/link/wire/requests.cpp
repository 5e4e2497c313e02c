// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/detail.h"

namespace qd::link {
namespace {

constexpr int kMaxProcesses = 1024;
constexpr int kMaxGlobs = 256;
constexpr int kMaxSelectors = 1024;

std::vector<std::string> globs(const google::protobuf::RepeatedPtrField<std::string>& from) {
  std::vector<std::string> out;
  for (int i = 0; i < from.size() && i < kMaxGlobs; ++i) out.push_back(sanitise(from[i]));
  return out;
}

void fill(const ingest::Interest& from, pb::Interest& to) {
  to.set_rollups(from.rollups);
  for (const ingest::Selector& selector : from.full) {
    pb::Selector* out = to.add_full();
    for (const std::string& glob : selector.processGlobs) out->add_process_globs(glob);
    for (const std::string& glob : selector.seriesGlobs) out->add_series_globs(glob);
    for (const auto& [key, value] : selector.dimensions) {
      pb::Label* label = out->add_dimensions();
      label->set_key(key);
      label->set_value(value);
    }
  }
  for (const std::string& glob : from.poseGlobs) to.add_pose_globs(glob);
}

ingest::Interest read(const pb::Interest& from) {
  ingest::Interest out;
  out.rollups = from.rollups();
  for (int i = 0; i < from.full_size() && i < kMaxSelectors; ++i) {
    ingest::Selector& selector = out.full.emplace_back();
    selector.processGlobs = globs(from.full(i).process_globs());
    selector.seriesGlobs = globs(from.full(i).series_globs());
    for (int d = 0; d < from.full(i).dimensions_size() && d < kMaxGlobs; ++d) {
      const pb::Label& label = from.full(i).dimensions(d);
      selector.dimensions.emplace_back(sanitise(label.key()), sanitise(label.value()));
    }
  }
  out.poseGlobs = globs(from.pose_globs());
  return out;
}

}  // namespace

void toProto(const AgentDescription& from, pb::DescribeResponse& to) {
  to.set_protocol(from.protocol);
  to.set_version(from.version);
  to.set_now_ns(from.now);
  detail::fillAll(from.processes, to.mutable_processes());
  detail::fillAll(from.parameters, to.mutable_parameters());
  to.set_log_first(from.logFirst);
  to.set_log_last(from.logLast);
  to.set_agent_id(from.agentId);
  to.set_interests(from.interests);
}

Result<AgentDescription> fromProto(const pb::DescribeResponse& from) {
  if (from.protocol() > kProtocol) {
    return fail(ErrorCode::Unsupported,
                fmt::format("The agent (version {}) speaks protocol {}, this program only {}: update this program.",
                            sanitise(from.version(), 40), from.protocol(), kProtocol));
  }
  AgentDescription out;
  out.protocol = from.protocol();
  out.version = sanitise(from.version(), 64);
  out.now = from.now_ns();
  for (int i = 0; i < from.processes_size() && i < kMaxProcesses; ++i) {
    if (auto process = fromProto(from.processes(i))) out.processes.push_back(std::move(*process));
  }
  for (int i = 0; i < from.parameters_size() && i < kMaxProcesses; ++i) {
    if (auto change = fromProto(from.parameters(i))) out.parameters.push_back(std::move(*change));
  }
  out.logFirst = from.log_first();
  out.logLast = from.log_last();
  out.agentId = detail::token(from.agent_id());
  out.interests = from.interests();
  return out;
}

void toProto(const SubscribeOrder& from, pb::SubscribeRequest& to) {
  for (const std::string& glob : from.processGlobs) to.add_process_globs(glob);
  for (const std::string& glob : from.seriesGlobs) to.add_series_globs(glob);
  to.set_tier(detail::enumTo<pb::SubscribeRequest::Tier>(from.tier));
  to.set_entity_frames(from.entityFrames);
  to.set_after(from.after);
  to.set_agent_id(from.agentId);
  to.set_backfill_ns(from.backfill.ns);
  to.set_subscription_id(from.subscriptionId);
  if (from.interest) fill(*from.interest, *to.mutable_interest());
  to.set_most_lag_ns(from.mostLag.ns);
}

SubscribeOrder fromProto(const pb::SubscribeRequest& from) {
  SubscribeOrder out;
  out.processGlobs = globs(from.process_globs());
  out.seriesGlobs = globs(from.series_globs());
  out.tier = detail::enumOr(from.tier(), Tier::Events, Tier::Full);
  out.entityFrames = from.entity_frames();
  out.after = from.after();
  out.agentId = detail::token(from.agent_id());
  out.backfill.ns = std::max<std::int64_t>(from.backfill_ns(), 0);
  out.subscriptionId = detail::token(from.subscription_id());
  if (from.has_interest()) out.interest = read(from.interest());
  out.mostLag.ns = std::max<std::int64_t>(from.most_lag_ns(), 0);
  return out;
}

void toProto(const InterestOrder& from, pb::UpdateInterestRequest& to) {
  to.set_subscription_id(from.subscriptionId);
  fill(from.interest, *to.mutable_interest());
  to.set_backfill_ns(from.backfill.ns);
}

InterestOrder fromProto(const pb::UpdateInterestRequest& from) {
  return {detail::token(from.subscription_id()), read(from.interest()),
          Duration{std::max<std::int64_t>(from.backfill_ns(), 0)}};
}

}  // namespace qd::link
