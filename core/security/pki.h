// SPDX-License-Identifier: Apache-2.0
// A certificate authority and certificates for a first cluster, what `qdctl pki init|issue` does: P-256 keys, the role
// in a URI SAN, keys readable by their owner only. Files in one folder: ca.pem, ca.key, NAME.pem, NAME.key; none is
// ever overwritten. Errors: InvalidArgument for a name or host that cannot stand in a certificate, Conflict for a file
// that exists, Io, NotFound (no CA in the folder). Blocks on disk; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/security/role.h"

namespace qd::security {

struct IssuedFiles {
  std::string certificate, key;
};

struct IssueOrder {
  std::string name;                // common name, and the files'
  std::vector<Role> roles;         // of a client, or Agent for an agent
  std::vector<std::string> hosts;  // DNS names and addresses that an agent is reached by
  int days = 365;
};

Result<IssuedFiles> createAuthority(const std::string& folder, const std::string& name, int days = 3650);
Result<IssuedFiles> issueCertificate(const std::string& folder, const IssueOrder& order);

}  // namespace qd::security
