/* SPDX-License-Identifier: Apache-2.0 */
/* The lane over TCP, for machines without memfd: the game thread is the reader of its own process's rings and sends
 * what they hold. A record leaves its ring when the agent has it safe (TAILS), so that it survives the agent as it does
 * in shared memory; while the agent or the network is slow the rings fill up, drop and count, and nothing waits. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/internal.h"

enum { BACKLOG = 256 << 10 }; /* bytes that may wait for the socket; the rest waits in the rings */

static uint64_t load(const uint64_t* from) {
  return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

/* ---- configuration ---- */

int stream_is(const char* path) {
  return strncmp(path, "tcp:", 4) == 0;
}

const char* stream_configure(qd_probe* p, const char* path, const char* token) {
  char host[256];
  const char* colon = strrchr(path, ':');
  size_t size;
  if (!stream_is(path)) {
    if (!os_has_local()) return "There is no Unix socket here: give the agent's address as tcp:HOST:PORT.";
    return strlen(path) > os_local_path_most() ? "The path of the probe's socket is too long." : NULL;
  }
  path += 4;
  size = colon > path ? (size_t)(colon - path) : 0;
  if (size >= 2 && path[0] == '[' && path[size - 1] == ']') { /* [::1] */
    path++;
    size -= 2;
  }
  if (size == 0 || size >= sizeof host || !colon[1]) return "The agent's address must read tcp:HOST:PORT.";
  memcpy(host, path, size);
  host[size] = 0;
  if (os_resolve(host, colon + 1, &p->stream.address) != 0)
    return "The host of the agent's address is not known; give it as numbers, tcp:127.0.0.1:7777.";
  if (!token || !*token) token = getenv("QUARTERDECK_TOKEN");
  if (token && *token) p->stream.token = text_copy(token);
  p->stream.on = 1;
  return NULL;
}

/* ---- handshake ---- */

/* The tick that the records from the ring's tail on belong to; the reader looks for it in the same way. */
static void find_context(const struct ring* r, uint64_t tail, qd_stream_ring* out) {
  uint64_t capacity = r->front.mask + 1, head = load(&r->shared->head);
  uint64_t oldest = head > capacity ? head - capacity : 0, at = tail;
  while (at > oldest) {
    const uint64_t* slot = r->front.slots + 2 * (--at & r->front.mask);
    uint64_t type = slot[0] & 0xff;
    if (type != QD_REC_TICK && type != QD_REC_STAMP && type != QD_REC_FRAME) continue;
    out->context_tick = slot[0] >> 16;
    out->context_time = slot[1];
    return;
  }
}

int stream_put(qd_probe* p, qd_writer* w) {
  uint8_t proof[QD_PROOF];
  qd_stream_msg m;
  uint32_t i;
  if (!p->stream.challenged || os_random(p->stream.nonce, QD_NONCE) != 0) return -1;
  memset(&m, 0, sizeof m);
  m.nonce.data = (const char*)p->stream.nonce;
  m.nonce.size = QD_NONCE;
  if (p->stream.token) {
    qd_auth_proof(p->stream.token, 0, p->stream.nonce, p->stream.agent_nonce, proof);
    m.proof.data = (const char*)proof;
    m.proof.size = QD_PROOF;
  }
  m.instance = p->instance;
  m.count = (uint16_t)p->config.rings;
  qd_frame_start(w, QD_F_STREAM);
  qd_put_stream(w, &m);
  for (i = 0; i < p->config.rings; i++) {
    const struct ring* r = &p->rings[i];
    qd_stream_ring item;
    memset(&item, 0, sizeof item);
    item.records = r->front.mask + 1;
    item.blob_bytes = r->blob_bytes;
    item.tail = load(&r->shared->tail);
    item.blob_tail = load(&r->shared->blob_tail);
    find_context(r, item.tail, &item);
    qd_put_stream_ring(w, &item);
  }
  return qd_frame_finish(w);
}

void stream_dropped(qd_probe* p) {
  uint32_t i;
  p->stream.challenged = p->stream.proven = 0;
  memset(p->stream.ring_said, 0xff, sizeof p->stream.ring_said);
  for (i = 0; i < p->config.rings; i++)
    if (p->rings[i].shared) p->stream.shipped[i] = load(&p->rings[i].shared->tail);
}

static void take_challenge(qd_probe* p, qd_cursor body) {
  qd_challenge_msg m;
  if (p->stream.challenged || !qd_get_challenge(&body, &m) || m.nonce.size != QD_NONCE) {
    link_drop(p, "The agent sent a broken challenge.");
    return;
  }
  memcpy(p->stream.agent_nonce, m.nonce.data, QD_NONCE);
  p->stream.challenged = 1;
}

static void take_proof(qd_probe* p, qd_cursor body) {
  uint8_t proof[QD_PROOF];
  qd_proof_msg m;
  if (!p->stream.token || !p->stream.challenged || !qd_get_proof(&body, &m) || m.proof.size != QD_PROOF) return;
  qd_auth_proof(p->stream.token, 1, p->stream.nonce, p->stream.agent_nonce, proof);
  p->stream.proven = qd_auth_equal(proof, (const uint8_t*)m.proof.data);
}

/* ---- from the agent ---- */

static void take_orders(qd_probe* p, qd_cursor body) {
  qd_lane_orders* o = &p->lane->orders;
  qd_orders_msg m;
  if (!qd_get_orders(&body, &m)) return;
  __atomic_store_n(&o->lease, m.lease, __ATOMIC_RELEASE);
  __atomic_store_n(&o->stop_id, m.stop_id, __ATOMIC_RELEASE);
  __atomic_store_n(&o->stop_tick, m.stop_tick, __ATOMIC_RELEASE);
  __atomic_store_n(&o->resume_seq, m.resume_seq, __ATOMIC_RELEASE);
}

static void take_tails(qd_probe* p, qd_cursor body) {
  qd_tails_msg m;
  uint16_t i;
  if (!qd_get_tails(&body, &m)) return;
  for (i = 0; i < m.count; i++) {
    qd_tail_item item;
    struct ring* r;
    if (!qd_get_tail(&body, &item) || item.ring >= p->config.rings) return;
    r = &p->rings[item.ring];
    if (item.tail < load(&r->shared->tail) || item.tail > p->stream.shipped[item.ring]) continue;
    __atomic_store_n(&r->shared->blob_tail, item.blob_tail, __ATOMIC_RELEASE);
    __atomic_store_n(&r->shared->tail, item.tail, __ATOMIC_RELEASE);
  }
}

static void take_ping(qd_probe* p, qd_cursor body) {
  qd_ping_msg m;
  qd_pong_msg pong;
  qd_writer* w;
  if (!qd_get_ping(&body, &m) || (w = send_begin(p, QD_F_PONG)) == NULL) return;
  pong.asked = m.asked;
  pong.monotonic_ns = qd_now_ns();
  qd_put_pong(w, &pong);
  send_end(p);
  link_flush(p);
}

int stream_frame(qd_probe* p, const qd_frame* f) {
  switch (f->type) {
    case QD_F_CHALLENGE:
      take_challenge(p, f->body);
      return p->stream.challenged && p->state == LINK_HELLO;
    case QD_F_PROOF:
      take_proof(p, f->body);
      return 1;
    case QD_F_ORDERS:
      if (p->state == LINK_LIVE) take_orders(p, f->body);
      return 1;
    case QD_F_TAILS:
      if (p->state == LINK_LIVE) take_tails(p, f->body);
      return 1;
    case QD_F_PING:
      take_ping(p, f->body);
      return 1;
    default:
      return 0;
  }
}

/* ---- to the agent ---- */

static void ship_ring_head(qd_probe* p, uint32_t index) {
  const qd_ring_header* h = p->rings[index].shared;
  qd_ring_msg m;
  uint64_t sum;
  qd_writer* w;
  memset(&m, 0, sizeof m);
  m.ring = index;
  m.thread = h->thread;
  m.name.data = h->name;
  m.name.size = (uint32_t)strnlen(h->name, QD_RING_NAME - 1);
  m.dropped = load(&h->dropped);
  m.dropped_blobs = load(&h->dropped_blobs);
  m.suppressed_logs = load(&h->suppressed_logs);
  sum = m.thread + (m.dropped + m.dropped_blobs + m.suppressed_logs) * UINT64_C(0x100000001);
  if (sum == p->stream.ring_said[index] || (w = send_begin(p, QD_F_RING)) == NULL) return;
  p->stream.ring_said[index] = sum;
  qd_put_ring(w, &m);
  send_end(p);
}

static void ship_blob(qd_probe* p, uint32_t index, uint64_t bytes, uint64_t position) {
  const struct ring* r = &p->rings[index];
  while (bytes > 0) {
    qd_blobs_msg m;
    qd_writer* w = send_begin(p, QD_F_BLOBS);
    if (!w) return;
    m.ring = index;
    m.position = position;
    m.bytes = bytes < QD_STREAM_PIECE ? (uint32_t)bytes : QD_STREAM_PIECE;
    qd_put_blobs(w, &m);
    qd_put_raw(w, r->blobs + (position & (r->blob_bytes - 1)), m.bytes);
    send_end(p);
    bytes -= m.bytes;
    position += m.bytes;
  }
}

static void put_slots(qd_writer* w, const struct ring* r, uint64_t first, uint32_t count) {
  uint64_t start = first & r->front.mask, until_end = r->front.mask + 1 - start;
  uint32_t before = count < until_end ? count : (uint32_t)until_end;
  qd_put_raw(w, r->front.slots + 2 * start, before * 16);
  qd_put_raw(w, r->front.slots, (count - before) * 16);
}

/* Returns how many were sent. */
static uint32_t ship_some(qd_probe* p, uint32_t index, uint64_t head) {
  const struct ring* r = &p->rings[index];
  qd_records_msg m;
  uint64_t i, blob_bytes = 0;
  qd_writer* w;
  memset(&m, 0, sizeof m);
  m.ring = index;
  m.first = p->stream.shipped[index];
  for (i = m.first; i < head && m.count < QD_STREAM_RECORDS && blob_bytes < BACKLOG; i++, m.count++) {
    const uint64_t* slot = r->front.slots + 2 * (i & r->front.mask);
    if ((slot[0] & 0xff) != QD_REC_BLOB) continue;
    ship_blob(p, index, slot[0] >> 16, slot[1]);
    blob_bytes += slot[0] >> 16;
  }
  /* An editor's frame is two records that the reader takes together. */
  if (m.count > 1 && i < head && (r->front.slots[2 * ((i - 1) & r->front.mask)] & 0xff) == QD_REC_FRAME) m.count--;
  if ((w = send_begin(p, QD_F_RECORDS)) == NULL) return 0;
  qd_put_records(w, &m);
  put_slots(w, r, m.first, m.count);
  send_end(p);
  p->stream.shipped[index] += m.count;
  return m.count;
}

static uint32_t backlog(qd_probe* p) {
  uint32_t bytes;
  os_lock_take(&p->lock);
  link_flush_locked(p);
  bytes = p->out.size - p->out_sent;
  os_lock_give(&p->lock);
  return bytes;
}

static void ship_status(qd_probe* p) {
  qd_status_msg m;
  qd_writer* w = send_begin(p, QD_F_STATUS);
  if (!w) return;
  m.tick = p->tick;
  m.tick_ns = p->tick_ns;
  m.render_tick = p->render_tick;
  qd_put_status(w, &m);
  send_end(p);
}

void stream_ship(qd_probe* p) {
  uint32_t i;
  if (p->state != LINK_LIVE || backlog(p) >= BACKLOG) return;
  for (i = 0; i < p->config.rings; i++) {
    uint64_t head = load(&p->rings[i].shared->head);
    if (__atomic_load_n(&p->rings[i].shared->state, __ATOMIC_ACQUIRE) == QD_RING_FREE) continue;
    ship_ring_head(p, i);
    while (p->stream.shipped[i] < head && backlog(p) < BACKLOG)
      if (ship_some(p, i, head) == 0) return;
  }
  ship_status(p);
  link_flush(p);
}
