// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/adopter.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <thread>

#include "agent/daemon/file_tail.h"
#include "agent/daemon/page_fetch.h"
#include "agent/daemon/scrape_series.h"
#include "agent/probe/frames.h"
#include "agent/probe/qd.h"
#include "core/base/clock.h"

namespace qd::daemon {
namespace {

constexpr std::size_t kMostPage = std::size_t{8} << 20, kMostSamples = 20'000, kMostSeries = 3'000, kMostAdopted = 64;
constexpr std::int64_t kLookEveryNs = 250 * kNsPerMs;
constexpr int kGoneAfter = 3;  // pages in a row that could not be read

class ProbeSink final : public SeriesSink {
 public:
  void setProbe(qd_probe* probe) { probe_ = probe; }
  std::int32_t declare(const ScrapedSeries& series) override {
    std::vector<qd_pair> pairs;
    for (const auto& [key, value] : series.dimensions) pairs.push_back({key.c_str(), value.c_str()});
    qd_series_desc made{};
    made.name = series.name.c_str();
    made.unit = series.unit.c_str();
    made.description = series.description.c_str();
    made.is_f64 = 1;
    made.dims = pairs.data();
    made.dim_count = static_cast<std::uint32_t>(pairs.size());
    return qd_series_declare(probe_, &made);
  }
  void sample(std::int32_t handle, double value) override { qd_sample_f64(probe_, handle, value); }
  void end(std::int32_t handle) override { qd_series_end(probe_, handle); }

 private:
  qd_probe* probe_ = nullptr;
};

class RunningAdopter final : public Adopter {
 public:
  RunningAdopter(AdoptedProcess process, std::string socket)
      : process_(std::move(process)), socket_(std::move(socket)), tail_(process_.file) {}

  ~RunningAdopter() override {
    stop_ = true;
    const std::uint64_t one = 1;
    if (stopFd_ >= 0 && ::write(stopFd_, &one, sizeof one) != sizeof one) spdlog::warn("{} ends late", process_.id);
    if (thread_.joinable()) thread_.join();
    for (const int fd : {stopFd_, watchFd_}) {
      if (fd >= 0) ::close(fd);
    }
  }

