// SPDX-License-Identifier: Apache-2.0
// HMAC-SHA256 over a datagram, with a key a session. The session key is derived from the stage's shared secret and both
// nonces, so it never travels. One Signer belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "stage/netcode/bytes.h"

struct evp_mac_ctx_st;

namespace qd::stage {

using Key = std::array<std::uint8_t, 32>;
using Tag = std::array<std::uint8_t, 32>;

class Signer {
 public:
  explicit Signer(const Key& key);
  Tag sign(BytesView data);
  // Constant-time comparison.
  bool verify(BytesView data, BytesView tag);

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

Key secretFromText(std::string_view text);
Key sessionKey(const Key& secret, std::uint64_t clientNonce, std::uint64_t serverNonce, std::uint32_t session);

}  // namespace qd::stage
