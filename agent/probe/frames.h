/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the control stream, encoded and decoded; used alike by probe, agent and tests.
 *
 * Primitive encodings: integers little-endian; f64 its bits; text u16 length + bytes; a value u8 qd_type + (bool u8 ·
 * i64, duration i64 · f64 · string, enum text · vec u8 n + n × f64 · none nothing). A struct's members travel in the
 * order of their declaration; one that ends in `uint16_t count` is followed by that many items, each read or written by
 * the function named beside it. Unknown bytes at the end of a payload are ignored (room for newer peers).
 *
 * Ownership: decoded texts and values point into the frame's bytes. Errors stick: a writer or cursor that failed once
 * stays failed and yields zeros; look at `failed` at the end. Thread: no shared state. */
#ifndef QUARTERDECK_AGENT_PROBE_FRAMES_H_
#define QUARTERDECK_AGENT_PROBE_FRAMES_H_

#include "agent/probe/qd.h"
#include "agent/probe/wire.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qd_str {
  const char* data;
  uint32_t size;
} qd_str;

qd_str qd_str_of(const char* text); /* NULL gives "" */
int qd_str_is(qd_str s, const char* text);
int qd_str_equal(qd_str a, qd_str b);
/* Copies with a NUL, cutting what does not fit. Returns `to`. */
char* qd_str_copy(char* to, size_t size, qd_str s);
int qd_id_valid(qd_str id); /* [A-Za-z0-9._-]{1,64} */

/* ---- writing ---- */

/* Grows by realloc up to max_bytes. Zero-initialise, set max_bytes; qd_writer_free at the end. */
typedef struct qd_writer {
  uint8_t* data;
  uint32_t size, capacity, max_bytes;
  uint32_t frame; /* where the open frame starts */
  int failed;
} qd_writer;

void qd_writer_free(qd_writer* w);
void qd_put_u8(qd_writer* w, uint8_t v);
void qd_put_u16(qd_writer* w, uint16_t v);
void qd_put_u32(qd_writer* w, uint32_t v);
void qd_put_u64(qd_writer* w, uint64_t v);
void qd_put_f64(qd_writer* w, double v);
void qd_put_str(qd_writer* w, qd_str s); /* over 65,535 bytes: cut */
void qd_put_value(qd_writer* w, const qd_value* v);
void qd_put_raw(qd_writer* w, const void* data, uint32_t size);
void qd_frame_start(qd_writer* w, qd_frame_type type);
/* Writes the length. A frame that is too large or failed is taken back whole: -1, and the writer is usable again. */
int qd_frame_finish(qd_writer* w);

/* ---- reading ---- */

typedef struct qd_cursor {
  const uint8_t* at;
  const uint8_t* end;
  int failed;
} qd_cursor;

typedef struct qd_frame {
  uint16_t type;
  qd_cursor body;
} qd_frame;

/* Cuts one frame off the front. Returns the bytes it took, 0 when more are needed, -1 when the peer is broken. */
int64_t qd_frame_next(const uint8_t* data, size_t size, qd_frame* out);
qd_cursor qd_cursor_of(const void* data, size_t size);
uint8_t qd_get_u8(qd_cursor* c);
uint16_t qd_get_u16(qd_cursor* c);
uint32_t qd_get_u32(qd_cursor* c);
uint64_t qd_get_u64(qd_cursor* c);
double qd_get_f64(qd_cursor* c);
qd_str qd_get_str(qd_cursor* c);
qd_value qd_get_value(qd_cursor* c);

/* ---- list items ---- */

