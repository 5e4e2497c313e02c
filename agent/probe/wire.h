/* SPDX-License-Identifier: Apache-2.0 */
/* What probe and agent say to each other: the layout of the shared sample lane, and the frame types of the control
 * stream. Plain structs and constants in host byte order (lane) and little-endian (frames); no code.
 *
 * Stream: an AF_UNIX SOCK_STREAM. A frame is {u32 payload bytes ≤ QD_FRAME_MAX, u16 type, u16 zero, payload}; payloads
 * stand in frames.h. The probe sends HELLO with the lane's memfd attached (SCM_RIGHTS) and waits for WELCOME or
 * REFUSED; after WELCOME it sends everything it has declared, then DECLARED, then a PARKED if it stands parked.
 *
 * Over TCP (no memfd to pass) the same frames travel, and the lane's content beside them. The agent speaks first:
 * CHALLENGE. The probe answers STREAM (its proof, the sizes of its rings, where it stands in them), then HELLO; the
 * agent its PROOF before the WELCOME. From DECLARED on the probe sends BLOBS and RECORDS of each ring in order, RING
 * when a ring's owner or counters changed, STATUS once a tick; the agent builds a lane of its own from them, reads that
 * as it reads a shared one, and sends TAILS (what is safe with it; only then the probe forgets it) and ORDERS (the
 * agent's half of the lane header, whenever it changed). PING and PONG measure the offset of the two clocks. Records
 * and blobs are little-endian there too.
 *
 * Lane: page 0 is qd_lane_header, then ring_count × qd_ring_header, then the rings. The probe writes what is marked P,
 * the agent what is marked A; each treats what the other writes as hostile. All shared words are accessed atomically.
 * The memory stays readable after the probe's death, the seals forbid that it shrinks or grows.
 *
 * Record (16 bytes): word = type (bits 0–7) | payload (bits 16–63), and value (64 bits). `head`, `tail` count records
 * from the start of the ring's life; slot = index mod capacity. A record's identity is (instance, ring, index). */
#ifndef QUARTERDECK_AGENT_PROBE_WIRE_H_
#define QUARTERDECK_AGENT_PROBE_WIRE_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QD_LANE_MAGIC UINT64_C(0x31454e414c445100) /* "\0QDLANE1" */
#define QD_STOP_NONE UINT64_MAX

enum {
  QD_PROTOCOL = 1,
  QD_PROTOCOL_OLDEST = 1,
  QD_HELLO_MAGIC = 0x31504451, /* "QDP1" */
  QD_FRAME_MAX = 1 << 20,
  QD_FRAME_HEAD = 8,
  QD_LANE_VERSION = 1,
  QD_LANE_PAGE = 4096,
  QD_LANE_MAX_BYTES = 256 << 20,
  QD_RING_HEADER_BYTES = 512,
  QD_RING_MIN_RECORDS = 256,
  QD_RING_NAME = 32,
  QD_STREAM_RECORDS = 4096,   /* the most in one RECORDS */
  QD_STREAM_PIECE = 256 << 10 /* the most bytes in one BLOBS */
};

/* Stop orders. All of them hold at the next boundary (qd_tick_end / qd_frame_end) whose tick is ≥ stop_tick; for an
 * editor the render tick counts. 0 is "stop now", QD_STOP_NONE none. To resume: set stop_tick to QD_STOP_NONE (or, to
 * step N, to parked_tick + N), then add 1 to resume_seq, then add 1 to park_word and FUTEX_WAKE it (not private).
 * Everything here is written by the agent only; the probe alone may set stop_tick back to QD_STOP_NONE, when it gives
 * up on the agent. */
typedef struct qd_lane_orders {
  uint32_t
      control_word;   /* A: +1 after frames were written to the stream, so that the probe reads them at its next tick */
  uint32_t park_word; /* A: futex of a parked thread; +1 and wake to make it look */
  uint32_t lease;     /* A: +1 every 500 ms while the stop is held; unchanged for 2 s = orphaned */
  uint32_t resume_seq; /* A: +1 to resume */
  uint64_t stop_tick;  /* A */
  uint64_t stop_id;    /* A: written before stop_tick; given back in PARKED */
} qd_lane_orders;

