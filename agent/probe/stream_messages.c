/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of frames.h that travel over TCP only, member by member in the order of their declaration. */
#include <string.h>

#include "agent/probe/frames.h"

void qd_put_stream_ring(qd_writer* w, const qd_stream_ring* m) {
  qd_put_u64(w, m->records);
  qd_put_u64(w, m->blob_bytes);
  qd_put_u64(w, m->tail);
  qd_put_u64(w, m->blob_tail);
  qd_put_u64(w, m->context_tick);
  qd_put_u64(w, m->context_time);
}

int qd_get_stream_ring(qd_cursor* c, qd_stream_ring* m) {
  memset(m, 0, sizeof *m);
  m->records = qd_get_u64(c);
  m->blob_bytes = qd_get_u64(c);
  m->tail = qd_get_u64(c);
  m->blob_tail = qd_get_u64(c);
  m->context_tick = qd_get_u64(c);
  m->context_time = qd_get_u64(c);
  return !c->failed;
}

void qd_put_tail(qd_writer* w, const qd_tail_item* m) {
  qd_put_u32(w, m->ring);
  qd_put_u64(w, m->tail);
  qd_put_u64(w, m->blob_tail);
}

int qd_get_tail(qd_cursor* c, qd_tail_item* m) {
  memset(m, 0, sizeof *m);
  m->ring = qd_get_u32(c);
  m->tail = qd_get_u64(c);
  m->blob_tail = qd_get_u64(c);
  return !c->failed;
}

void qd_put_stream(qd_writer* w, const qd_stream_msg* m) {
  qd_put_str(w, m->nonce);
  qd_put_str(w, m->proof);
  qd_put_u64(w, m->instance);
  qd_put_u16(w, m->count);
}

int qd_get_stream(qd_cursor* c, qd_stream_msg* m) {
  memset(m, 0, sizeof *m);
  m->nonce = qd_get_str(c);
  m->proof = qd_get_str(c);
  m->instance = qd_get_u64(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_records(qd_writer* w, const qd_records_msg* m) {
  qd_put_u32(w, m->ring);
  qd_put_u64(w, m->first);
  qd_put_u32(w, m->count);
}

int qd_get_records(qd_cursor* c, qd_records_msg* m) {
  memset(m, 0, sizeof *m);
  m->ring = qd_get_u32(c);
  m->first = qd_get_u64(c);
  m->count = qd_get_u32(c);
  return !c->failed;
}

void qd_put_blobs(qd_writer* w, const qd_blobs_msg* m) {
  qd_put_u32(w, m->ring);
  qd_put_u64(w, m->position);
  qd_put_u32(w, m->bytes);
}

int qd_get_blobs(qd_cursor* c, qd_blobs_msg* m) {
  memset(m, 0, sizeof *m);
  m->ring = qd_get_u32(c);
  m->position = qd_get_u64(c);
  m->bytes = qd_get_u32(c);
  return !c->failed;
}

void qd_put_ring(qd_writer* w, const qd_ring_msg* m) {
  qd_put_u32(w, m->ring);
  qd_put_u32(w, m->thread);
  qd_put_str(w, m->name);
  qd_put_u64(w, m->dropped);
  qd_put_u64(w, m->dropped_blobs);
  qd_put_u64(w, m->suppressed_logs);
}

int qd_get_ring(qd_cursor* c, qd_ring_msg* m) {
  memset(m, 0, sizeof *m);
  m->ring = qd_get_u32(c);
  m->thread = qd_get_u32(c);
  m->name = qd_get_str(c);
  m->dropped = qd_get_u64(c);
  m->dropped_blobs = qd_get_u64(c);
  m->suppressed_logs = qd_get_u64(c);
  return !c->failed;
}

void qd_put_status(qd_writer* w, const qd_status_msg* m) {
  qd_put_u64(w, m->tick);
  qd_put_u64(w, m->tick_ns);
  qd_put_u64(w, m->render_tick);
}

int qd_get_status(qd_cursor* c, qd_status_msg* m) {
  memset(m, 0, sizeof *m);
  m->tick = qd_get_u64(c);
  m->tick_ns = qd_get_u64(c);
  m->render_tick = qd_get_u64(c);
  return !c->failed;
}

void qd_put_pong(qd_writer* w, const qd_pong_msg* m) {
  qd_put_u64(w, m->asked);
  qd_put_u64(w, m->monotonic_ns);
}

int qd_get_pong(qd_cursor* c, qd_pong_msg* m) {
  memset(m, 0, sizeof *m);
  m->asked = qd_get_u64(c);
  m->monotonic_ns = qd_get_u64(c);
  return !c->failed;
}

void qd_put_challenge(qd_writer* w, const qd_challenge_msg* m) {
  qd_put_str(w, m->nonce);
}

int qd_get_challenge(qd_cursor* c, qd_challenge_msg* m) {
  memset(m, 0, sizeof *m);
  m->nonce = qd_get_str(c);
  return !c->failed;
}

void qd_put_proof(qd_writer* w, const qd_proof_msg* m) {
  qd_put_str(w, m->proof);
}

int qd_get_proof(qd_cursor* c, qd_proof_msg* m) {
  memset(m, 0, sizeof *m);
  m->proof = qd_get_str(c);
  return !c->failed;
}

void qd_put_orders(qd_writer* w, const qd_orders_msg* m) {
  qd_put_u32(w, m->lease);
  qd_put_u32(w, m->resume_seq);
  qd_put_u64(w, m->stop_tick);
  qd_put_u64(w, m->stop_id);
}

int qd_get_orders(qd_cursor* c, qd_orders_msg* m) {
  memset(m, 0, sizeof *m);
  m->lease = qd_get_u32(c);
  m->resume_seq = qd_get_u32(c);
  m->stop_tick = qd_get_u64(c);
  m->stop_id = qd_get_u64(c);
  return !c->failed;
}

void qd_put_tails(qd_writer* w, const qd_tails_msg* m) {
  qd_put_u16(w, m->count);
}

int qd_get_tails(qd_cursor* c, qd_tails_msg* m) {
  memset(m, 0, sizeof *m);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_ping(qd_writer* w, const qd_ping_msg* m) {
  qd_put_u64(w, m->asked);
}

int qd_get_ping(qd_cursor* c, qd_ping_msg* m) {
  memset(m, 0, sizeof *m);
  m->asked = qd_get_u64(c);
  return !c->failed;
}
