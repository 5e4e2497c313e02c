// SPDX-License-Identifier: Apache-2.0
// The SharedStore of one agent alone: shared.jsonl in its data folder, every write a line, put together anew at each
// start. Without a folder it lives as long as the agent. Loop thread only. Errors of open: Io.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/control/shared_store.h"

namespace qd::daemon {

class LocalStore final : public control::SharedStore {
 public:
  static constexpr std::size_t kMostItems = 4096;

  static Result<std::unique_ptr<LocalStore>> open(const std::filesystem::path& folder);
  ~LocalStore() override;

  void watch(Watcher watcher) override { watcher_ = std::move(watcher); }
  void get(const std::string& prefix, control::SharedDone done) override;
  void put(control::SharedWrite write, control::SharedDone done) override;
  void onTime(TimeNs now) override;

 private:
  LocalStore() = default;
  Result<> recover(const std::filesystem::path& path);
  bool keep(const ingest::SharedItem& item);

  std::map<std::string, ingest::SharedItem> items_;
  std::uint64_t revision_ = 0;
  Watcher watcher_;
  int file_ = -1;
};

}  // namespace qd::daemon
