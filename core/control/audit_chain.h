// SPDX-License-Identifier: Apache-2.0
// The hash chain of the audit: each record's hash covers its fields and the hash of the record before it, so that one
// that was flipped, left out, put in or moved is found. That the end is missing shows against the head, which is kept
// beside the chain. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/control/change_order.h"

namespace qd::control {

inline constexpr const char* kNoHash = "0000000000000000000000000000000000000000000000000000000000000000";

// What an agent records of itself when it finds that its audit does not reach to where a head says that it did.
inline constexpr const char* kDamage = "the audit was damaged";
// Does the chain hold the record that a head tells of, which was kept elsewhere ("number hash")? A sentence, or empty.
std::string againstHead(const std::string& head, const std::vector<AuditRecord>& records);

// SHA-256 over each field with its length before it, hexadecimal. Uses everything but `hash`.
std::string hashOf(const AuditRecord& record);

// Walks a chain in order. The first thing that is wrong ends it.
class AuditVerifier {
 public:
  // One sentence, or empty: the record follows those before it.
  std::string take(const AuditRecord& record);
  // After the last one: does it end where the head says?
  std::string end(std::uint64_t headNumber, const std::string& headHash) const;
  std::uint64_t count() const { return count_; }

 private:
  std::uint64_t count_ = 0;
  std::string hash_ = kNoHash;
};

// One line of JSON without its newline, and back. Errors: Corrupt.
std::string auditLine(const AuditRecord& record);
Result<AuditRecord> auditFromLine(const std::string& line);

}  // namespace qd::control