typedef enum qd_lane_state { QD_STATE_RUNNING = 0, QD_STATE_PARKED = 1, QD_STATE_CLOSED = 2 } qd_lane_state;

typedef struct qd_lane_status {
  uint32_t state;       /* P: qd_lane_state */
  uint32_t epoch;       /* P: +1 per resume */
  uint64_t tick;        /* P: running tick (server) or frame number (editor) */
  uint64_t tick_ns;     /* P: its time */
  uint64_t render_tick; /* P: 48.16, editors */
  uint64_t parked_tick; /* P: while parked; the domain's tick */
  uint64_t parked_ns;   /* P: when it parked */
} qd_lane_status;

/* Constant ones stand first; the others each on cache lines of their own writer. */
typedef struct qd_lane_header {
  uint64_t magic;
  uint32_t version;
  uint32_t ring_count;
  uint64_t total_bytes;
  uint64_t instance;
  uint8_t pad0[96];
  qd_lane_status status; /* at 128 */
  uint8_t pad1[80];
  qd_lane_orders orders; /* at 256 */
} qd_lane_header;

typedef enum qd_ring_state { QD_RING_FREE = 0, QD_RING_USED = 1, QD_RING_RELEASED = 2 } qd_ring_state;

typedef struct qd_ring_header {
  uint64_t record_offset; /* from the start of the mapping */
  uint64_t record_count;  /* capacity, a power of two */
  uint64_t blob_offset;
  uint64_t blob_bytes; /* capacity, a power of two */
  uint32_t state;      /* P: qd_ring_state */
  uint32_t thread;     /* P: kernel thread id, for people */
  char name[QD_RING_NAME];
  uint8_t pad0[56];
  uint64_t head;            /* P, at 128 */
  uint64_t blob_head;       /* P: bytes, as positions in BLOB records */
  uint64_t dropped;         /* P: records that found the ring full, in total */
  uint64_t dropped_blobs;   /* P */
  uint64_t suppressed_logs; /* P */
  uint8_t pad1[88];
  uint64_t tail;      /* A, at 256: records consumed; a new agent goes on from here */
  uint64_t blob_tail; /* A: everything before it may be overwritten */
  uint8_t pad2[240];
} qd_ring_header;

typedef enum qd_record_type {
  QD_REC_I64 = 1,         /* payload: series; value: raw */
  QD_REC_F64 = 2,         /* payload: series; value: bits */
  QD_REC_TICK = 3,        /* payload: tick (48 bits); value: monotonic ns. Valid for what follows in this ring */
  QD_REC_STAMP = 4,       /* the same in a worker's ring or at its start: not a tick of its own */
  QD_REC_FRAME = 5,       /* editors: payload: frame number; value: monotonic ns. Always followed by FRAME_TICKS */
  QD_REC_FRAME_TICKS = 6, /* payload: predicted tick; value: render tick 48.16 */
  QD_REC_BLOB = 7,        /* payload: bytes, qd_blob_header included; value: position in the blob ring */
  QD_REC_GAP = 8,         /* value: records dropped here because the ring was full */
  QD_REC_PARK = 9,        /* payload: epoch; value: monotonic ns */
  QD_REC_RESUME = 10,     /* payload: epoch (the new one) << 8 | qd_resume_reason; value: monotonic ns */
  QD_REC_TICK_END = 11    /* payload: tick; value: 0. Everything of this tick on the game thread stands before it */
} qd_record_type;

/* Blobs lie contiguous: position mod blob_bytes is where it starts, and it never wraps. */
typedef enum qd_blob_type {
  QD_BLOB_ENTITIES = 1, /* qd_entities_header, then count × qd_entity */
  QD_BLOB_EVENT = 2,    /* as frames.h: name, u16 count, fields */
  QD_BLOB_LOG = 3,      /* as frames.h: u8 level, u32 suppressed before this one, category, text */
  QD_BLOB_SEGMENT = 4   /* as frames.h: domain, reason */
} qd_blob_type;

