/* SPDX-License-Identifier: Apache-2.0 */
/* The producer's side of the lane. What stands in the mapping is only ever written here, except for the reader's tails,
 * which are read and checked: a wrong one makes a ring look full, nothing worse. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "agent/probe/internal.h"

__thread struct qd_ring_front_* qd_current_ring_;

int thread_id(void) {
  return os_thread_id();
}

/* ---- the mapping ---- */

static uint64_t power_of_two(uint64_t wanted, uint64_t least, uint64_t most) {
  uint64_t v = least;
  while (v < wanted && v < most) v *= 2;
  return v;
}

static size_t lay_out(qd_probe* p, const qd_config* c, int write) {
  uint64_t at = QD_LANE_PAGE + (uint64_t)c->rings * QD_RING_HEADER_BYTES;
  uint32_t i;
  at = (at + QD_LANE_PAGE - 1) / QD_LANE_PAGE * QD_LANE_PAGE;
  for (i = 0; i < c->rings; i++) {
    uint64_t ring_bytes = power_of_two(i ? c->worker_ring_bytes : c->ring_bytes, QD_LANE_PAGE, 8 << 20);
    uint64_t blob_bytes = power_of_two(i ? c->worker_blob_bytes : c->blob_bytes, QD_LANE_PAGE, 8 << 20);
    if (write) {
      struct ring* r = &p->rings[i];
      r->shared = (qd_ring_header*)(void*)(p->base + QD_LANE_PAGE + (size_t)i * QD_RING_HEADER_BYTES);
      r->shared->record_offset = at;
      r->shared->record_count = ring_bytes / 16;
      r->shared->blob_offset = at + ring_bytes;
      r->shared->blob_bytes = blob_bytes;
      r->front.probe = p;
      r->front.slots = (uint64_t*)(void*)(p->base + at);
      r->front.mask = ring_bytes / 16 - 1;
      r->front.shared_head = &r->shared->head;
      r->front.tick_seq = &p->tick_seq;
      r->blobs = p->base + at + ring_bytes;
      r->blob_bytes = blob_bytes;
    }
    at += ring_bytes + blob_bytes;
  }
  return (size_t)at;
}

int rings_create(qd_probe* p, const qd_config* c) {
  void* base;
  p->lane_bytes = lay_out(p, c, 0);
  base = os_lane_create(p->lane_bytes, p->stream.on ? NULL : &p->memfd);
  if (!base) return -1;
  p->base = (uint8_t*)base;
  p->lane = (qd_lane_header*)base;
  p->lane->magic = QD_LANE_MAGIC;
  p->lane->version = QD_LANE_VERSION;
  p->lane->ring_count = c->rings;
  p->lane->total_bytes = p->lane_bytes;
  p->lane->instance = p->instance;
  p->lane->orders.stop_tick = QD_STOP_NONE;
  lay_out(p, c, 1);
  return 0;
}

/* ---- threads ---- */

static struct ring* owned(qd_probe* p) {
  int me = thread_id();
  uint32_t i;
  for (i = 0; i < p->config.rings; i++)
    if (__atomic_load_n(&p->rings[i].owner, __ATOMIC_RELAXED) == me) return &p->rings[i];
  return NULL;
}

/* A released ring of the name, else a fresh one, else any released one. */
static struct ring* pick(qd_probe* p, const char* name) {
  struct ring *fresh = NULL, *released = NULL;
  uint32_t i;
  for (i = 0; i < p->config.rings; i++) {
    struct ring* r = &p->rings[i];
    if (r->owner) continue;
    if (r->shared->state == QD_RING_FREE) {
      if (!fresh) fresh = r;
    } else if (strncmp(r->shared->name, name, QD_RING_NAME - 1) == 0) {
      return r;
    } else if (!released) {
      released = r;
    }
  }
  return fresh ? fresh : released;
}

static struct ring* claim(qd_probe* p, const char* name) {
  struct ring* r;
  os_lock_take(&p->ring_lock);
  r = pick(p, name);
  if (r) {
    snprintf(r->shared->name, sizeof r->shared->name, "%.*s", QD_RING_NAME - 1, name);
    r->shared->thread = (uint32_t)thread_id();
    r->front.stamped = 0;
    __atomic_store_n(&r->shared->state, QD_RING_USED, __ATOMIC_RELEASE);
    __atomic_store_n(&r->owner, thread_id(), __ATOMIC_RELEASE);
  }
  os_lock_give(&p->ring_lock);
  if (r) qd_current_ring_ = &r->front;
  return r;
}

struct ring* ring_of_thread(qd_probe* p) {
  char name[QD_RING_NAME];
  struct ring* r;
  if (qd_current_ring_ && qd_current_ring_->probe == p) return (struct ring*)(void*)qd_current_ring_;
  r = owned(p);
  if (r) {
    qd_current_ring_ = &r->front;
    return r;
  }
  snprintf(name, sizeof name, "thread-%d", thread_id());
  r = claim(p, name);
  if (!r) __atomic_add_fetch(&p->ringless, 1, __ATOMIC_RELAXED);
  return r;
}

int qd_thread_ring(qd_probe* p, const char* name) {
  struct ring* r;
  if (!p) return -1;
  r = owned(p);
  if (r) {
    qd_current_ring_ = &r->front;
    if (name) snprintf(r->shared->name, sizeof r->shared->name, "%.*s", QD_RING_NAME - 1, name);
  } else {
    r = name ? claim(p, name) : ring_of_thread(p);
  }
  return r ? (int)(r - p->rings) : -1;
}

