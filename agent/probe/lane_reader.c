/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "agent/probe/lane_reader.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/probe/qd.h"

enum { BLOB_BUDGET = 4 << 20, MAX_RECORDS = 1 << 22, MAX_BLOB_BYTES = 64 << 20 };

struct ring {
  qd_ring_header* shared;
  const uint64_t* slots;
  const uint8_t* blobs;
  uint64_t records, blob_bytes; /* capacities: private copies, checked once */
  uint64_t tail, blob_tail;
  uint64_t tick, time_ns;
  int broken;
};

struct qd_lane {
  uint8_t* base;
  size_t bytes;
  uint32_t ring_count;
  struct ring rings[QD_MAX_RINGS];
  uint8_t* scratch;
  size_t scratch_used, scratch_size;
};

static qd_lane_header* header(const qd_lane* lane) {
  return (qd_lane_header*)(void*)lane->base;
}

static uint64_t load(const uint64_t* from) {
  return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static int fail(char* error, size_t size, const char* text) {
  if (error && size) snprintf(error, size, "%s", text);
  return -1;
}

static int power_of_two(uint64_t v, uint64_t least, uint64_t most) {
  return v >= least && v <= most && !(v & (v - 1));
}

/* ---- open ---- */

static int map_fd(qd_lane* lane, int fd, char* error, size_t size) {
  struct stat st;
  void* base;
  int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & (F_SEAL_SHRINK | F_SEAL_GROW)) != (F_SEAL_SHRINK | F_SEAL_GROW))
    return fail(error, size, "The sample lane is not sealed against shrinking and growing; it was refused.");
  if (fstat(fd, &st) != 0 || st.st_size < QD_LANE_PAGE * 2 || st.st_size > QD_LANE_MAX_BYTES)
    return fail(error, size, "The sample lane has an impossible size; it was refused.");
  base = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) return fail(error, size, "The sample lane cannot be mapped; it was refused.");
  lane->base = (uint8_t*)base;
  lane->bytes = (size_t)st.st_size;
  return 0;
}

static int check_header(qd_lane* lane, uint64_t instance, char* error, size_t size) {
  qd_lane_header h;
  memcpy(&h, lane->base, sizeof h);
  if (h.magic != QD_LANE_MAGIC || h.version != QD_LANE_VERSION)
    return fail(error, size, "The sample lane is of an unknown format or version; it was refused.");
  if (h.total_bytes != lane->bytes || h.instance != instance)
    return fail(error, size, "The sample lane belongs to another instance or size than announced; it was refused.");
  if (h.ring_count < 1 || h.ring_count > QD_MAX_RINGS)
    return fail(error, size, "The sample lane has an impossible number of rings; it was refused.");
  lane->ring_count = h.ring_count;
  return 0;
}

static int inside(const qd_lane* lane, uint64_t offset, uint64_t bytes, uint64_t align) {
  uint64_t first = QD_LANE_PAGE + (uint64_t)lane->ring_count * QD_RING_HEADER_BYTES;
  return offset % align == 0 && offset >= first && offset <= lane->bytes && bytes <= lane->bytes - offset;
}

static void find_context(struct ring* r, uint64_t head) {
  uint64_t oldest = head > r->records ? head - r->records : 0;
  uint64_t at = r->tail;
  while (at > oldest) {
    const uint64_t* slot = r->slots + 2 * (--at & (r->records - 1));
    uint64_t word = __atomic_load_n(slot, __ATOMIC_RELAXED), type = word & 0xff;
    if (type == QD_REC_TICK || type == QD_REC_STAMP || type == QD_REC_FRAME) {
      uint64_t time = __atomic_load_n(slot + 1, __ATOMIC_RELAXED), now = load(&r->shared->head);
      if (now > r->records && at < now - r->records) return; /* overwritten while we looked */
      r->tick = word >> 16;
      r->time_ns = time;
      return;
    }
  }
}

