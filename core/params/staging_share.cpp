// SPDX-License-Identifier: Apache-2.0
#include "core/params/staging_share.h"

#include <nlohmann/json.hpp>

namespace qd::params {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostShared = 500;  // edits of one console

std::string encode(const std::vector<StagedEdit>& edits) {
  Json list = Json::array();
  for (const StagedEdit& edit : edits) {
    if (list.size() == kMostShared) break;
    list.push_back(
        {{"process", edit.process.value}, {"name", edit.name}, {"from", toText(edit.from)}, {"to", toText(edit.to)}});
  }
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::optional<control::SharedWrite> StagingShare::due(const std::vector<StagedEdit>& edits, TimeNs now) {
  const std::string text = edits.empty() ? std::string() : encode(edits);
  if (text == written_ && (text.empty() || now < renewAt_)) return std::nullopt;
  control::SharedWrite write;
  write.item.key = key_;
  write.item.value = text;
  write.item.who = who_;
  write.item.removed = text.empty();
  write.ttl.ns = text.empty() ? 0 : kLease;
  written_ = text;
  renewAt_ = now + kRenewEvery;
  return write;
}

std::vector<OthersEdit> StagingShare::others(const std::vector<ingest::SharedItem>& items, TimeNs now) const {
  std::vector<OthersEdit> out;
  for (const ingest::SharedItem& item : items) {
    // The agent's clock may be a little ahead or behind.
    const bool over = item.expires != 0 && item.expires + kLease < now;
    if (item.key == key_ || over || !item.key.starts_with(kStagedPrefix)) continue;
    const Json list = Json::parse(item.value, nullptr, false);
    if (!list.is_array()) continue;
    for (const Json& edit : list) {
      try {
        out.push_back({item.who, ProcessId(edit.at("process").get<std::string>()), edit.at("name").get<std::string>(),
                       edit.at("to").get<std::string>(), edit.value("from", std::string())});
      } catch (const Json::exception&) {
        continue;  // of a newer or a broken console
      }
    }
  }
  return out;
}

}  // namespace qd::params
