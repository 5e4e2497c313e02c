/* SPDX-License-Identifier: Apache-2.0 */
/* How probe and agent show each other over TCP that both hold the same token, without sending it: HMAC-SHA-256
 * (RFC 2104, FIPS 180-4) over the nonces of both. Their own since the probe may depend on nothing; the tests compare it
 * with the vectors of RFC 4231. It authenticates the connection's ends; it does not encrypt what is said. */
#ifndef QUARTERDECK_AGENT_PROBE_AUTH_H_
#define QUARTERDECK_AGENT_PROBE_AUTH_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { QD_NONCE = 32, QD_PROOF = 32 };

void qd_hmac_sha256(const void* key, size_t key_size, const void* data, size_t size, uint8_t out[QD_PROOF]);

/* `by_agent`: the agent's proof, else the probe's. */
void qd_auth_proof(const char* token, int by_agent, const uint8_t probe_nonce[QD_NONCE],
                   const uint8_t agent_nonce[QD_NONCE], uint8_t out[QD_PROOF]);
/* In constant time. */
int qd_auth_equal(const uint8_t a[QD_PROOF], const uint8_t b[QD_PROOF]);

#ifdef __cplusplus
}
#endif

#endif /* QUARTERDECK_AGENT_PROBE_AUTH_H_ */
