/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles as strict C99: the public headers and the fast path, and the layout both sides rely on. */
#include "agent/probe/expr.h"
#include "agent/probe/frames.h"
#include "agent/probe/lane_reader.h"
#include "agent/probe/qd.h"

typedef char ring_header_is_512_bytes[sizeof(qd_ring_header) == QD_RING_HEADER_BYTES ? 1 : -1];
typedef char producer_at_128[offsetof(qd_ring_header, head) == 128 ? 1 : -1];
typedef char consumer_at_256[offsetof(qd_ring_header, tail) == 256 ? 1 : -1];
typedef char status_at_128[offsetof(qd_lane_header, status) == 128 ? 1 : -1];
typedef char orders_at_256[offsetof(qd_lane_header, orders) == 256 ? 1 : -1];
typedef char header_fits_its_page[sizeof(qd_lane_header) <= QD_LANE_PAGE ? 1 : -1];
typedef char entity_is_56_bytes[sizeof(qd_entity) == 56 ? 1 : -1];
typedef char entities_header_is_24_bytes[sizeof(qd_entities_header) == 24 ? 1 : -1];
typedef char blob_header_is_16_bytes[sizeof(qd_blob_header) == 16 ? 1 : -1];

void sample_from_c(qd_probe* probe, qd_site* site);
void sample_from_c(qd_probe* probe, qd_site* site) {
  qd_field fields[1];
  fields[0] = qd_kv("n", qd_i64(1));
  qd_sample_i64(probe, 0, 1);
  qd_sample_f64(probe, 0, 1.0);
  if (qd_site_enabled(site)) qd_site_hit(probe, site, fields, 1);
}