static int check_ring(qd_lane* lane, uint32_t index, char* error, size_t size) {
  struct ring* r = &lane->rings[index];
  qd_ring_header h;
  uint64_t head;
  r->shared = (qd_ring_header*)(void*)(lane->base + QD_LANE_PAGE + (size_t)index * QD_RING_HEADER_BYTES);
  memcpy(&h, r->shared, sizeof h);
  if (!power_of_two(h.record_count, QD_RING_MIN_RECORDS, MAX_RECORDS) ||
      !power_of_two(h.blob_bytes, QD_LANE_PAGE, MAX_BLOB_BYTES) ||
      !inside(lane, h.record_offset, h.record_count * 16, 16) || !inside(lane, h.blob_offset, h.blob_bytes, 8))
    return fail(error, size, "A ring of the sample lane lies outside of it; the lane was refused.");
  r->slots = (const uint64_t*)(const void*)(lane->base + h.record_offset);
  r->blobs = lane->base + h.blob_offset;
  r->records = h.record_count;
  r->blob_bytes = h.blob_bytes;
  head = load(&r->shared->head);
  r->tail = load(&r->shared->tail);
  if (head - r->tail > r->records) r->tail = head;
  r->blob_tail = load(&r->shared->blob_tail);
  find_context(r, head);
  return 0;
}

static int open_checked(qd_lane* lane, int fd, uint64_t instance, char* error, size_t size) {
  uint32_t i;
  if (map_fd(lane, fd, error, size) != 0 || check_header(lane, instance, error, size) != 0) return -1;
  if ((uint64_t)QD_LANE_PAGE + (uint64_t)lane->ring_count * QD_RING_HEADER_BYTES > lane->bytes)
    return fail(error, size, "The sample lane is too small for its rings; it was refused.");
  for (i = 0; i < lane->ring_count; i++)
    if (check_ring(lane, i, error, size) != 0) return -1;
  return 0;
}

qd_lane* qd_lane_open(int memfd, uint64_t instance, char* error, size_t error_size) {
  qd_lane* lane = (qd_lane*)calloc(1, sizeof *lane);
  int ok = lane && open_checked(lane, memfd, instance, error, error_size) == 0;
  if (memfd >= 0) close(memfd);
  if (ok) return lane;
  if (!lane) fail(error, error_size, "There is no memory for a sample lane.");
  qd_lane_close(lane);
  return NULL;
}

void qd_lane_close(qd_lane* lane) {
  if (!lane) return;
  if (lane->base) munmap(lane->base, lane->bytes);
  free(lane->scratch);
  free(lane);
}

/* ---- reading ---- */

static int reserve_scratch(qd_lane* lane, size_t bytes) {
  size_t size = lane->scratch_size ? lane->scratch_size : 64 * 1024;
  uint8_t* scratch;
  while (size < lane->scratch_used + bytes) size *= 2;
  if (size == lane->scratch_size) return 0;
  scratch = (uint8_t*)realloc(lane->scratch, size);
  if (!scratch) return -1;
  lane->scratch = scratch;
  lane->scratch_size = size;
  return 0;
}

/* 1 taken, 0 no room in this read, -1 broken. */
static int take_blob(qd_lane* lane, struct ring* r, uint64_t bytes, uint64_t position, qd_lane_item* out) {
  qd_blob_header h;
  uint64_t head = load(&r->shared->blob_head), start = position & (r->blob_bytes - 1);
  size_t padded = (size_t)((bytes + 7) & ~(uint64_t)7);
  if (bytes < sizeof h || bytes > QD_FRAME_MAX || position % 8 != 0 || start + bytes > r->blob_bytes) return -1;
  if (head - position > r->blob_bytes || head - position < bytes) return -1;
  if (lane->scratch_used > 0 && lane->scratch_used + padded > BLOB_BUDGET) return 0;
  if (reserve_scratch(lane, padded) != 0) return 0;
  memcpy(&h, r->blobs + start, sizeof h);
  if (h.bytes != bytes - sizeof h) return -1;
  memcpy(lane->scratch + lane->scratch_used, r->blobs + start + sizeof h, h.bytes);
  out->series = h.type;
  out->time_ns = h.time_ns;
  out->blob_bytes = h.bytes;
  out->blob_offset = (uint32_t)lane->scratch_used;
  lane->scratch_used += padded;
  r->blob_tail = position + ((bytes + 7) & ~(uint64_t)7);
  return 1;
}