typedef struct qd_blob_header {
  uint32_t bytes; /* of what follows */
  uint16_t type;
  uint16_t zero;
  uint64_t time_ns; /* its own time: of the call for events and logs, of the tick for entities */
} qd_blob_header;

typedef struct qd_entities_header {
  uint64_t tick;        /* running tick, or the frame number in an editor */
  uint64_t render_tick; /* 48.16; for authoritative frames tick << 16 */
  uint32_t count;
  uint32_t kind; /* qd_entity_kind */
} qd_entities_header;

/* Frame types. */
typedef enum qd_frame_type {
  QD_F_HELLO = 1, /* probe → agent */
  QD_F_SERIES = 2,
  QD_F_SERIES_END = 3,
  QD_F_PARAM = 4,
  QD_F_PARAM_VALUE = 5,
  QD_F_SITE = 6,
  QD_F_ACTION = 7,
  QD_F_DECLARED = 8, /* no payload: all declarations known so far have been sent */
  QD_F_ARM_RESULT = 9,
  QD_F_DISARMED = 10,
  QD_F_HIT = 11,
  QD_F_PARKED = 12,
  QD_F_RESUMED = 13,
  QD_F_PUSH_RESULT = 14,
  QD_F_ACTION_RESULT = 15,
  QD_F_BYE = 16,     /* no payload: closed in order */
  QD_F_STREAM = 17,  /* these: over TCP only */
  QD_F_RECORDS = 18, /* records of 16 bytes follow the head */
  QD_F_BLOBS = 19,   /* bytes of the blob ring follow the head */
  QD_F_RING = 20,
  QD_F_STATUS = 21,
  QD_F_PONG = 22,

  QD_F_WELCOME = 64, /* agent → probe */
  QD_F_REFUSED = 65,
  QD_F_PUSH = 66,
  QD_F_QUERY = 67,
  QD_F_ARM = 68,
  QD_F_DISARM = 69, /* empty id: all */
  QD_F_ACTION_RUN = 70,
  QD_F_CHALLENGE = 71, /* these: over TCP only */
  QD_F_PROOF = 72,
  QD_F_ORDERS = 73,
  QD_F_TAILS = 74,
  QD_F_PING = 75
} qd_frame_type;

typedef enum qd_refusal {
  QD_REFUSED_DUPLICATE = 1,
  QD_REFUSED_PROTOCOL = 2,
  QD_REFUSED_BAD_HELLO = 3,
  QD_REFUSED_LANE = 4,
  QD_REFUSED_FULL = 5,
  QD_REFUSED_TOKEN = 6
} qd_refusal;
typedef enum qd_stop_cause { QD_STOP_ORDER = 1, QD_STOP_SITE = 2 } qd_stop_cause;
typedef enum qd_resume_reason {
  QD_RESUME_ASKED = 1,
  QD_RESUME_ORPHANED = 2,
  QD_RESUME_MAXIMUM = 3,
  QD_RESUME_CLOSING = 4
} qd_resume_reason;
typedef enum qd_arm_mode { QD_ARM_STOP = 1, QD_ARM_LOG = 2, QD_ARM_CAPTURE = 3 } qd_arm_mode;
typedef enum qd_arm_status { QD_ARM_VERIFIED = 1, QD_ARM_REJECTED = 2 } qd_arm_status;
typedef enum qd_disarm_reason {
  QD_DISARM_ASKED = 1,
  QD_DISARM_ORPHANED = 2,
  QD_DISARM_SPENT = 3, /* a capture was taken, or max_hits reached */
  QD_DISARM_MAXIMUM = 4
} qd_disarm_reason;
typedef enum qd_outcome { QD_APPLIED = 1, QD_REJECTED = 2, QD_UNKNOWN = 3, QD_FAILED = 4 } qd_outcome;
typedef enum qd_query_kind { QD_QUERY_PUSH = 1, QD_QUERY_ACTION = 2 } qd_query_kind;
typedef enum qd_change_cause { QD_CHANGED_BY_GAME = 1, QD_CHANGED_BY_PUSH = 2 } qd_change_cause;

#ifdef __cplusplus
}
#endif

#endif /* QUARTERDECK_AGENT_PROBE_WIRE_H_ */
