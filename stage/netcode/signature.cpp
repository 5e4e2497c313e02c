// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <new>

namespace qd::stage {

void Signer::Free::operator()(evp_mac_ctx_st* context) const {
  EVP_MAC_CTX_free(context);
}

Signer::Signer(const Key& key) {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  context_.reset(mac != nullptr ? EVP_MAC_CTX_new(mac) : nullptr);
  EVP_MAC_free(mac);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  // Only a broken OpenSSL installation or no memory can bring us here; there is no stage without signatures.
  if (!context_ || EVP_MAC_init(context_.get(), key.data(), key.size(), parameters) != 1) throw std::bad_alloc();
}

Tag Signer::sign(BytesView data) {
  Tag tag{};
  std::size_t size = 0;
  EVP_MAC_init(context_.get(), nullptr, 0, nullptr);  // the same key again
  EVP_MAC_update(context_.get(), data.data(), data.size());
  EVP_MAC_final(context_.get(), tag.data(), &size, tag.size());
  return tag;
}

bool Signer::verify(BytesView data, BytesView tag) {
  const Tag expected = sign(data);
  return tag.size() == expected.size() && CRYPTO_memcmp(tag.data(), expected.data(), expected.size()) == 0;
}

Key secretFromText(std::string_view text) {
  return Signer(Key{}).sign(BytesView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

Key sessionKey(const Key& secret, std::uint64_t clientNonce, std::uint64_t serverNonce, std::uint32_t session) {
  Bytes data;
  ByteWriter writer(data);
  writer.fixed(clientNonce);
  writer.fixed(serverNonce);
  writer.fixed(session);
  return Signer(secret).sign(data);
}

}  // namespace qd::stage
