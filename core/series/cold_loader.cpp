// SPDX-License-Identifier: Apache-2.0
#include "core/series/cold_loader.h"

#include "core/series/merge_rows.h"

namespace qd::series {
namespace {

constexpr std::int64_t kAgain = kNsPerSecond / 2;  // what was not there is asked for again after that
constexpr std::size_t kRemembered = 4;             // what is missing or lost, for each that may wait

std::size_t rowsOf(const ColdLoad& load) {
  std::size_t rows = 0;
  for (const ColdRun& run : load.runs) rows += run.rows.size();
  return rows;
}

std::unexpected<Error> noRoom() {
  return fail(ErrorCode::NotFound, "There is no room for it at the moment.");
}

// A part of a load that is too large to be kept: what its chunks cover, without their samples.
void addPart(Meter& meter, const ColdLoader::Order& order, const ColdLoad& part, std::vector<ColdExtent>& children) {
  const Extent& extent = order.request.extent;
  std::vector<Late> rows;
  for (const ColdRun& run : part.runs) {
    Kind kind = run.kind;
    kind.segment = extent.mixed ? run.kind.segment : extent.segment;
    for (const Row& row : run.rows) rows.push_back({row, kind, run.breakBefore && &row == run.rows.data()});
  }
  for (const ColdExtent& child : part.children) children.push_back(child);
  for (Entry& entry : chunksOf(meter, rows, true)) {
    children.push_back({entry.extent, 0, std::move(entry.sketch)});
  }
}

}  // namespace

ColdLoader::ColdLoader(std::shared_ptr<ColdSource> source, Executor executor, ColdOptions options, Meter& meter,
                       Owner owner)
    : source_(std::move(source)),
      executor_(std::move(executor)),
      options_(std::move(options)),
      meter_(meter),
      owner_(std::move(owner)),
      metered_(std::in_place, meter, ownBytes(options_)) {}

std::size_t ColdLoader::ownBytes(const ColdOptions& options) {
  constexpr std::size_t kNode = sizeof(Key) + 48;
  return sizeof(ColdLoader) + options.waiting * (sizeof(Job) + kNode * (1 + 2 * kRemembered));
}

ColdLoader::Key ColdLoader::keyOf(const Job& job) {
  return {job.track, job.wanted.extent.t0, job.wanted.extent.t1, job.wanted.key};
}

bool ColdLoader::request(const Job& job) {
  {
    const std::lock_guard lock(mutex_);
    const Key key = keyOf(job);
    if (stopped_ || lost_.contains(key)) return false;
    if (known_.contains(key)) return true;
    if (const auto missing = missing_.find(key); missing != missing_.end()) {
      if (missing->second > monotonicNs()) return true;
      missing_.erase(missing);
    }
    known_.insert(key);
    queue_.push_back(job);
    if (queue_.size() > options_.waiting) {
      known_.erase(keyOf(queue_.front()));
      queue_.pop_front();
    }
    if (std::exchange(running_, true)) return true;
  }
  executor_([self = shared_from_this()] { self->drain(); });
  return true;
}

void ColdLoader::drain() {
  while (true) {
    Job job;
    {
      const std::lock_guard lock(mutex_);
      if (stopped_ || queue_.empty()) {
        running_ = false;
        return;
      }
      job = std::move(queue_.back());
      queue_.pop_back();
      working_ = true;
    }
    run(job);
    if (options_.onLoaded) options_.onLoaded();
    const std::lock_guard lock(mutex_);
    known_.erase(keyOf(job));
    working_ = false;
    idle_.notify_all();
  }
}

void ColdLoader::run(const Job& job) {
  const Result<void> brought = bring(job);
  if (brought) return;
  const std::lock_guard lock(mutex_);
  if (brought.error().code == ErrorCode::NotFound) {
    if (missing_.size() >= options_.waiting * kRemembered) missing_.clear();
    missing_[keyOf(job)] = monotonicNs() + kAgain;
  } else {
    if (lost_.size() >= options_.waiting * kRemembered) lost_.clear();
    lost_.insert(keyOf(job));
  }
}

Result<void> ColdLoader::bring(const Job& job) {
  const std::optional<Order> order = owner_.resolve(job);
  if (!order) return fail(ErrorCode::InvalidArgument, "The series is not known any more.");
  const std::size_t expected =
      std::min<std::uint64_t>(order->request.extent.summary.total * sizeof(Row), options_.bytesInFlight);
  const Claim flight = owner_.room(2 * expected);  // the rows, and the chunks that a part of them becomes for a moment
  if (!flight) return noRoom();
  const Result<ColdLoad> loaded = load(*order);
  if (!loaded) return std::unexpected(loaded.error());
  const std::size_t rows = rowsOf(*loaded);
  const std::size_t more = rows * sizeof(Row) > expected ? rows * sizeof(Row) - expected : 0;
  const Claim place = owner_.room(more + rows * sizeof(std::uint64_t) * 2 + bytesOf(loaded->children));
  if (!place) return noRoom();
  const Metered inFlight(meter_, rows * sizeof(Row));
  owner_.apply(job, *loaded, order->firstSegment);
  return {};
}

Result<ColdLoad> ColdLoader::load(const Order& order) {
  const std::uint64_t bytes = order.request.extent.summary.total * sizeof(Row);
  const std::uint64_t parts = bytes / std::max<std::uint64_t>(options_.bytesInFlight, 1) + 1;
  return order.request.key != 0 || parts == 1 ? source_->load(order.request) : loadInParts(order, parts);
}

Result<ColdLoad> ColdLoader::loadInParts(const Order& order, std::uint64_t parts) {
  ColdLoad all;
  const Extent& extent = order.request.extent;
  const auto span = static_cast<std::uint64_t>(extent.t1) - static_cast<std::uint64_t>(extent.t0);
  for (std::uint64_t i = 0; i < parts; ++i) {
    ColdRequest part = order.request;
    const auto at = [&](std::uint64_t n) {
      return extent.t0 + static_cast<TimeNs>(static_cast<unsigned __int128>(span) * n / parts);
    };
    part.extent.summary.total = 0;
    part.extent.t0 = at(i) + (i == 0 ? 0 : 1);
    part.extent.t1 = at(i + 1);
    const Result<ColdLoad> loaded = source_->load(part);
    if (!loaded) return std::unexpected(loaded.error());
    addPart(meter_, order, *loaded, all.children);
    const std::lock_guard lock(mutex_);
    if (stopped_) return fail(ErrorCode::NotFound, "Loading was stopped.");
  }
  return all;
}

void ColdLoader::stop() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  queue_.clear();
  idle_.wait(lock, [this] { return !working_; });
  metered_.reset();
}

}  // namespace qd::series
