// SPDX-License-Identifier: Apache-2.0
// Samples that are not in RAM. A series keeps their extents, in a tree whose lower levels may be missing too, so that a
// question from far away needs no samples, and one from near is answered with the best level at hand (`refining`) while
// a worker asks the ColdSource for what is missing. Two uses: a recording that is opened adopts its upper levels at
// once (Store::adopt, flat in the size of the file), and chunks that a live store drops for its budget are asked for
// from the recording that is being written, by series and time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/ids.h"
#include "core/ingest/events.h"
#include "core/series/extent.h"

namespace qd::series {

// What is known of samples that are not in RAM. `key` names them in the source, which alone gives it a meaning; 0: they
// are asked for by series and time alone.
struct ColdExtent {
  Extent extent;  // segment: counted from 0 within the process instance
  std::uint64_t key = 0;
  SketchPtr sketch;  // may be null: then percentiles over it are found from its samples, or left out
};

// One thing that is wanted: all samples of one series of one process instance in [extent.t0, extent.t1].
struct ColdRequest {
  ingest::ProcessRef process;
  ingest::SeriesInfo series;  // with an empty name: the clock, that is which tick was when (adoptClock)
  Extent extent;          // as the store knows it; segment: counted from 0 within the process instance. Of a part of
                          // what is asked for how many samples it has is not known (total 0).
  std::uint64_t key = 0;  // of the ColdExtent; 0: look them up
};

// What came. Either `children`, which together are what was asked for: ascending, not overlapping, at most some
// thousands; or the samples themselves, ascending in time, in runs of one kind. Nothing at all: they are gone.
struct ColdRun {
  Kind kind;  // segment: counted from 0 within the process instance
  bool breakBefore = false;
  std::vector<Row> rows;  // any number: the store cuts them into chunks
};
struct ColdLoad {
  std::vector<ColdExtent> children;
  std::vector<ColdRun> runs;
};

class ColdSource {
 public:
  virtual ~ColdSource() = default;
  // On a worker's thread, one call at a time; may read files. NotFound: what is asked for is not there (yet): it is
  // asked for again when somebody looks at it again. Other errors: it counts as gone until the source is set anew.
  virtual Result<ColdLoad> load(const ColdRequest& request) = 0;
};

// Runs a task on a thread that is neither the UI's nor a source's.
using Executor = std::function<void(std::function<void()>)>;

struct ColdOptions {
  std::size_t waiting = 256;                          // requests; of more, the oldest are forgotten
  std::size_t bytesInFlight = std::size_t{64} << 20;  // that one load may bring; more is asked for in parts
  std::function<void()> onLoaded{};                   // on the worker's thread: ask again
};

}  // namespace qd::series
