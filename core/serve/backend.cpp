// SPDX-License-Identifier: Apache-2.0
#include "core/serve/backend.h"

namespace qd::serve {
namespace {

template <class... T>
bool isAny(const ingest::Event& event) {
  return (std::holds_alternative<T>(event) || ...);
}

std::unexpected<Error> noChanges() {
  return fail(ErrorCode::Unsupported, "This is no live agent: nothing can be changed here.");
}

}  // namespace

void DebugSession::inspect(control::InspectOrder, control::InspectDone done) {
  done(fail(ErrorCode::Unsupported, "This is no live agent: there is nothing to look into."));
}

void Backend::startChange(ingest::ChangePlan, control::ChangeDone done) {
  done(noChanges());
}
void Backend::orderChange(control::ChangeVerb, control::ChangesDone done) {
  done(noChanges());
}
void Backend::syncChange(control::ChangeSync, control::ChangeDone done) {
  done(noChanges());
}
void Backend::audit(std::uint64_t, std::uint32_t, control::AuditDone done) {
  done(noChanges());
}
void Backend::shared(const std::string&, control::SharedDone done) {
  done(noChanges());
}
void Backend::share(control::SharedWrite, control::SharedDone done) {
  done(noChanges());
}
void Backend::adopt(control::AdoptOrder, control::AdoptDone done) {
  done(noChanges());
}

std::uint32_t kindOf(const ingest::Event& event) {
  using namespace ingest;
  if (isAny<SampleBlock>(event)) return kSamples;
  if (isAny<Rollup>(event)) return kRollups;
  if (isAny<EntityFrame>(event)) return kEntities;
  if (isAny<FrameBlock>(event)) return kFrames;
  if (isAny<ProcessChange>(event)) return kProcesses;
  if (isAny<ParameterChange>(event)) return kParameters;
  if (isAny<PushResult, ChangeState>(event)) return kPushes;
  if (isAny<Breakpoint, LinkGroup, Hit>(event)) return kDebug;
  return kOther;
}

Result<std::unique_ptr<LendSession>> Backend::openLend(const std::string&, std::function<void(control::LendEvent)>) {
  return fail(ErrorCode::Unsupported, "This is no live agent: it has no process to lend.");
}

}  // namespace qd::serve
