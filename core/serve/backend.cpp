// SPDX-License-Identifier: Apache-2.0
#include "core/serve/backend.h"

namespace qd::serve {
namespace {

template <class... T>
bool isAny(const ingest::Event& event) {
  return (std::holds_alternative<T>(event) || ...);
}

}  // namespace

std::uint32_t kindOf(const ingest::Event& event) {
  using namespace ingest;
  if (isAny<SampleBlock>(event)) return kSamples;
  if (isAny<Rollup>(event)) return kRollups;
  if (isAny<EntityFrame>(event)) return kEntities;
  if (isAny<FrameBlock>(event)) return kFrames;
  if (isAny<ProcessChange>(event)) return kProcesses;
  if (isAny<ParameterChange>(event)) return kParameters;
  if (isAny<PushResult>(event)) return kPushes;
  if (isAny<Breakpoint, LinkGroup, Hit>(event)) return kDebug;
  return kOther;
}

}  // namespace qd::serve
