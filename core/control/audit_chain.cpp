// SPDX-License-Identifier: Apache-2.0
#include "core/control/audit_chain.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

namespace qd::control {
namespace {

void put(std::string& out, const std::string& text) {
  out += fmt::format("{}:", text.size());
  out += text;
}

}  // namespace

std::string hashOf(const AuditRecord& record) {
  std::string all = fmt::format("quarterdeck.audit.1 {} {} ", record.number, record.time);
  for (const std::string* field :
       {&record.who, &record.from, &record.what, &record.why, &record.outcome, &record.previous}) {
    put(all, *field);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(all.data(), all.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string AuditVerifier::take(const AuditRecord& record) {
  if (record.number != count_ + 1) {
    return fmt::format("record {} stands where record {} belongs: one is missing, or they were moved", record.number,
                       count_ + 1);
  }
  if (record.previous != hash_) {
    return fmt::format("record {} does not follow the record before it", record.number);
  }
  if (hashOf(record) != record.hash) return fmt::format("record {} was changed: its hash is another", record.number);
  ++count_;
  hash_ = record.hash;
  return {};
}

std::string AuditVerifier::end(std::uint64_t headNumber, const std::string& headHash) const {
  if (count_ == headNumber && (count_ == 0 || hash_ == headHash)) return {};
  if (count_ < headNumber) {
    return fmt::format("it ends at record {}, and the head says {}: the end was cut off", count_, headNumber);
  }
  return fmt::format("it ends at record {}, and the head says {} with another hash", count_, headNumber);
}

std::string againstHead(const std::string& head, const std::vector<AuditRecord>& records) {
  std::uint64_t number = 0;
  std::string hash;
  std::istringstream words(head);
  if (!(words >> number >> hash) || number == 0) return "the head that is kept elsewhere does not read";
  const std::uint64_t last = records.empty() ? 0 : records.back().number;
  if (last < number) {
    return fmt::format("it ends at record {}, and the head that is kept elsewhere says {}: the end was cut off", last,
                       number);
  }
  for (const AuditRecord& record : records) {
    if (record.number != number) continue;
    if (record.hash == hash) return {};
    return fmt::format("record {} is another than the head that is kept elsewhere says: it was replaced", number);
  }
  return fmt::format("record {}, which the head that is kept elsewhere tells of, is missing", number);
}

std::string auditLine(const AuditRecord& r) {
  const nlohmann::ordered_json json = {{"number", r.number},   {"time_ns", r.time},      {"who", r.who},
                                       {"from", r.from},       {"what", r.what},         {"why", r.why},
                                       {"outcome", r.outcome}, {"previous", r.previous}, {"hash", r.hash}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<AuditRecord> auditFromLine(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  AuditRecord out;
  const auto text = [&json](const char* name, std::string& into) {
    if (!json.contains(name) || !json[name].is_string()) return false;
    into = json[name].get<std::string>();
    return true;
  };
  const bool good = json.is_object() && json.contains("number") && json["number"].is_number_unsigned() &&
                    json.contains("time_ns") && json["time_ns"].is_number_integer() && text("who", out.who) &&
                    text("from", out.from) && text("what", out.what) && text("why", out.why) &&
                    text("outcome", out.outcome) && text("previous", out.previous) && text("hash", out.hash);
  if (!good) return fail(ErrorCode::Corrupt, "A line of the audit is no record.");
  out.number = json["number"].get<std::uint64_t>();
  out.time = json["time_ns"].get<std::int64_t>();
  return out;
}

}  // namespace qd::control