  Result<> open() {
    const std::int64_t timeout = std::clamp(process_.everyNs * 4 / 5, 100 * kNsPerMs, 5 * kNsPerSecond);
    auto fetch = PageFetch::make(process_.url.empty() ? "http://none" : process_.url, timeout, kMostPage);
    if (!fetch) return std::unexpected(fetch.error());
    fetch_ = std::move(*fetch);
    stopFd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watchFd_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (stopFd_ < 0 || watchFd_ < 0) return failErrno("Watching what was adopted", errno);
    if (!process_.file.empty()) {  // the folder: rotation makes other files under the name
      const auto folder = std::filesystem::absolute(process_.file).parent_path();
      ::inotify_add_watch(watchFd_, folder.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
    }
    thread_ = std::thread([this] { run(); });
    return {};
  }

 private:
  void run() {
    nextScrape_ = monotonicNs();
    while (!stop_) {
      const std::int64_t now = monotonicNs();
      if (!process_.url.empty() && !fetch_->running() && now >= nextScrape_) {
        nextScrape_ = now + process_.everyNs;
        fetch_->start();
      }
      const std::int64_t until = process_.url.empty() || fetch_->running() ? kLookEveryNs : nextScrape_ - now;
      const auto page = fetch_->wait({stopFd_, watchFd_}, std::clamp<std::int64_t>(until, 0, kLookEveryNs));
      look(page ? &*page : nullptr);
    }
    closeProbe();
  }

  void look(const Result<FetchedPage>* page) {
    std::array<char, 4096> events;
    while (::read(watchFd_, events.data(), events.size()) > 0) {
    }
    if (page) pageCame(*page);
    const bool wanted = (!process_.url.empty() && up_) || tail_.there();
    if (wanted && !probe_) openProbe();
    if (!wanted && probe_ && !tail_.there()) closeProbe();
    qd_tick_begin(probe_, ++tick_);
    if (page && probe_) sampleScrape(*page);
    if (!process_.file.empty()) readLines();
    qd_tick_end(probe_);
  }

  // Said once, when it changes.
  void pageCame(const Result<FetchedPage>& page) {
    failures_ = page ? 0 : failures_ + 1;
    const bool is = page ? true : up_ && failures_ < kGoneAfter;
    if (!page && (failures_ == 1 || (up_ && !is))) spdlog::warn("{}: {}", process_.id, page.error().message);
    if (page && !up_) spdlog::info("{}: its metrics page is there", process_.id);
    up_ = is;
  }

  void openProbe() {
    const std::string kind = process_.url.empty() ? "log" : process_.file.empty() ? "metrics" : "metrics, log";
    const qd_pair labels[] = {{"adopted", kind.c_str()}};
    qd_config config{};
    config.id = process_.id.c_str();
    config.kind = QD_KIND_SERVER;
    config.labels = labels;
    config.label_count = 1;
    config.rings = 1;
    config.socket_path = socket_.c_str();
    config.reconnect_ns = 200 * kNsPerMs;
    std::array<char, 256> error{};
    probe_ = qd_open(&config, error.data(), error.size());
    if (!probe_) {
      if (!told_) spdlog::warn("{} cannot be shown: {}", process_.id, error.data());
      told_ = true;
      return;
    }
    sink_.setProbe(probe_);
    scraped_ = std::make_unique<ScrapeSeries>(sink_, kMostSeries);
    if (!process_.url.empty()) {
      up = qd_series_i64(probe_, "scrape.up", "", 0);
      duration = qd_series_i64(probe_, "scrape.duration", "ms", 6);
      bytes = qd_series_i64(probe_, "scrape.bytes", "B", 0);
      malformed = qd_series_i64(probe_, "scrape.malformed", "lines", 0);
      refused = qd_series_i64(probe_, "scrape.refused", "count", 0);
    }
    if (!process_.file.empty()) {
      lines = qd_series_i64(probe_, "log.lines", "1/s", 0);
      errors = qd_series_i64(probe_, "log.errors", "1/s", 0);
    }
  }

  void closeProbe() {
    qd_close(probe_);
    probe_ = nullptr;
    scraped_.reset();
  }

  void sampleScrape(const Result<FetchedPage>& page) {
    qd_sample_i64(probe_, up, page ? 1 : 0);
    if (!page) {
      if (failures_ == 1) qd_log(probe_, QD_WARNING, "scrape", page.error().message.c_str());
      return;
    }
    const MetricsText parsed = parseMetrics(page->body, kMostSamples);
    scraped_->take(parsed, monotonicNs());
    qd_sample_i64(probe_, duration, page->durationNs);
    qd_sample_i64(probe_, bytes, static_cast<std::int64_t>(page->body.size()));
    qd_sample_i64(probe_, malformed, static_cast<std::int64_t>(parsed.malformed));
    qd_sample_i64(probe_, refused, static_cast<std::int64_t>(parsed.beyond + scraped_->refused() - refusedBefore_));
    refusedBefore_ = scraped_->refused();
    if (parsed.malformed > 0 && lastMalformed_ == 0) {
      qd_log(
          probe_, QD_WARNING, "scrape",
          fmt::format("{} lines of the page cannot be read; the first is {}", parsed.malformed, parsed.firstMalformed)
              .c_str());
    }
    lastMalformed_ = parsed.malformed;
  }

  void readLines() {
    std::string text;
    const bool more = tail_.read([&](std::string_view line) {
      const int level = levelOfLine(line);
      ++lineCount_;
      if (level >= QD_ERROR) ++errorCount_;
      text.assign(line.substr(0, line.find('\0')));
      qd_log(probe_, static_cast<qd_level>(level), "stdout", text.c_str());
    });
    if (more) nextScrape_ = std::min(nextScrape_, monotonicNs() + process_.everyNs);
    const std::int64_t now = monotonicNs();
    if (now - countedAt_ < kNsPerSecond) return;
    if (countedAt_ != 0) {
      qd_sample_i64(probe_, lines, lineCount_ * kNsPerSecond / (now - countedAt_));
      qd_sample_i64(probe_, errors, errorCount_ * kNsPerSecond / (now - countedAt_));
    }
    countedAt_ = now;
    lineCount_ = errorCount_ = 0;
  }

  const AdoptedProcess process_;
  const std::string socket_;
  std::thread thread_;
  std::atomic<bool> stop_{false};
  int stopFd_ = -1, watchFd_ = -1;

  // The thread's own.
  std::unique_ptr<PageFetch> fetch_;
  FileTail tail_;
  ProbeSink sink_;
  std::unique_ptr<ScrapeSeries> scraped_;
  qd_probe* probe_ = nullptr;
  qd_series up = -1, duration = -1, bytes = -1, malformed = -1, refused = -1, lines = -1, errors = -1;
  std::uint64_t tick_ = 0, refusedBefore_ = 0, lastMalformed_ = 0;
  std::int64_t nextScrape_ = 0, countedAt_ = 0, lineCount_ = 0, errorCount_ = 0;
  int failures_ = 0;
  bool up_ = false, told_ = false;
};

}  // namespace

Result<> adoptIn(std::vector<AdoptedProcess>& all, const std::string& text, bool scrape) {
  const std::size_t equals = text.find('=');
  const std::string id = text.substr(0, equals);
  if (equals == std::string::npos || equals + 1 == text.size() || !qd_id_valid(qd_str_of(id.c_str()))) {
    return fail(ErrorCode::InvalidArgument, fmt::format("{} must read NAME={}, the name 1 to 64 of [A-Za-z0-9._-].",
                                                        text, scrape ? "URL" : "FILE"));
  }
  const std::string what = text.substr(equals + 1);
  if (scrape && !what.starts_with("http://") && !what.starts_with("https://")) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{} is no address of a page; it must begin with http://.", what));
  }
  auto found = std::find_if(all.begin(), all.end(), [&](const AdoptedProcess& one) { return one.id == id; });
  if (found == all.end()) {
    if (all.size() >= kMostAdopted) return fail(ErrorCode::InvalidArgument, "At most 64 processes can be adopted.");
    all.push_back({id, "", "", kNsPerSecond});
    found = std::prev(all.end());
  }
  std::string& into = scrape ? found->url : found->file;
  if (!into.empty()) return fail(ErrorCode::InvalidArgument, fmt::format("{} is named twice.", id));
  into = what;
  return {};
}

Result<std::unique_ptr<Adopter>> Adopter::start(const AdoptedProcess& process, const std::string& socket) {
  auto made = std::make_unique<RunningAdopter>(process, socket);
  if (auto opened = made->open(); !opened) return std::unexpected(opened.error());
  return made;
}

}  // namespace qd::daemon
