// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/local_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

namespace qd::daemon {
namespace {

using Json = nlohmann::json;

std::string lineOf(const ingest::SharedItem& item) {
  const Json json = {{"key", item.key},   {"value", item.value},     {"revision", item.revision}, {"who", item.who},
                     {"time", item.time}, {"expires", item.expires}, {"removed", item.removed}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool read(const std::string& line, ingest::SharedItem& out) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return false;
  try {
    out.key = json.at("key").get<std::string>();
    out.value = json.at("value").get<std::string>();
    out.revision = json.at("revision").get<std::uint64_t>();
    out.who = json.at("who").get<std::string>();
    out.time = json.at("time").get<std::int64_t>();
    out.expires = json.at("expires").get<std::int64_t>();
    out.removed = json.at("removed").get<bool>();
  } catch (const Json::exception&) {
    return false;
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<LocalStore>> LocalStore::open(const std::filesystem::path& folder) {
  std::unique_ptr<LocalStore> out(new LocalStore());
  if (folder.empty()) return out;
  if (auto recovered = out->recover(folder / "shared.jsonl"); !recovered) return std::unexpected(recovered.error());
  return out;
}

LocalStore::~LocalStore() {
  if (file_ >= 0) ::close(file_);
}

Result<> LocalStore::recover(const std::filesystem::path& path) {
  {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      ingest::SharedItem item;
      if (!read(line, item)) continue;  // a torn last line
      revision_ = std::max(revision_, item.revision);
      item.removed ? void(items_.erase(item.key)) : void(items_[item.key] = item);
    }
  }
  const std::string fresh = path.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    for (const auto& [key, item] : items_) out << lineOf(item);
    if (!out.flush()) return failErrno(fmt::format("Writing {}", fresh), errno);
  }
  std::error_code error;
  std::filesystem::rename(fresh, path, error);
  file_ = error ? -1 : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file_ < 0) return failErrno(fmt::format("Opening {}", path.string()), errno);
  return {};
}

bool LocalStore::keep(const ingest::SharedItem& item) {
  if (file_ < 0) return true;
  const std::string line = lineOf(item);
  return ::write(file_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

void LocalStore::get(const std::string& prefix, control::SharedDone done) {
  std::vector<ingest::SharedItem> out;
  for (auto it = items_.lower_bound(prefix); it != items_.end() && it->first.starts_with(prefix); ++it) {
    out.push_back(it->second);
  }
  done(std::move(out));
}

void LocalStore::put(control::SharedWrite write, control::SharedDone done) {
  const auto known = items_.find(write.item.key);
  const std::uint64_t now = known == items_.end() ? 0 : known->second.revision;
  if (write.expectedRevision && *write.expectedRevision != now) {
    done(fail(ErrorCode::Conflict, fmt::format("{} is at revision {} by now, not {}: look at it again.", write.item.key,
                                               now, *write.expectedRevision)));
    return;
  }
  if (known == items_.end() && !write.item.removed && items_.size() >= kMostItems) {
    done(fail(ErrorCode::Exhausted, "There are 4096 shared items already; remove some."));
    return;
  }
  ingest::SharedItem item = std::move(write.item);
  item.revision = ++revision_;
  item.time = utcNowNs();
  item.expires = write.ttl.ns > 0 ? item.time + write.ttl.ns : 0;
  if (!keep(item)) {
    done(fail(ErrorCode::Io, "The agent cannot write its shared items; is its disk full?"));
    return;
  }
  item.removed ? void(items_.erase(item.key)) : void(items_[item.key] = item);
  if (watcher_) watcher_(item);
  done(std::vector{item});
}

void LocalStore::onTime(TimeNs now) {
  std::vector<ingest::SharedItem> expired;
  for (const auto& [key, item] : items_) {
    if (item.expires != 0 && item.expires <= now) expired.push_back(item);
  }
  for (auto& item : expired) {
    item.removed = true;
    item.revision = ++revision_;
    keep(item);
    items_.erase(item.key);
    if (watcher_) watcher_(item);
  }
}

}  // namespace qd::daemon
