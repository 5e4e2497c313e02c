// SPDX-License-Identifier: Apache-2.0
#include "core/params/ledger.h"

#include <algorithm>

namespace qd::params {
namespace {

bool isOutcome(ingest::PushStatus status) {
  return status == ingest::PushStatus::Applied || status == ingest::PushStatus::Rejected;
}

bool applied(const PushRecord& record) {
  return std::any_of(record.results.begin(), record.results.end(),
                     [](const ingest::PushResult& r) { return r.status == ingest::PushStatus::Applied; });
}

}  // namespace

PushRecord& Ledger::open(const std::string& pushId, TimeNs time, std::uint64_t batch) {
  if (PushRecord* known = find(pushId)) return *known;
  entries_.push_back({PushRecord{.pushId = pushId, .time = time, .who = {}, .comment = {}, .results = {}}, batch});
  if (entries_.size() > kMost) entries_.pop_front();
  return entries_.back().record;
}

PushRecord* Ledger::find(const std::string& pushId) {
  const auto found =
      std::find_if(entries_.rbegin(), entries_.rend(), [&](const Entry& e) { return e.record.pushId == pushId; });
  return found == entries_.rend() ? nullptr : &found->record;
}

void Ledger::put(const ingest::PushResult& result, TimeNs received) {
  PushRecord& record = open(result.pushId, result.time != 0 ? result.time : received, 0);
  if (record.who.empty()) record.who = result.who;
  if (record.comment.empty()) record.comment = result.comment;
  const auto known = std::find_if(record.results.begin(), record.results.end(),
                                  [&](const ingest::PushResult& r) { return r.process.id == result.process.id; });
  if (known == record.results.end()) {
    record.results.push_back(result);
  } else if (isOutcome(result.status) || !isOutcome(known->status)) {
    std::vector<ingest::ParameterResult> parameters = std::move(known->parameters);
    *known = result;
    if (result.parameters.empty()) known->parameters = std::move(parameters);
  }
}

std::vector<PushRecord> Ledger::all() const {
  std::vector<PushRecord> result;
  result.reserve(entries_.size());
  for (const Entry& entry : entries_) result.push_back(entry.record);
  return result;
}

std::vector<PushRecord> Ledger::lastApplied() const {
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(), [](const Entry& e) { return applied(e.record); });
  if (last == entries_.rend()) return {};
  if (last->batch == 0) return {last->record};
  std::vector<PushRecord> result;
  for (const Entry& entry : entries_) {
    if (entry.batch == last->batch && applied(entry.record)) result.push_back(entry.record);
  }
  return result;
}

}  // namespace qd::params
