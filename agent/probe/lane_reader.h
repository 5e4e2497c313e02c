/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's side of a sample lane: takes a received memfd, refuses it unless it is sealed and well-formed, and drains
 * its rings. The mapping is treated as hostile: the layout is copied and checked once, every index is bounds-checked on
 * every read, records and blobs are copied to private memory before anybody looks at them, and the reader keeps its own
 * tails (written into the mapping only so that the probe knows of free space and a later agent can go on).
 *
 * Ownership: qd_lane_open owns the descriptor from the call on, success or not. Thread: one thread a lane at a time;
 * the orders at the end may be given by any thread. Errors: one sentence in `error`. */
#ifndef QUARTERDECK_AGENT_PROBE_LANE_READER_H_
#define QUARTERDECK_AGENT_PROBE_LANE_READER_H_

#include "agent/probe/wire.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qd_lane qd_lane;

/* A record with its context resolved, so that it stands for itself. */
typedef struct qd_lane_item {
  uint64_t index;   /* in its ring: with instance and ring, the identity */
  uint64_t tick;    /* running tick; frame number in an editor; 0 before the first */
  uint64_t time_ns; /* of that tick; of the blob itself for blobs; of the stop for PARK and RESUME */
  uint64_t value;   /* I64, F64: the raw bits · FRAME: render tick 48.16 · GAP: records lost · PARK, RESUME: epoch */
  uint32_t type;    /* qd_record_type; never STAMP or FRAME_TICKS, those are folded in */
  uint32_t series;  /* I64, F64: handle < 4096 · BLOB: qd_blob_type · RESUME: qd_resume_reason */
  uint64_t predicted_tick; /* FRAME */
  uint32_t blob_bytes;     /* BLOB: payload without qd_blob_header */
  uint32_t blob_offset;    /* into qd_lane_blobs(), valid until the next read of this lane */
} qd_lane_item;

/* instance: what the hello said; NULL is returned when the lane says otherwise. */
qd_lane* qd_lane_open(int memfd, uint64_t instance, char* error, size_t error_size);
void qd_lane_close(qd_lane* lane);

uint32_t qd_lane_rings(const qd_lane* lane);
uint64_t qd_lane_bytes(const qd_lane* lane);
/* 1 when a thread has or had it; name gets at most QD_RING_NAME bytes, NUL included. */
int qd_lane_ring_name(const qd_lane* lane, uint32_t ring, char name[QD_RING_NAME]);
uint64_t qd_lane_tail(const qd_lane* lane, uint32_t ring);
/* What the probe has written up to now (its word, unchecked: a bound, not an index). One drain reads up to here and no
 * further: a reader that goes on until nothing is left runs after the writer, and takes from it the cache lines of each
 * record that it is about to write. */
uint64_t qd_lane_head(const qd_lane* lane, uint32_t ring);
/* How full it is for the probe, of 1,024: what it has written and has not been told is free, of the records or of the
 * blobs, whichever is fuller. A hint: both ends of it stand in the mapping. */
uint32_t qd_lane_fill(const qd_lane* lane, uint32_t ring);

/* Takes up to `max` items of one ring and at most 4 MiB of blobs. Returns how many; 0 when there is nothing; -1 when
 * the ring is broken (an index outside of it, an unknown record type, …): it is then not read any more. */
int64_t qd_lane_read(qd_lane* lane, uint32_t ring, qd_lane_item* out, size_t max);
/* Bytes of the blobs of the last qd_lane_read; 8-aligned at each blob_offset. */
const uint8_t* qd_lane_blobs(const qd_lane* lane);
/* Tells the probe what was read up to now (after the items are safe in the log). Without it the ring fills up. */
void qd_lane_commit(qd_lane* lane, uint32_t ring);

typedef struct qd_lane_counts {
  uint64_t dropped_records, dropped_blobs, suppressed_logs;
} qd_lane_counts;
void qd_lane_get_counts(const qd_lane* lane, uint32_t ring, qd_lane_counts* out);

/* A copy; a hint only, since a hostile probe can write anything. */
void qd_lane_get_status(const qd_lane* lane, qd_lane_status* out);

/* ---- orders ---- */
void qd_lane_poke(qd_lane* lane); /* after writing frames to the stream */
/* Stop at the boundary of domain tick ≥ tick (0: the next boundary). stop_id comes back in PARKED. */
void qd_lane_stop(qd_lane* lane, uint64_t tick, uint64_t stop_id);
void qd_lane_renew(qd_lane* lane);  /* every 500 ms while the stop is held */
void qd_lane_resume(qd_lane* lane); /* cancels a pending stop too */
/* Resume, and stop again at `until_tick` (parked tick + N steps). */
void qd_lane_step(qd_lane* lane, uint64_t until_tick, uint64_t stop_id);

#ifdef __cplusplus
}
#endif

#endif /* QUARTERDECK_AGENT_PROBE_LANE_READER_H_ */
