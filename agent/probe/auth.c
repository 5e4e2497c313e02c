/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/auth.h"

#include <string.h>

static const uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

struct sha {
  uint32_t h[8];
  uint8_t block[64];
  uint64_t bytes;
};

static uint32_t rotate(uint32_t v, int by) {
  return v >> by | v << (32 - by);
}

static void digest_block(struct sha* s) {
  uint32_t w[64], v[8];
  int i;
  for (i = 0; i < 16; i++)
    w[i] = (uint32_t)s->block[4 * i] << 24 | (uint32_t)s->block[4 * i + 1] << 16 | (uint32_t)s->block[4 * i + 2] << 8 |
           s->block[4 * i + 3];
  for (; i < 64; i++)
    w[i] = w[i - 16] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
           (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
  memcpy(v, s->h, sizeof v);
  for (i = 0; i < 64; i++) {
    uint32_t a = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) +
                 kRound[i] + w[i];
    uint32_t b =
        (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += a;
    v[0] = a + b;
  }
  for (i = 0; i < 8; i++) s->h[i] += v[i];
}

static void begin(struct sha* s) {
  static const uint32_t kStart[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(s->h, kStart, sizeof kStart);
  s->bytes = 0;
}

static void add(struct sha* s, const void* data, size_t size) {
  const uint8_t* at = (const uint8_t*)data;
  while (size-- > 0) {
    s->block[s->bytes++ & 63] = *at++;
    if ((s->bytes & 63) == 0) digest_block(s);
  }
}

static void end(struct sha* s, uint8_t out[32]) {
  static const uint8_t kOne = 0x80, kZero = 0;
  uint8_t bits[8];
  int i;
  for (i = 0; i < 8; i++) bits[i] = (uint8_t)(s->bytes * 8 >> (56 - 8 * i));
  add(s, &kOne, 1);
  while ((s->bytes & 63) != 56) add(s, &kZero, 1);
  add(s, bits, sizeof bits);
  for (i = 0; i < 32; i++) out[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void qd_hmac_sha256(const void* key, size_t key_size, const void* data, size_t size, uint8_t out[QD_PROOF]) {
  uint8_t pad[64] = {0}, inner[32];
  struct sha s;
  int i;
  if (key_size > sizeof pad) {
    begin(&s);
    add(&s, key, key_size);
    end(&s, pad);
  } else if (key_size) {
    memcpy(pad, key, key_size);
  }
  for (i = 0; i < 64; i++) pad[i] ^= 0x36;
  begin(&s);
  add(&s, pad, sizeof pad);
  add(&s, data, size);
  end(&s, inner);
  for (i = 0; i < 64; i++) pad[i] ^= 0x36 ^ 0x5c;
  begin(&s);
  add(&s, pad, sizeof pad);
  add(&s, inner, sizeof inner);
  end(&s, out);
}

void qd_auth_proof(const char* token, int by_agent, const uint8_t probe_nonce[QD_NONCE],
                   const uint8_t agent_nonce[QD_NONCE], uint8_t out[QD_PROOF]) {
  static const char kProbe[] = "quarterdeck probe", kAgent[] = "quarterdeck agent"; /* of one length */
  uint8_t said[sizeof kProbe + 2 * QD_NONCE];
  memcpy(said, by_agent ? kAgent : kProbe, sizeof kProbe);
  memcpy(said + sizeof kProbe, probe_nonce, QD_NONCE);
  memcpy(said + sizeof kProbe + QD_NONCE, agent_nonce, QD_NONCE);
  qd_hmac_sha256(token, strlen(token), said, sizeof said, out);
}

int qd_auth_equal(const uint8_t a[QD_PROOF], const uint8_t b[QD_PROOF]) {
  int i, differs = 0;
  for (i = 0; i < QD_PROOF; i++) differs |= a[i] ^ b[i];
  return differs == 0;
}
