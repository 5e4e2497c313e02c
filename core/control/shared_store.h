// SPDX-License-Identifier: Apache-2.0
// Small items under keys that several consoles and agents share: presets, staged edits, experiments, desired values. A
// write may demand the revision it was made from (Conflict otherwise, and both values are told by asking again). The
// agent keeps them in its data folder, or in etcd. Calls from one thread; `done` and the watcher are called on it.
#pragma once

#include <functional>
#include <string>

#include "core/control/change_order.h"

namespace qd::control {

class SharedStore {
 public:
  using Watcher = std::function<void(const ingest::SharedItem&)>;  // each change, also one's own

  virtual ~SharedStore() = default;
  virtual void watch(Watcher watcher) = 0;                           // once, before anything else
  virtual void get(const std::string& prefix, SharedDone done) = 0;  // ascending by key
  virtual void put(SharedWrite write, SharedDone done) = 0;          // the one item as it is now
  virtual void onTime(TimeNs now) = 0;                               // expiries; at least every second
  // The store is elsewhere and could not be reached the last time: get() answers what was seen last.
  virtual bool away() const { return false; }
};

}  // namespace qd::control
