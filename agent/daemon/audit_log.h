// SPDX-License-Identifier: Apache-2.0
// The audit of one agent: audit.jsonl in its data folder, one record a line, append-only, and audit.head beside it with
// the number and hash of the newest one. A record is with the operating system when append() returns (a killed agent
// loses none); a thread of its own puts it on disk. Without a folder the newest 10,000 stay in memory. append() from
// the loop thread; page() from any. Errors of open: Io.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/control/change_order.h"

namespace qd::daemon {

class AuditLog {
 public:
  static Result<std::unique_ptr<AuditLog>> open(const std::filesystem::path& folder);
  ~AuditLog();

  void append(const std::string& who, const std::string& from, const std::string& what, const std::string& why,
              const std::string& outcome);
  Result<control::AuditPage> page(std::uint64_t after, std::uint32_t most) const;
  std::uint64_t headNumber() const;
  std::string headHash() const;

 private:
  AuditLog() = default;
  Result<> recover(const std::filesystem::path& folder);
  void writeHead();
  void syncLoop(const std::stop_token& stop);

  mutable std::mutex mutex_;
  int file_ = -1, head_ = -1;
  std::vector<std::uint64_t> offsets_;     // of each record, and the end
  std::deque<control::AuditRecord> kept_;  // without a folder
  std::uint64_t number_ = 0;
  std::string hash_;
  std::string damage_;  // found when it was opened
  bool dirty_ = false;
  std::condition_variable_any wake_;
  std::jthread syncer_;
};

}  // namespace qd::daemon