typedef struct qd_pair_item {
  qd_str key, value;
} qd_pair_item;
typedef struct qd_field_item {
  qd_str name;
  qd_value value;
} qd_field_item;
typedef struct qd_arg_item {
  qd_str name;
  uint8_t type; /* qd_type */
  uint8_t required;
  qd_str description;
} qd_arg_item;
typedef struct qd_push_item {
  qd_str name;
  uint8_t has_expected;
  uint64_t expected; /* version that the sender believes in */
  qd_value value;
} qd_push_item;
typedef struct qd_result_item {
  qd_str name;
  uint8_t status;         /* QD_APPLIED or QD_REJECTED */
  qd_value before, after; /* rejected: both the value in force */
  uint64_t version;
  qd_str reason;
} qd_result_item;

/* One ring of a streamed lane. */
typedef struct qd_stream_ring {
  uint64_t records, blob_bytes;        /* capacities, powers of two */
  uint64_t tail, blob_tail;            /* what the probe sends next stands here */
  uint64_t context_tick, context_time; /* of the last tick before it */
} qd_stream_ring;
typedef struct qd_tail_item {
  uint32_t ring;
  uint64_t tail, blob_tail; /* everything before them is safe with the agent */
} qd_tail_item;

void qd_put_stream_ring(qd_writer* w, const qd_stream_ring* v);
void qd_put_tail(qd_writer* w, const qd_tail_item* v);
int qd_get_stream_ring(qd_cursor* c, qd_stream_ring* out);
int qd_get_tail(qd_cursor* c, qd_tail_item* out);
void qd_put_pair(qd_writer* w, const qd_pair_item* v);
void qd_put_field(qd_writer* w, const qd_field_item* v);
void qd_put_arg(qd_writer* w, const qd_arg_item* v);
void qd_put_push_item(qd_writer* w, const qd_push_item* v);
void qd_put_result_item(qd_writer* w, const qd_result_item* v);
/* 1, or 0 when the frame is broken. Call exactly `count` times. */
int qd_get_pair(qd_cursor* c, qd_pair_item* out);
int qd_get_field(qd_cursor* c, qd_field_item* out);
int qd_get_arg(qd_cursor* c, qd_arg_item* out);
int qd_get_push_item(qd_cursor* c, qd_push_item* out);
int qd_get_result_item(qd_cursor* c, qd_result_item* out);

/* ---- probe → agent ---- */

typedef struct qd_hello {
  uint32_t magic;                     /* QD_HELLO_MAGIC */
  uint16_t protocol, oldest_protocol; /* spoken: oldest..protocol */
  qd_str id;
  uint8_t kind; /* qd_kind */
  qd_str name, domain;
  double tick_hz;
  qd_str build_version, build_commit, build_id;
  uint64_t instance;
  uint32_t pid;
  uint64_t monotonic_ns, utc_ns; /* read together */
  uint64_t lane_bytes;
  qd_str language; /* "c", "go", … */
  uint16_t count;  /* labels: qd_pair_item */
} qd_hello;

typedef struct qd_series_msg {
  uint32_t handle;
  qd_str name, unit;
  uint8_t is_f64;
  int8_t scale;
  qd_str description;
  uint8_t has_budget;
  double budget;
  uint16_t count; /* dims: qd_pair_item */
} qd_series_msg;

typedef struct qd_series_end_msg {
  uint32_t handle;
  uint64_t tick;
} qd_series_end_msg;

typedef struct qd_param_msg {
  qd_str name;
  uint8_t type; /* qd_type */
  qd_str unit, group, description;
  uint8_t risk, effect; /* qd_risk, qd_effect */
  qd_value min, max, step, initial, value;
  uint64_t version;
  uint16_t count; /* choices: qd_str by qd_get_str / qd_put_str */
} qd_param_msg;

typedef struct qd_param_value_msg {
  qd_str name;
  qd_value value;
  uint64_t version, tick, time_ns;
  uint8_t cause;  /* qd_change_cause */
  qd_str push_id; /* when pushed */
} qd_param_value_msg;

typedef struct qd_site_msg {
  qd_str name, file;
  uint32_t line;
  qd_str fields; /* comma-separated; "" when not known */
} qd_site_msg;

