// SPDX-License-Identifier: Apache-2.0
// What a live store dropped for its budget, out of the files that its session is being recorded to. A file that is
// being written is opened anew when it was last looked at before what is asked for can have been committed. One thread
// (the store's worker).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/recording/recorded_samples.h"

namespace qd::recording {

class LiveSamples final : public series::ColdSource {
 public:
  // `files`: those of the session, oldest first; any thread.
  explicit LiveSamples(std::function<std::vector<std::string>()> files) : files_(std::move(files)) {}
  // NotFound: not committed yet, or dropped by the recorder.
  Result<series::ColdLoad> load(const series::ColdRequest& request) override;

 private:
  struct Open {
    std::shared_ptr<RecordedSamples> samples;
    std::chrono::steady_clock::time_point since;
  };
  std::shared_ptr<RecordedSamples> open(const std::string& path, bool written);

  const std::function<std::vector<std::string>()> files_;
  std::map<std::string, Open> open_;
};

}  // namespace qd::recording