void qd_thread_release(qd_probe* p) {
  struct ring* r = p ? owned(p) : NULL;
  if (!r) return;
  if (qd_current_ring_ == &r->front) qd_current_ring_ = NULL;
  os_lock_take(&p->ring_lock);
  __atomic_store_n(&r->shared->state, QD_RING_RELEASED, __ATOMIC_RELEASE);
  __atomic_store_n(&r->owner, 0, __ATOMIC_RELEASE);
  os_lock_give(&p->ring_lock);
}

/* ---- records ---- */

static void put(struct ring* r, uint64_t word, uint64_t value) {
  uint64_t* slot = r->front.slots + 2 * (r->front.head & r->front.mask);
  slot[0] = word;
  slot[1] = value;
  r->front.head++;
}

static void publish(struct ring* r) {
  __atomic_store_n(r->front.shared_head, r->front.head, __ATOMIC_RELEASE);
}

/* Room for n records, and for the GAP record that says what was lost before them. */
static int has_room(struct ring* r, uint64_t n) {
  uint64_t tail, capacity = r->front.mask + 1;
  if (!__atomic_load_n(&r->front.probe->attached, __ATOMIC_RELAXED)) return 0;
  n += r->gap ? 1 : 0;
  if (r->front.limit - r->front.head >= n) return 1;
  tail = __atomic_load_n(&r->shared->tail, __ATOMIC_ACQUIRE);
  if (r->front.head - tail <= capacity) r->front.limit = tail + capacity;
  return r->front.limit - r->front.head >= n;
}

static void count_drop(struct ring* r, uint64_t n) {
  if (!__atomic_load_n(&r->front.probe->attached, __ATOMIC_RELAXED)) return;
  r->dropped += n;
  r->gap += n;
  __atomic_store_n(&r->shared->dropped, r->dropped, __ATOMIC_RELAXED);
}

static void put_gap(struct ring* r) {
  if (r->gap) put(r, QD_REC_GAP, r->gap);
  r->gap = 0;
}

int ring_push(struct ring* r, uint64_t word, uint64_t value) {
  if (!has_room(r, 1)) {
    count_drop(r, 1);
    return 0;
  }
  put_gap(r);
  put(r, word, value);
  publish(r);
  return 1;
}

int ring_push_pair(struct ring* r, const uint64_t records[4]) {
  if (!has_room(r, 2)) {
    count_drop(r, 2);
    return 0;
  }
  put_gap(r);
  put(r, records[0], records[1]);
  put(r, records[2], records[3]);
  publish(r);
  return 1;
}

/* The running tick and its time, unless the game thread is changing them just now: then the next sample stamps. */
static void stamp(qd_probe* p, struct ring* r) {
  uint64_t tick, time;
  uint32_t seq = __atomic_load_n(&p->tick_seq, __ATOMIC_ACQUIRE);
  if (seq == r->front.stamped || seq & 1) return;
  tick = __atomic_load_n(&p->tick, __ATOMIC_RELAXED);
  time = __atomic_load_n(&p->tick_ns, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  if (__atomic_load_n(&p->tick_seq, __ATOMIC_RELAXED) != seq) return;
  if (has_room(r, 2) && ring_push(r, QD_REC_STAMP | tick << 16, time)) r->front.stamped = seq;
}

void qd_record_out_(qd_probe* probe, uint64_t word, uint64_t value) {
  qd_record_(probe, word, value);
}

void qd_sample_slow_(qd_probe* p, uint64_t word, uint64_t value) {
  struct ring* r;
  if (!p) return;
  r = ring_of_thread(p);
  if (!r || !__atomic_load_n(&p->attached, __ATOMIC_RELAXED)) return;
  stamp(p, r);
  ring_push(r, word, value);
}

/* ---- blobs ---- */

static uint8_t* drop_blob(qd_probe* p, struct ring* r) {
  if (!__atomic_load_n(&p->attached, __ATOMIC_RELAXED)) return NULL;
  r->dropped_blobs++;
  __atomic_store_n(&r->shared->dropped_blobs, r->dropped_blobs, __ATOMIC_RELAXED);
  return NULL;
}

uint8_t* blob_open(qd_probe* p, struct ring* r, uint32_t most) {
  uint64_t total = (sizeof(qd_blob_header) + (uint64_t)most + 7) & ~(uint64_t)7;
  uint64_t at = r->blob_head, start = at & (r->blob_bytes - 1), tail;
  if (total > QD_FRAME_MAX || total > r->blob_bytes || !__atomic_load_n(&p->attached, __ATOMIC_RELAXED))
    return drop_blob(p, r);
  if (r->open_blob) misuse(p); /* an entity frame was left open: it is lost */
  stamp(p, r);
  if (start + total > r->blob_bytes) at += r->blob_bytes - start;
  tail = __atomic_load_n(&r->shared->blob_tail, __ATOMIC_ACQUIRE);
  if (r->blob_head - tail > r->blob_bytes || at + total - tail > r->blob_bytes || !has_room(r, 1))
    return drop_blob(p, r);
  r->open_at = at;
  r->open_most = most;
  r->open_blob = r->blobs + (at & (r->blob_bytes - 1));
  return r->open_blob + sizeof(qd_blob_header);
}

int blob_publish(struct ring* r, qd_blob_type type, uint64_t time_ns, uint32_t used) {
  qd_blob_header h;
  uint64_t bytes = sizeof h + (uint64_t)used;
  if (!r->open_blob || used > r->open_most) return 0;
  memset(&h, 0, sizeof h);
  h.bytes = used;
  h.type = (uint16_t)type;
  h.time_ns = time_ns;
  memcpy(r->open_blob, &h, sizeof h);
  r->open_blob = NULL;
  r->blob_head = r->open_at + ((bytes + 7) & ~(uint64_t)7);
  __atomic_store_n(&r->shared->blob_head, r->blob_head, __ATOMIC_RELEASE);
  return ring_push(r, QD_REC_BLOB | bytes << 16, r->open_at);
}
