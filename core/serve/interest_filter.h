// SPDX-License-Identifier: Apache-2.0
// Which samples and poses an Interest means. Value; one thread, or const from any.
#pragma once

#include <utility>
#include <vector>

#include "core/ingest/events.h"
#include "core/ingest/interest.h"
#include "core/serve/glob.h"

namespace qd::serve {

class InterestFilter {
 public:
  // InvalidArgument: patterns that make no sense.
  static Result<InterestFilter> make(const ingest::Interest& interest);

  bool rollups() const { return rollups_; }
  bool anySamples() const { return !full_.empty(); }
  bool allSamples() const { return all_; }
  bool anyPoses() const { return anyPoses_; }
  bool wants(const ProcessId& process, const ingest::SeriesInfo& series) const;
  bool wantsPoses(const ProcessId& process) const { return anyPoses_ && poses_.matches(process.value); }

 private:
  struct One {
    GlobSet processes, series;
    std::vector<std::pair<std::string, std::string>> dimensions;
  };
  std::vector<One> full_;
  GlobSet poses_;
  bool rollups_ = false, all_ = false, anyPoses_ = false;
};

}  // namespace qd::serve
