// SPDX-License-Identifier: Apache-2.0
// Fetches one page again and again over HTTP without blocking its thread (libcurl's multi interface): bounded in bytes
// and time, no redirects, no compression, no proxy, http and https only. One fetch at a time. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace qd::daemon {

struct FetchedPage {
  std::string body;
  std::int64_t durationNs = 0;
};

class PageFetch {
 public:
  static Result<std::unique_ptr<PageFetch>> make(const std::string& url, std::int64_t timeoutNs, std::size_t mostBytes);
  ~PageFetch();
  PageFetch(const PageFetch&) = delete;
  PageFetch& operator=(const PageFetch&) = delete;

  bool running() const { return running_; }
  void start();
  // Waits for the fetch or one of the descriptors, at most so long; then does what can be done. A result when the fetch
  // has ended: the page, or a sentence.
  std::optional<Result<FetchedPage>> wait(const std::vector<int>& descriptors, std::int64_t mostNs);

 private:
  struct Curl;
  PageFetch();
  Result<FetchedPage> finished(int code);
  std::unique_ptr<Curl> curl_;
  std::string url_, body_;
  std::size_t mostBytes_ = 0;
  bool running_ = false, tooLarge_ = false;
  std::int64_t startedNs_ = 0;
  friend struct PageSink;
};

}  // namespace qd::daemon
