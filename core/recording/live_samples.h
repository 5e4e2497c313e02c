// SPDX-License-Identifier: Apache-2.0
// What a live store dropped for its budget, out of the files that its session is being recorded to. The one that is
// being written is opened anew when it was written to since (its writer moves rows from tails into chunks: what is read
// must be of one moment); until it reaches to what is asked for, the answer is NotFound, so that it is asked for again.
// What a file reaches beyond and does not have is gone (the recorder's queue was full). One thread (the store's
// worker).
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/recording/recorded_samples.h"

namespace qd::recording {

class LiveSamples final : public series::ColdSource {
 public:
  struct Files {
    std::vector<std::string> closed;     // of the session, oldest first
    std::optional<std::string> written;  // empty: nothing is recorded any more
  };
  // `files`: as they are now; any thread.
  explicit LiveSamples(std::function<Files()> files) : files_(std::move(files)) {}
  Result<series::ColdLoad> load(const series::ColdRequest& request) override;

 private:
  using SamplesPtr = std::shared_ptr<RecordedSamples>;
  SamplesPtr closed(const std::string& path, const series::ColdRequest& request);
  SamplesPtr written(const std::string& path, const series::ColdRequest& request, std::shared_ptr<void>& still);

  const std::function<Files()> files_;
  std::list<std::pair<std::string, SamplesPtr>> open_;  // of closed files, used last first
  // By closed file, process and instance: the time that it covers. Empty: it has nothing of that one.
  std::map<std::tuple<std::string, std::string, std::uint64_t>, std::optional<RecordedSamples::Reach>> reaches_;
  bool mayComeYet(const series::ColdRequest& request, const series::ColdLoad& load);
  std::map<std::tuple<std::string, std::uint32_t, TimeNs>, int> incomplete_;  // how often it was
  std::string writtenPath_;
  SamplesPtr written_;
};

}  // namespace qd::recording
