// SPDX-License-Identifier: Apache-2.0
#include "core/serve/backend.h"

namespace qd::serve {

std::uint32_t kindOf(const ingest::Event& event) {
  struct Visitor {
    std::uint32_t operator()(const ingest::SampleBlock&) const { return kSamples; }
    std::uint32_t operator()(const ingest::EntityFrame&) const { return kEntities; }
    std::uint32_t operator()(const ingest::FrameBlock&) const { return kFrames; }
    std::uint32_t operator()(const ingest::ProcessChange&) const { return kProcesses; }
    std::uint32_t operator()(const ingest::ParameterChange&) const { return kParameters; }
    std::uint32_t operator()(const ingest::Breakpoint&) const { return kDebug; }
    std::uint32_t operator()(const ingest::LinkGroup&) const { return kDebug; }
    std::uint32_t operator()(const ingest::Hit&) const { return kDebug; }
    template <class T>
    std::uint32_t operator()(const T&) const {
      return kOther;
    }
  };
  return std::visit(Visitor{}, event);
}

}  // namespace qd::serve
