// SPDX-License-Identifier: Apache-2.0
// Client-side prediction and reconciliation: the client applies its input at once, keeps the last 256 (input, state
// after) pairs, and on each confirmed state compares, restores and replays what the server has not confirmed yet.
// `State` has a `pos` in µm and is equality-comparable; the step is deterministic, so that without loss the error is
// exactly 0. `VisualOffset` smooths the picture only, never the simulation. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "stage/netcode/exact.h"
#include "stage/netcode/types.h"

namespace qd::stage {

template <class State, class Input>
class Predictor {
 public:
  struct Correction {
    std::int64_t errorUm = 0;  // |predicted(k) − authoritative(k)|, before any smoothing
    int replayed = 0;          // inputs replayed; 0: nothing had to be corrected
    bool corrected = false;
    Vec3 shift;         // how far the newest predicted position moved by it
    Tick agreed = -1;   // the last confirmed tick before this one at which both sides were equal; −1: not known
    State predicted{};  // what had been predicted for this tick; meaningful when corrected
  };

  void reset(Tick tick, const State& state) {
    for (auto& entry : ring_) entry.tick = -1;
    newest_ = tick;
    agreed_ = tick;
    at(tick) = {tick, Input{}, state};
  }
  Tick newest() const { return newest_; }
  const State& state() const { return at(newest_).after; }
  // The state after a tick that is still kept; null otherwise.
  const State* stateAt(Tick tick) const { return tick >= 0 && at(tick).tick == tick ? &at(tick).after : nullptr; }

  // Predicts tick newest() + 1.
  template <class Step>
  const State& advance(const Input& input, Step&& step) {
    State next = state();
    step(next, input, newest_ + 1);
    ++newest_;
    at(newest_) = {newest_, input, next};
    return at(newest_).after;
  }

  // The server's state after `tick`. Nothing when that tick is no longer, or not yet, kept here.
  template <class Step>
  std::optional<Correction> confirm(Tick tick, const State& authoritative, Step&& step) {
    if (tick > newest_ || at(tick).tick != tick) return std::nullopt;
    Correction result;
    result.errorUm = distance(at(tick).after.pos, authoritative.pos);
    result.agreed = agreed_;
    agreed_ = std::max(agreed_, tick);  // by now: the correction makes it so
    if (at(tick).after == authoritative) return result;
    result.predicted = at(tick).after;
    const Vec3 before = state().pos;
    at(tick).after = authoritative;
    for (Tick t = tick + 1; t <= newest_; ++t) {
      State next = at(t - 1).after;
      step(next, at(t).input, t);
      at(t).after = next;
      ++result.replayed;
    }
    result.corrected = true;
    result.shift = state().pos - before;
    return result;
  }

 private:
  static constexpr std::size_t kSize = 256;
  struct Entry {
    Tick tick = -1;
    Input input{};
    State after{};
  };
  Entry& at(Tick tick) { return ring_[static_cast<std::size_t>(tick) % kSize]; }
  const Entry& at(Tick tick) const { return ring_[static_cast<std::size_t>(tick) % kSize]; }
  std::array<Entry, kSize> ring_{};
  Tick newest_ = 0, agreed_ = -1;
};

class VisualOffset {
 public:
  // Beyond this the picture snaps too: a respawn must not be a slide.
  static constexpr std::int64_t kSnapUm = 3 * kUmPerMetre;

  void corrected(Vec3 shift) {
    offset_ = offset_ - shift;
    if (length(offset_) > kSnapUm) offset_ = {};
  }
  // Decays with a time constant of 100 ms.
  Vec3 advance(double seconds) {
    const double keep = exact::exponential(-seconds / 0.1);
    const auto scaled = [keep](std::int64_t v) { return static_cast<std::int64_t>(static_cast<double>(v) * keep); };
    offset_ = {scaled(offset_.x), scaled(offset_.y), scaled(offset_.z)};
    return offset_;
  }

 private:
  Vec3 offset_;
};

}  // namespace qd::stage
