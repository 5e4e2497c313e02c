// SPDX-License-Identifier: Apache-2.0
// Two threads that carry wake-ups from the log to the streams, so that whoever appends never encodes or writes for a
// subscriber. Each stream has at most one job queued, which bounds the queue. post() from any thread; after stop()
// jobs are dropped.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace qd::serve {

class Executor {
 public:
  explicit Executor(unsigned threads = 2);
  ~Executor() { stop(); }
  void post(std::function<void()> job);
  void stop();  // waits for the jobs that are running

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace qd::serve
