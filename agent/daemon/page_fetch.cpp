// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/page_fetch.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <mutex>

#include "core/base/clock.h"

namespace qd::daemon {

struct PageFetch::Curl {
  CURLM* multi = nullptr;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
  ~Curl() {
    if (multi && easy) curl_multi_remove_handle(multi, easy);
    if (easy) curl_easy_cleanup(easy);
    if (multi) curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
  }
};

struct PageSink {
  static std::size_t write(char* data, std::size_t, std::size_t size, void* user) {
    auto& fetch = *static_cast<PageFetch*>(user);
    if (fetch.body_.size() + size > fetch.mostBytes_) {
      fetch.tooLarge_ = true;
      return CURL_WRITEFUNC_ERROR;
    }
    fetch.body_.append(data, size);
    return size;
  }
};

PageFetch::PageFetch() : curl_(std::make_unique<Curl>()) {}
PageFetch::~PageFetch() = default;

Result<std::unique_ptr<PageFetch>> PageFetch::make(const std::string& url, std::int64_t timeoutNs,
                                                   std::size_t mostBytes) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{} is no address of a page; it must begin with http://.", url));
  }
  std::unique_ptr<PageFetch> made(new PageFetch);
  Curl& curl = *made->curl_;
  made->url_ = url;
  made->mostBytes_ = mostBytes;
  curl.multi = curl_multi_init();
  curl.easy = curl_easy_init();
  if (!curl.multi || !curl.easy) return fail(ErrorCode::Exhausted, "There is no memory for fetching a page.");
  curl.headers = curl_slist_append(nullptr, "Accept: text/plain;version=0.0.4");
  const auto set = [&curl](CURLoption option, auto value) { curl_easy_setopt(curl.easy, option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeoutNs / kNsPerMs));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_USERAGENT, "quarterdeckd");
  set(CURLOPT_HTTPHEADER, curl.headers);
  set(CURLOPT_ERRORBUFFER, curl.error.data());
  set(CURLOPT_WRITEFUNCTION, &PageSink::write);
  set(CURLOPT_WRITEDATA, made.get());
  return made;
}

void PageFetch::start() {
  body_.clear();
  tooLarge_ = false;
  curl_->error[0] = 0;
  startedNs_ = monotonicNs();
  running_ = curl_multi_add_handle(curl_->multi, curl_->easy) == CURLM_OK;
}

std::optional<Result<FetchedPage>> PageFetch::wait(const std::vector<int>& descriptors, std::int64_t mostNs) {
  std::vector<curl_waitfd> extra;
  for (const int fd : descriptors) extra.push_back({fd, CURL_WAIT_POLLIN, 0});
  int ready = 0, left = 0;
  curl_multi_poll(curl_->multi, extra.data(), static_cast<unsigned>(extra.size()),
                  static_cast<int>(mostNs / kNsPerMs) + 1, &ready);
  if (!running_) return std::nullopt;
  curl_multi_perform(curl_->multi, &left);
  while (CURLMsg* message = curl_multi_info_read(curl_->multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    curl_multi_remove_handle(curl_->multi, curl_->easy);
    running_ = false;
    return finished(code);
  }
  return std::nullopt;
}

Result<FetchedPage> PageFetch::finished(int code) {
  if (tooLarge_) return fail(ErrorCode::Exhausted, fmt::format("{} gives more than {} bytes.", url_, mostBytes_));
  if (code != CURLE_OK) {
    const char* why = curl_->error[0] ? curl_->error.data() : curl_easy_strerror(static_cast<CURLcode>(code));
    return fail(ErrorCode::Unavailable, fmt::format("{} cannot be read: {}.", url_, why));
  }
  long status = 0;
  curl_easy_getinfo(curl_->easy, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return fail(ErrorCode::Unavailable, fmt::format("{} answers with status {}.", url_, status));
  return FetchedPage{std::move(body_), monotonicNs() - startedNs_};
}

}  // namespace qd::daemon