typedef struct qd_action_msg {
  qd_str name, description;
  uint8_t risk;
  uint16_t count; /* qd_arg_item */
} qd_action_msg;

typedef struct qd_arm_result {
  qd_str id;
  uint64_t revision;
  uint8_t status; /* qd_arm_status */
  qd_str reason, site, file;
  uint32_t line;
} qd_arm_result;

typedef struct qd_disarmed {
  qd_str id;
  uint8_t reason; /* qd_disarm_reason */
} qd_disarmed;

typedef struct qd_hit_msg {
  qd_str id; /* breakpoint */
  uint64_t revision;
  qd_str site, ring; /* ring: the thread's name */
  uint64_t hit;      /* how often the condition held, this one included */
  uint64_t tick;     /* the domain's tick: running (server), whole render tick (editor) */
  uint64_t render_tick, time_ns;
  uint32_t epoch;
  uint8_t mode; /* qd_arm_mode */
  uint8_t stops;
  uint32_t suppressed; /* hits not reported before this one, rate-limited */
  uint16_t count;      /* context: qd_field_item */
} qd_hit_msg;

typedef struct qd_parked {
  uint64_t tick, render_tick, time_ns; /* tick: the domain's */
  uint32_t epoch;
  uint64_t stop_id; /* of the order; 0 when a site hit alone stopped it */
  uint8_t cause;    /* qd_stop_cause */
  qd_str id;        /* breakpoint, when a site */
} qd_parked;

typedef struct qd_resumed {
  uint64_t tick, time_ns;
  uint32_t epoch; /* the new one */
  uint8_t reason; /* qd_resume_reason */
  uint64_t parked_ns;
} qd_resumed;

typedef struct qd_push_result {
  qd_str id;
  uint8_t status; /* QD_APPLIED, QD_REJECTED, QD_UNKNOWN */
  uint64_t tick, time_ns;
  qd_str reason;
  uint16_t count; /* qd_result_item */
} qd_push_result;

typedef struct qd_action_result {
  qd_str id, name;
  uint8_t status; /* QD_APPLIED (done), QD_FAILED, QD_REJECTED, QD_UNKNOWN */
  uint64_t tick, time_ns;
  qd_str text;
} qd_action_result;

/* ---- agent → probe ---- */

typedef struct qd_welcome {
  uint16_t protocol; /* the one spoken from now on */
  qd_str agent;
} qd_welcome;

typedef struct qd_refused {
  uint8_t code; /* qd_refusal */
  qd_str reason;
} qd_refused;

typedef struct qd_push_msg {
  qd_str id; /* 1..64 bytes */
  qd_str who, comment;
  uint16_t count; /* qd_push_item */
} qd_push_msg;

typedef struct qd_query_msg {
  uint8_t kind; /* qd_query_kind */
  qd_str id;
} qd_query_msg;

typedef struct qd_arm_msg {
  qd_str id; /* 1..64 bytes; arming a known id replaces it */
  uint64_t revision;
  qd_str site, condition; /* condition "" is always true */
  uint64_t after;         /* ignore the first N hits whose condition holds */
  uint64_t max_hits;      /* 0: unlimited; else disarms itself after so many */
  uint8_t mode;           /* qd_arm_mode */
  qd_str text;            /* QD_ARM_LOG: "{victim} took {damage}" */
} qd_arm_msg;

typedef struct qd_disarm_msg {
  qd_str id;
} qd_disarm_msg;

typedef struct qd_action_run {
  qd_str id, name, who;
  uint16_t count; /* qd_field_item */
} qd_action_run;

/* ---- over TCP only ---- */

typedef struct qd_stream_msg {
  qd_str nonce, proof; /* QD_NONCE and QD_PROOF bytes; the proof is empty when the probe has no token */
  uint64_t instance;
  uint16_t count; /* rings: qd_stream_ring */
} qd_stream_msg;

