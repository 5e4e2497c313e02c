// SPDX-License-Identifier: Apache-2.0
// Every message of quarterdeck.v1 to its plain struct and back. What comes off the wire is hostile: text is sanitised,
// counts and numbers are clamped to their limits, and what contradicts itself (columns of different lengths, a row that
// does not exist, a bad process id) is refused with Corrupt, naming what is wrong. Doubles may be NaN: a gap. Unknown
// enum values of a newer peer become the neutral one. Pure functions; any thread. Only core/link and core/serve.
#pragma once

#include "core/base/error.h"
#include "core/control/change_order.h"
#include "core/control/command_port.h"
#include "core/control/debug_order.h"
#include "core/control/lending.h"
#include "core/ingest/events.h"
#include "core/link/wire/messages.h"
#include "quarterdeck/v1/quarterdeck.pb.h"

namespace qd::link {

namespace pb = quarterdeck::v1;

// declarations
void toProto(const Value& from, pb::Value& to);
void toProto(const Field& from, pb::Field& to);
void toProto(const ingest::ProcessRef& from, pb::ProcessRef& to);
void toProto(const ingest::ParameterSpec& from, pb::Parameter& to);
void toProto(const ingest::ParameterValue& from, pb::ParameterValue& to);
void toProto(const ingest::ProcessInfo& from, pb::Process& to);
Value fromProto(const pb::Value& from);
Field fromProto(const pb::Field& from);
Result<ingest::ProcessRef> fromProto(const pb::ProcessRef& from);
ingest::ParameterSpec fromProto(const pb::Parameter& from);
ingest::ParameterValue fromProto(const pb::ParameterValue& from);
Result<ingest::ProcessInfo> fromProto(const pb::Process& from);

// events
void toProto(const ingest::ProcessChange& from, pb::ProcessChange& to);
void toProto(const ingest::SampleBlock& from, pb::SampleBlock& to);
void toProto(const ingest::Rollup& from, pb::Rollup& to);
void toProto(const ingest::EntityFrame& from, pb::EntityFrame& to);
void toProto(const ingest::FrameBlock& from, pb::FrameBlock& to);
void toProto(const ingest::LogLine& from, pb::LogLine& to);
void toProto(const ingest::GameEvent& from, pb::GameEvent& to);
void toProto(const ingest::ParameterChange& from, pb::ParameterChange& to);
void toProto(const ingest::PushResult& from, pb::PushResult& to);
void toProto(const ingest::ActionResult& from, pb::ActionResult& to);
void toProto(const ingest::Breakpoint& from, pb::Breakpoint& to);
void toProto(const ingest::LinkGroup& from, pb::LinkGroup& to);
void toProto(const ingest::Hit& from, pb::Hit& to);
void toProto(const ingest::StackFrame& from, pb::StackFrame& to);
void toProto(const ingest::SourceText& from, pb::SourceText& to);
void toProto(const ingest::Gap& from, pb::Gap& to);
void toProto(const ingest::ChangePlan& from, pb::ChangePlan& to);
void toProto(const ingest::ChangeState& from, pb::ChangeState& to);
void toProto(const ingest::SharedItem& from, pb::SharedItem& to);
Result<ingest::ProcessChange> fromProto(const pb::ProcessChange& from);
Result<ingest::SampleBlock> fromProto(const pb::SampleBlock& from);
Result<ingest::Rollup> fromProto(const pb::Rollup& from);
Result<ingest::EntityFrame> fromProto(const pb::EntityFrame& from);
Result<ingest::FrameBlock> fromProto(const pb::FrameBlock& from);
Result<ingest::LogLine> fromProto(const pb::LogLine& from);
Result<ingest::GameEvent> fromProto(const pb::GameEvent& from);
Result<ingest::ParameterChange> fromProto(const pb::ParameterChange& from);
Result<ingest::PushResult> fromProto(const pb::PushResult& from);
Result<ingest::ActionResult> fromProto(const pb::ActionResult& from);
Result<ingest::Breakpoint> fromProto(const pb::Breakpoint& from);
Result<ingest::LinkGroup> fromProto(const pb::LinkGroup& from);
Result<ingest::Hit> fromProto(const pb::Hit& from);
ingest::StackFrame fromProto(const pb::StackFrame& from);
ingest::SourceText fromProto(const pb::SourceText& from);
Result<ingest::Gap> fromProto(const pb::Gap& from);
Result<ingest::ChangePlan> fromProto(const pb::ChangePlan& from);
Result<ingest::ChangeState> fromProto(const pb::ChangeState& from);
Result<ingest::SharedItem> fromProto(const pb::SharedItem& from);

// The log's entries. toProto is false for the events that have no form on the wire (ClockSample, AgentChange, Mark,
// DerivedSeries).
// fromProto refuses Caught, which is no event: look at content_case() first; Unsupported for unknown content.
bool toProto(const ingest::Envelope& from, pb::Batch& to);
Result<ingest::Envelope> fromProto(const pb::Batch& from, const AgentId& agent);

// requests and answers
void toProto(const AgentDescription& from, pb::DescribeResponse& to);
void toProto(const SubscribeOrder& from, pb::SubscribeRequest& to);
void toProto(const control::PushOrder& from, pb::PushRequest& to);
void toProto(const control::ActionOrder& from, pb::RunActionRequest& to);
void toProto(const control::ChangeSync& from, pb::SyncChangeRequest& to);
void toProto(const control::ChangeVerb& from, pb::OrderChangeRequest& to);
void toProto(const control::AuditRecord& from, pb::AuditRecord& to);
void toProto(const control::DebugRequest& from, pb::DebugCommand& to);
void toProto(const control::DebugUpdate& from, pb::DebugEvent& to);
Result<AgentDescription> fromProto(const pb::DescribeResponse& from);  // processes that break a rule are left out
SubscribeOrder fromProto(const pb::SubscribeRequest& from);
void toProto(const InterestOrder& from, pb::UpdateInterestRequest& to);
InterestOrder fromProto(const pb::UpdateInterestRequest& from);
Result<control::PushOrder> fromProto(const pb::PushRequest& from);
Result<control::ActionOrder> fromProto(const pb::RunActionRequest& from);
Result<control::ChangeSync> fromProto(const pb::SyncChangeRequest& from);
control::ChangeVerb fromProto(const pb::OrderChangeRequest& from);
control::AuditRecord fromProto(const pb::AuditRecord& from);
Result<control::DebugRequest> fromProto(const pb::DebugCommand& from);
Result<control::DebugUpdate> fromProto(const pb::DebugEvent& from);

// between agents (lend.cpp)
void toProto(const control::LendOrder& from, pb::LendOrder& to);
void toProto(const control::LendEvent& from, pb::LendEvent& to);
Result<control::LendOrder> fromProto(const pb::LendOrder& from);
Result<control::LendEvent> fromProto(const pb::LendEvent& from);

}  // namespace qd::link
