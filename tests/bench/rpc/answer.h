// SPDX-License-Identifier: Apache-2.0
// Waits for the answer of an order, ten seconds at most.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "core/base/error.h"

namespace qd::bench {

template <class T>
class Answer {
 public:
  std::function<void(Result<T>)> done() {
    return [state = state_](Result<T> result) {
      const std::lock_guard lock(state->mutex);
      state->result = std::move(result);
      state->changed.notify_all();
    };
  }
  std::optional<T> get() {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_for(lock, std::chrono::seconds(10), [this] { return state_->result.has_value(); });
    if (!state_->result || !*state_->result) return std::nullopt;
    return **state_->result;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<T>> result;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace qd::bench
