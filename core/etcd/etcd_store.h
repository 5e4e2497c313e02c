// SPDX-License-Identifier: Apache-2.0
// The SharedStore of a cluster: etcd's v3 service (KV with transactions, Lease, Watch) over gRPC, under one prefix. A
// write is one transaction that compares the revision; what is to expire hangs on a lease; the watch goes on at the
// revision where it ended, so a restart of etcd loses nothing. While etcd is away reads answer what was seen last, and
// writes fail with Unavailable. Calls on the owner's thread; everything comes back through `post`. Errors of open:
// InvalidArgument.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/control/shared_store.h"
#include "core/security/tls_options.h"

namespace qd::etcd {

struct EtcdOptions {
  std::string endpoint;  // HOST:PORT
  std::string prefix = "quarterdeck/";
  security::TlsOptions tls;
};

// Hands a job to the owner's thread; false: it has ended.
using Post = std::function<bool(std::function<void()>)>;

Result<std::unique_ptr<control::SharedStore>> openEtcd(const EtcdOptions& options, Post post);

}  // namespace qd::etcd
