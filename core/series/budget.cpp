// SPDX-License-Identifier: Apache-2.0
// What leaves RAM when the budget is full, in this order: chunks that a load brought and nobody looked at since, when
// they take more than their share; the oldest chunks' samples (they become cold); the tails of series that stand still;
// the detail of what is cold (neighbours become one); and at last the oldest of what is cold. Any thread, one at a
// time.
#include <algorithm>

#include "core/series/store_impl.h"

namespace qd::series {
namespace {

constexpr std::size_t kSpare = 20;       // a twentieth of the budget is free afterwards
constexpr std::size_t kHeldShare = 4;    // and what readers hold of what left, before what comes is dropped
constexpr std::size_t kTailPays = 2048;  // bytes of a tail that a cold entry is less than
constexpr int kTries = 4;                // to find room while readers hold what leaves
constexpr std::size_t kLoadedShare = 4;  // loaded chunks may take a quarter of it while live ones need room
constexpr std::size_t kColdShare = 4;    // and the extents of what is cold

}  // namespace

void Store::Impl::noteLive(Track& track) {
  if (!track.hasLive() || track.queued.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(keeping);
  const auto first = track.firstLive();
  if (!first || track.queued.exchange(true)) return;
  oldest.push({*first, &track});
}

void Store::Impl::noteLoaded(Track& track, const std::vector<Extent>& chunks) {
  const std::lock_guard lock(keeping);
  for (const Extent& chunk : chunks) {
    constexpr std::size_t kAbout = 6;  // bytes a sample
    loaded.push_back({&track, chunk, chunk.summary.total * kAbout});
    loadedBytes += loaded.back().bytes;
  }
  meter.add(chunks.size() * sizeof(Loaded));
}

// The first that was not looked at since it came here last; what was goes to the end once.
std::size_t Store::Impl::dropLoaded() {
  for (std::size_t turns = loaded.size() * 2; turns > 0 && !loaded.empty(); --turns) {
    Loaded first = loaded.front();
    loaded.pop_front();
    if (turns > loaded.size() + 1 && first.track->usedSince(first.extent)) {
      loaded.push_back(first);
      continue;
    }
    loadedBytes -= first.bytes;
    meter.take(sizeof(Loaded));
    if (const std::size_t freed = first.track->evictLoaded(first.extent); freed != 0) return freed;
  }
  return 0;
}

std::size_t Store::Impl::coolOldest() {
  while (!oldest.empty()) {
    Track& track = *oldest.top().track;
    oldest.pop();
    const std::size_t freed = track.evictLive(budget / kSpare);
    if (const auto next = track.firstLive()) {
      oldest.push({*next, &track});
    } else {
      track.queued = false;
      if (const auto again = track.firstLive(); again && !track.queued.exchange(true)) oldest.push({*again, &track});
    }
    constexpr std::size_t kChunkAbout = 5000, kExtent = sizeof(Entry) + 300;
    coldBytes += freed / kChunkAbout * kExtent;
    if (freed != 0) return freed;
  }
  return 0;
}

std::size_t Store::Impl::everywhere(const std::function<std::size_t(Track&)>& step) {
  std::size_t freed = 0;
  const std::shared_lock lock(mutex);
  for (const auto& s : series) freed += step(s->track);
  for (const auto& [id, process] : processes) freed += step(process->clock);
  return freed;
}

// One series after the other, each at once made cold, so that what is open never stands beside what it became. Those
// are left alone that would take more as a cold entry than they do now.
std::size_t Store::Impl::coolTails(std::size_t wanted) {
  const std::shared_lock lock(mutex);
  std::size_t freed = 0;
  for (std::size_t turn = 0; turn < series.size() && freed < wanted; ++turn) {
    nextTail = (nextTail + 1) % series.size();
    Track& track = series[nextTail]->track;
    const std::size_t before = meter.bytes();
    if (track.tailBytes() < kTailPays || track.freeze() == 0) continue;
    while (track.evictLive(SIZE_MAX) != 0) continue;
    const std::size_t after = meter.bytes();
    freed += before > after ? before - after : 0;
  }
  return freed;
}

Claim Store::Impl::makeRoom(std::size_t bytes) {
  const std::size_t wanted = bytes + step();
  for (int tries = 0; tries < kTries; ++tries) {
    if (meter.claim(wanted, limit())) return {meter, wanted};
    shrink(wanted);
  }
  if (meter.claim(wanted, limit())) return {meter, wanted};
  return {};
}

void Store::Impl::shrink(std::size_t bytes) {
  const std::lock_guard lock(keeping);
  const std::size_t now = meter.bytes() + meter.claimed() + bytes;
  if (now <= limit()) return;
  // What readers hold comes free without anybody's doing. Samples make way for a part of it, history for none.
  const std::size_t over = now - limit() + budget / kSpare, held = meter.held();
  std::size_t left = over - std::min(over, held - std::min(held, budget / kHeldShare));
  std::size_t pressing = over - std::min(over, held);
  const auto take = [&](std::size_t freed) {  // counted down, for what readers hold is freed later
    left -= std::min(left, freed);
    pressing -= std::min(pressing, freed);
    return freed != 0;
  };
  const auto coalesceAll = [this] { return everywhere([](Track& t) { return t.coalesce(); }); };
  if (coldBytes > budget / kColdShare) {
    std::size_t freed = 0;
    while (coldBytes > budget / (kColdShare + 1) && (freed = coalesceAll()) != 0) {
      coldBytes -= std::min(coldBytes, freed);
      take(freed);
    }
  }
  while (left != 0) {
    if (loadedBytes > budget / kLoadedShare && take(dropLoaded())) continue;
    if (take(coolOldest())) continue;
    if (take(dropLoaded())) continue;
    if (pressing == 0) break;
    if (take(coolTails(pressing))) continue;
    if (take(coalesceAll())) continue;
    if (!take(forgetOldest())) break;
  }
}

// Of every series the oldest of what is cold, as if it had never been.
std::size_t Store::Impl::forgetOldest() {
  std::uint64_t samples = 0;
  const std::size_t freed = everywhere([&](Track& track) { return track.forget(samples); });
  points.fetch_sub(std::min(samples, points.load(std::memory_order_relaxed)), std::memory_order_relaxed);
  std::optional<TimeNs> first;
  everywhere([&](Track& track) {
    if (const auto t = track.firstTime(); t && (!first || *t < *first)) first = t;
    return std::size_t{0};
  });
  if (first) firstTime.store(*first, std::memory_order_relaxed);
  return freed;
}

}  // namespace qd::series