/* Two records make one item. */
static int take_frame(struct ring* r, uint64_t head, qd_lane_item* out) {
  const uint64_t* slot = r->slots + 2 * ((r->tail + 1) & (r->records - 1));
  uint64_t word;
  if (head - r->tail < 2) return -1;
  word = __atomic_load_n(slot, __ATOMIC_RELAXED);
  if ((word & 0xff) != QD_REC_FRAME_TICKS) return -1;
  out->predicted_tick = word >> 16;
  out->value = __atomic_load_n(slot + 1, __ATOMIC_RELAXED);
  return 2;
}

/* Records consumed (out->type 0: no item), 0 when it must wait for the next read, -1 when broken. */
static int take_record(qd_lane* lane, struct ring* r, uint64_t head, qd_lane_item* out) {
  const uint64_t* slot = r->slots + 2 * (r->tail & (r->records - 1));
  uint64_t word = __atomic_load_n(slot, __ATOMIC_RELAXED), value = __atomic_load_n(slot + 1, __ATOMIC_RELAXED);
  uint64_t payload = word >> 16;
  uint32_t type = (uint32_t)(word & 0xff);
  memset(out, 0, sizeof *out);
  if (type == QD_REC_TICK || type == QD_REC_STAMP || type == QD_REC_FRAME) {
    r->tick = payload;
    r->time_ns = value;
  }
  out->index = r->tail;
  out->tick = r->tick;
  out->time_ns = r->time_ns;
  out->type = type;
  out->value = value;
  switch (type) {
    case QD_REC_I64:
    case QD_REC_F64:
      out->series = (uint32_t)payload;
      return payload < QD_MAX_SERIES ? 1 : -1;
    case QD_REC_STAMP:
      out->type = 0;
      return 1;
    case QD_REC_FRAME:
      return take_frame(r, head, out);
    case QD_REC_BLOB:
      return take_blob(lane, r, payload, value, out);
    case QD_REC_PARK:
      out->time_ns = value;
      out->value = payload;
      return 1;
    case QD_REC_RESUME:
      out->time_ns = value;
      out->value = payload >> 8;
      out->series = (uint32_t)(payload & 0xff);
      return 1;
    case QD_REC_TICK:
    case QD_REC_TICK_END:
    case QD_REC_GAP:
      return 1;
    default:
      return -1;
  }
}

int64_t qd_lane_read(qd_lane* lane, uint32_t ring, qd_lane_item* out, size_t max) {
  struct ring* r;
  uint64_t head;
  size_t n = 0;
  if (ring >= lane->ring_count || lane->rings[ring].broken) return -1;
  r = &lane->rings[ring];
  lane->scratch_used = 0;
  head = load(&r->shared->head);
  if (head - r->tail > r->records) r->broken = 1;
  while (!r->broken && n < max && r->tail != head) {
    int taken = take_record(lane, r, head, &out[n]);
    if (taken == 0) break;
    if (taken < 0) {
      r->broken = 1;
      break;
    }
    r->tail += (uint64_t)taken;
    if (out[n].type != 0) n++;
  }
  return r->broken && n == 0 ? -1 : (int64_t)n;
}

const uint8_t* qd_lane_blobs(const qd_lane* lane) {
  return lane->scratch;
}

void qd_lane_commit(qd_lane* lane, uint32_t ring) {
  struct ring* r;
  if (ring >= lane->ring_count) return;
  r = &lane->rings[ring];
  __atomic_store_n(&r->shared->blob_tail, r->blob_tail, __ATOMIC_RELEASE);
  __atomic_store_n(&r->shared->tail, r->tail, __ATOMIC_RELEASE);
}

/* ---- looking ---- */

