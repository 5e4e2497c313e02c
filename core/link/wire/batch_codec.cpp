// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/batch_codec.h"

#include "core/link/wire/detail.h"
#include "core/link/wire/sample_bytes.h"

namespace qd::link {
namespace {

// False: no form on the wire.
struct EventWriter {
  pb::Batch& to;
  bool operator()(const ingest::ProcessChange& e) const { return toProto(e, *to.mutable_process()), true; }
  bool operator()(const ingest::SampleBlock& e) const { return toProto(e, *to.mutable_samples()), true; }
  bool operator()(const ingest::Rollup& e) const { return toProto(e, *to.mutable_rollup()), true; }
  bool operator()(const ingest::EntityFrame& e) const { return toProto(e, *to.mutable_entities()), true; }
  bool operator()(const ingest::FrameBlock& e) const { return toProto(e, *to.mutable_frames()), true; }
  bool operator()(const ingest::LogLine& e) const { return toProto(e, *to.mutable_log()), true; }
  bool operator()(const ingest::GameEvent& e) const { return toProto(e, *to.mutable_event()), true; }
  bool operator()(const ingest::ParameterChange& e) const { return toProto(e, *to.mutable_parameters()), true; }
  bool operator()(const ingest::PushResult& e) const { return toProto(e, *to.mutable_push()), true; }
  bool operator()(const ingest::ActionResult& e) const { return toProto(e, *to.mutable_action()), true; }
  bool operator()(const ingest::Breakpoint& e) const { return toProto(e, *to.mutable_breakpoint()), true; }
  bool operator()(const ingest::LinkGroup& e) const { return toProto(e, *to.mutable_group()), true; }
  bool operator()(const ingest::Hit& e) const { return toProto(e, *to.mutable_hit()), true; }
  bool operator()(const ingest::Gap& e) const { return toProto(e, *to.mutable_gap()), true; }
  bool operator()(const ingest::ChangeState& e) const { return toProto(e, *to.mutable_change()), true; }
  bool operator()(const ingest::SharedItem& e) const { return toProto(e, *to.mutable_shared()), true; }
  bool operator()(const ingest::ClockSample&) const { return false; }
  bool operator()(const ingest::AgentChange&) const { return false; }
  bool operator()(const ingest::Mark&) const { return false; }
  bool operator()(const ingest::DerivedSeries&) const { return false; }
};

Result<ingest::Event> readEvent(const pb::Batch& from) {
  const auto lift = [](auto result) -> Result<ingest::Event> {
    if (!result) return std::unexpected(result.error());
    return std::move(*result);
  };
  switch (from.content_case()) {
    case pb::Batch::kProcess:
      return lift(fromProto(from.process()));
    case pb::Batch::kSamples:
      return lift(fromProto(from.samples()));
    case pb::Batch::kRollup:
      return lift(fromProto(from.rollup()));
    case pb::Batch::kEntities:
      return lift(fromProto(from.entities()));
    case pb::Batch::kFrames:
      return lift(fromProto(from.frames()));
    case pb::Batch::kLog:
      return lift(fromProto(from.log()));
    case pb::Batch::kEvent:
      return lift(fromProto(from.event()));
    case pb::Batch::kParameters:
      return lift(fromProto(from.parameters()));
    case pb::Batch::kPush:
      return lift(fromProto(from.push()));
    case pb::Batch::kAction:
      return lift(fromProto(from.action()));
    case pb::Batch::kBreakpoint:
      return lift(fromProto(from.breakpoint()));
    case pb::Batch::kGroup:
      return lift(fromProto(from.group()));
    case pb::Batch::kHit:
      return lift(fromProto(from.hit()));
    case pb::Batch::kGap:
      return lift(fromProto(from.gap()));
    case pb::Batch::kChange:
      return lift(fromProto(from.change()));
    case pb::Batch::kShared:
      return lift(fromProto(from.shared()));
    case pb::Batch::kCaughtUp:
    case pb::Batch::CONTENT_NOT_SET:
      break;
  }
  return fail(ErrorCode::Unsupported, "The entry's content is of a newer version; it was left out.");
}

}  // namespace

void toProto(const ingest::ProcessChange& from, pb::ProcessChange& to) {
  toProto(from.info, *to.mutable_process());
  to.set_reason(from.reason);
}

Result<ingest::ProcessChange> fromProto(const pb::ProcessChange& from) {
  auto info = fromProto(from.process());
  if (!info) return std::unexpected(info.error());
  return ingest::ProcessChange{std::move(*info), sanitise(from.reason(), kProseCap)};
}

bool toProto(const ingest::Envelope& from, pb::Batch& to) {
  to.set_sequence(from.sequence);
  to.set_previous(from.previous);
  to.set_logged_ns(from.received);
  return std::visit(EventWriter{to}, from.event);
}

Result<ingest::Envelope> fromProto(const pb::Batch& from, const AgentId& agent) {
  auto event = readEvent(from);
  if (!event) return std::unexpected(event.error());
  return ingest::Envelope{agent, from.sequence(), from.previous(), std::move(*event), from.logged_ns()};
}

std::string encodeBatch(const ingest::Envelope& envelope) {
  if (const std::size_t size = sampleBatchSize(envelope); size != 0) {
    std::string out(size, '\0');
    writeSampleBatch(envelope, reinterpret_cast<std::uint8_t*>(out.data()));
    return out;
  }
  pb::Batch batch;
  if (!toProto(envelope, batch)) return {};
  return batch.SerializeAsString();
}

Result<ingest::Envelope> decodeBatch(std::span<const std::byte> bytes) {
  if (bytes.size() > kMaxMessageBytes) {
    return fail(ErrorCode::Exhausted,
                fmt::format("A log entry has {} bytes; at most 4 MiB are allowed.", bytes.size()));
  }
  ingest::Envelope samples;
  if (readSampleBatch(bytes, samples)) return samples;
  pb::Batch batch;
  if (!batch.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::Corrupt, "A log entry is no quarterdeck.v1 message.");
  }
  return fromProto(batch, AgentId());
}

}  // namespace qd::link
