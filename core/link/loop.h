// SPDX-License-Identifier: Apache-2.0
// The one thread of a cluster's links: everything about their state happens on it, so that they need no locks. Network
// threads decode and post here; timers are CLOCK_MONOTONIC ns. After stop() tasks are dropped. What is posted is
// bounded by its makers: each stream has at most a few batches under way, commands come from people.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace qd::link {

class Loop {
 public:
  using Task = std::function<void()>;

  Loop();
  ~Loop();
  void post(Task task);                        // any thread
  void at(std::int64_t monotonic, Task task);  // any thread
  void after(std::int64_t ns, Task task);      // any thread
  void stop();                                 // any thread but its own; waits for the task that runs

 private:
  void run();
  Task next(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  std::multimap<std::int64_t, Task> timers_;
  bool stopping_ = false;
  std::thread thread_;
};

// How many calls gRPC still has in its hands; the owner waits for none before it goes.
class LiveCalls {
 public:
  void add();
  void done();
  void waitForNone();

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
};

}  // namespace qd::link