uint32_t qd_lane_rings(const qd_lane* lane) {
  return lane->ring_count;
}
uint64_t qd_lane_bytes(const qd_lane* lane) {
  return lane->bytes;
}
uint64_t qd_lane_tail(const qd_lane* lane, uint32_t ring) {
  return ring < lane->ring_count ? lane->rings[ring].tail : 0;
}
uint64_t qd_lane_head(const qd_lane* lane, uint32_t ring) {
  return ring < lane->ring_count ? load(&lane->rings[ring].shared->head) : 0;
}

static uint32_t share_of(uint64_t head, uint64_t tail, uint64_t capacity) {
  uint64_t used = head - tail;
  return used >= capacity ? 1024 : (uint32_t)(used * 1024 / capacity);
}

uint32_t qd_lane_fill(const qd_lane* lane, uint32_t ring) {
  const struct ring* r;
  uint32_t records, blobs;
  if (ring >= lane->ring_count) return 0;
  r = &lane->rings[ring];
  records = share_of(load(&r->shared->head), load(&r->shared->tail), r->records);
  blobs = share_of(load(&r->shared->blob_head), load(&r->shared->blob_tail), r->blob_bytes);
  return records > blobs ? records : blobs;
}

int qd_lane_ring_name(const qd_lane* lane, uint32_t ring, char name[QD_RING_NAME]) {
  name[0] = 0;
  if (ring >= lane->ring_count) return 0;
  if (__atomic_load_n(&lane->rings[ring].shared->state, __ATOMIC_ACQUIRE) == QD_RING_FREE) return 0;
  memcpy(name, lane->rings[ring].shared->name, QD_RING_NAME);
  name[QD_RING_NAME - 1] = 0;
  return 1;
}

void qd_lane_get_counts(const qd_lane* lane, uint32_t ring, qd_lane_counts* out) {
  memset(out, 0, sizeof *out);
  if (ring >= lane->ring_count) return;
  out->dropped_records = load(&lane->rings[ring].shared->dropped);
  out->dropped_blobs = load(&lane->rings[ring].shared->dropped_blobs);
  out->suppressed_logs = load(&lane->rings[ring].shared->suppressed_logs);
}

void qd_lane_get_status(const qd_lane* lane, qd_lane_status* out) {
  const qd_lane_status* s = &header(lane)->status;
  out->state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
  out->epoch = __atomic_load_n(&s->epoch, __ATOMIC_RELAXED);
  out->tick = load(&s->tick);
  out->tick_ns = load(&s->tick_ns);
  out->render_tick = load(&s->render_tick);
  out->parked_tick = load(&s->parked_tick);
  out->parked_ns = load(&s->parked_ns);
}

/* ---- orders ---- */

static void wake(qd_lane_orders* o) {
  __atomic_add_fetch(&o->park_word, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &o->park_word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void qd_lane_poke(qd_lane* lane) {
  __atomic_add_fetch(&header(lane)->orders.control_word, 1, __ATOMIC_RELEASE);
  wake(&header(lane)->orders);
}

void qd_lane_stop(qd_lane* lane, uint64_t tick, uint64_t stop_id) {
  qd_lane_orders* o = &header(lane)->orders;
  __atomic_add_fetch(&o->lease, 1, __ATOMIC_RELEASE);
  __atomic_store_n(&o->stop_id, stop_id, __ATOMIC_RELEASE);
  __atomic_store_n(&o->stop_tick, tick, __ATOMIC_RELEASE);
}

void qd_lane_renew(qd_lane* lane) {
  __atomic_add_fetch(&header(lane)->orders.lease, 1, __ATOMIC_RELEASE);
}

void qd_lane_resume(qd_lane* lane) {
  qd_lane_step(lane, QD_STOP_NONE, 0);
}

void qd_lane_step(qd_lane* lane, uint64_t until_tick, uint64_t stop_id) {
  qd_lane_orders* o = &header(lane)->orders;
  qd_lane_stop(lane, until_tick, stop_id);
  __atomic_add_fetch(&o->resume_seq, 1, __ATOMIC_RELEASE);
  wake(o);
}