typedef struct qd_records_msg {
  uint32_t ring;
  uint64_t first;
  uint32_t count; /* × 16 bytes */
} qd_records_msg;

typedef struct qd_blobs_msg {
  uint32_t ring;
  uint64_t position;
  uint32_t bytes;
} qd_blobs_msg;

typedef struct qd_ring_msg {
  uint32_t ring, thread;
  qd_str name;
  uint64_t dropped, dropped_blobs, suppressed_logs;
} qd_ring_msg;

typedef struct qd_status_msg {
  uint64_t tick, tick_ns, render_tick;
} qd_status_msg;

typedef struct qd_pong_msg {
  uint64_t asked; /* as the ping gave it */
  uint64_t monotonic_ns;
} qd_pong_msg;

typedef struct qd_challenge_msg {
  qd_str nonce;
} qd_challenge_msg;
typedef struct qd_proof_msg {
  qd_str proof;
} qd_proof_msg;

typedef struct qd_orders_msg {
  uint32_t lease, resume_seq; /* as in qd_lane_orders */
  uint64_t stop_tick, stop_id;
} qd_orders_msg;

typedef struct qd_tails_msg {
  uint16_t count; /* qd_tail_item */
} qd_tails_msg;
typedef struct qd_ping_msg {
  uint64_t asked; /* the agent's clock */
} qd_ping_msg;

/* ---- blobs of the lane ---- */

typedef struct qd_event_blob {
  qd_str name;
  uint16_t count; /* qd_field_item */
} qd_event_blob;
typedef struct qd_log_blob {
  uint8_t level; /* qd_level */
  uint32_t suppressed;
  qd_str category, text;
} qd_log_blob;
typedef struct qd_segment_blob {
  qd_str domain, reason;
} qd_segment_blob;

/* For each of the structs above: qd_put_X appends the payload (between qd_frame_start and qd_frame_finish, items after
 * it), qd_get_X reads it and returns 1, or 0 when the frame is broken. */
/* clang-format off */
#define QD_EACH_MESSAGE(M) \
  M(qd_hello, hello) \
  M(qd_series_msg, series) \
  M(qd_series_end_msg, series_end) \
  M(qd_param_msg, param) \
  M(qd_param_value_msg, param_value) \
  M(qd_site_msg, site) \
  M(qd_action_msg, action) \
  M(qd_arm_result, arm_result) \
  M(qd_disarmed, disarmed) \
  M(qd_hit_msg, hit) \
  M(qd_parked, parked) \
  M(qd_resumed, resumed) \
  M(qd_push_result, push_result) \
  M(qd_action_result, action_result) \
  M(qd_welcome, welcome) \
  M(qd_refused, refused) \
  M(qd_push_msg, push) \
  M(qd_query_msg, query) \
  M(qd_arm_msg, arm) \
  M(qd_disarm_msg, disarm) \
  M(qd_action_run, action_run) \
  M(qd_stream_msg, stream) \
  M(qd_records_msg, records) \
  M(qd_blobs_msg, blobs) \
  M(qd_ring_msg, ring) \
  M(qd_status_msg, status) \
  M(qd_pong_msg, pong) \
  M(qd_challenge_msg, challenge) \
  M(qd_proof_msg, proof) \
  M(qd_orders_msg, orders) \
  M(qd_tails_msg, tails) \
  M(qd_ping_msg, ping) \
  M(qd_event_blob, event_blob) \
  M(qd_log_blob, log_blob) \
  M(qd_segment_blob, segment_blob)
/* clang-format on */

#define QD_DECLARE_MESSAGE(type, name)             \
  void qd_put_##name(qd_writer* w, const type* m); \
  int qd_get_##name(qd_cursor* c, type* m);
QD_EACH_MESSAGE(QD_DECLARE_MESSAGE)
#undef QD_DECLARE_MESSAGE

#ifdef __cplusplus
}
#endif

#endif /* QUARTERDECK_AGENT_PROBE_FRAMES_H_ */
