// SPDX-License-Identifier: Apache-2.0
// HMAC-SHA-256 against the vectors of RFC 4231, and what a proof must depend on.
#include "agent/probe/auth.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

std::string hmac(const std::string& key, const std::string& data) {
  std::array<std::uint8_t, QD_PROOF> out{};
  qd_hmac_sha256(key.data(), key.size(), data.data(), data.size(), out.data());
  std::string hex;
  for (const std::uint8_t byte : out) {
    std::array<char, 3> two{};
    std::snprintf(two.data(), two.size(), "%02x", byte);
    hex += two.data();
  }
  return hex;
}

TEST(Hmac, IsThatOfRfc4231) {
  EXPECT_EQ(hmac(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac(std::string(20, '\xaa'), std::string(50, '\xdd')),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hmac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Proof, DependsOnTheTokenTheSideAndBothNonces) {
  using Bytes = std::array<std::uint8_t, QD_PROOF>;
  const Bytes one{1}, two{2};
  const auto proof = [](const char* token, int agent, const Bytes& probe, const Bytes& other) {
    Bytes out{};
    qd_auth_proof(token, agent, probe.data(), other.data(), out.data());
    return out;
  };
  const Bytes base = proof("token", 0, one, two);
  EXPECT_TRUE(qd_auth_equal(base.data(), proof("token", 0, one, two).data()));
  for (const Bytes& other : {proof("tokem", 0, one, two), proof("token", 1, one, two), proof("token", 0, two, two),
                             proof("token", 0, one, one)}) {
    EXPECT_FALSE(qd_auth_equal(base.data(), other.data()));
  }
}

}  // namespace
