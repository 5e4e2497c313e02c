/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing, errors and counters. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/internal.h"

uint64_t qd_now_ns(void) {
  return os_monotonic_ns();
}

void misuse(qd_probe* p) {
  __atomic_add_fetch(&p->misuses, 1, __ATOMIC_RELAXED);
}

int on_game_thread(qd_probe* p) {
  if (thread_id() == p->game_thread) return 1;
  misuse(p);
  return 0;
}

void set_error(qd_probe* p, const char* format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(p->error, sizeof p->error, format, args);
  va_end(args);
}

char* text_copy(const char* text) {
  return text_copy_most(text, TEXT_MOST);
}

char* text_copy_most(const char* text, size_t most) {
  size_t size = text ? strnlen(text, most) : 0;
  char* copy = text ? (char*)malloc(size + 1) : NULL;
  if (!copy) return NULL;
  memcpy(copy, text, size);
  copy[size] = 0;
  return copy;
}

uint64_t domain_tick(const qd_probe* p) {
  return p->config.kind == QD_KIND_EDITOR ? __atomic_load_n(&p->render_tick, __ATOMIC_RELAXED) >> 16
                                          : __atomic_load_n(&p->tick, __ATOMIC_RELAXED);
}

/* ---- open ---- */

static void or_default_u32(uint32_t* v, uint32_t value) {
  if (!*v) *v = value;
}

static void or_default_u64(uint64_t* v, uint64_t value) {
  if (!*v) *v = value;
}

static void fill_defaults(qd_config* c) {
  or_default_u32(&c->rings, 8);
  if (c->rings > QD_MAX_RINGS) c->rings = QD_MAX_RINGS;
  or_default_u32(&c->ring_bytes, 1 << 20);
  or_default_u32(&c->blob_bytes, 2 << 20);
  or_default_u32(&c->worker_ring_bytes, 256 << 10);
  or_default_u32(&c->worker_blob_bytes, 256 << 10);
  or_default_u32(&c->log_lines_per_second, 200);
  or_default_u64(&c->park_orphan_ns, UINT64_C(2000000000));
  or_default_u64(&c->park_max_ns, UINT64_C(600000000000));
  or_default_u64(&c->reconnect_ns, UINT64_C(1000000000));
  or_default_u64(&c->reconnect_refused_ns, UINT64_C(5000000000));
}

static const char* check_config(const qd_config* c) {
  if (!c || !qd_id_valid(qd_str_of(c->id)))
    return "The process id must be 1 to 64 of the characters A-Z a-z 0-9 . _ - ; set qd_config.id.";
  if (c->kind != QD_KIND_SERVER && c->kind != QD_KIND_EDITOR) return "qd_config.kind must be server or editor.";
  if (c->domain && *c->domain && !qd_id_valid(qd_str_of(c->domain)))
    return "qd_config.domain must be the id of a server process.";
  if (c->label_count > MAX_LABELS) return "A process may have at most 32 labels.";
  return NULL;
}

static void copy_labels(qd_config* to, const qd_config* from) {
  qd_pair* labels = from->label_count ? (qd_pair*)calloc(from->label_count, sizeof *labels) : NULL;
  uint32_t i;
  to->label_count = labels ? from->label_count : 0;
  to->labels = labels;
  for (i = 0; i < to->label_count; i++) {
    labels[i].key = text_copy(from->labels[i].key);
    labels[i].value = text_copy(from->labels[i].value);
  }
}

static void copy_config(qd_probe* p, const qd_config* c) {
  const char* path = c->socket_path;
  p->config = *c;
  p->config.id = text_copy(c->id);
  p->config.name = text_copy(c->name ? c->name : c->id);
  p->config.build_version = text_copy(c->build_version);
  p->config.build_commit = text_copy(c->build_commit);
  p->config.build_id = text_copy(c->build_id);
  copy_labels(&p->config, c);
  fill_defaults(&p->config);
  qd_str_copy(p->domain, sizeof p->domain, qd_str_of(c->kind == QD_KIND_EDITOR ? c->domain : c->id));
  if (!path || !*path) path = getenv("QUARTERDECK_SOCKET");
  if (!path || !*path) path = "/run/quarterdeck/probe.sock";
  p->path = text_copy(path);
}

static void make_instance(qd_probe* p) {
  if (os_random(&p->instance, sizeof p->instance) != 0 || p->instance == 0)
    p->instance = qd_now_ns() ^ (uint64_t)os_pid() << 32;
}

static const char* start(qd_probe* p, const qd_config* c) {
  const char* wrong;
  os_lock_init(&p->lock);
  os_lock_init(&p->ring_lock);
  p->memfd = -1;
  p->fd = OS_NO_SOCKET;
  p->out.max_bytes = MAX_OUT_BYTES;
  p->game_thread = thread_id();
  make_instance(p);
  copy_config(p, c);
  if (!p->config.id || !p->path) return "There is no memory for the probe.";
  wrong = stream_configure(p, p->path, c->token);
  if (wrong) return wrong;
  if (rings_create(p, &p->config) != 0) return "The sample lane could not be created; check memory limits.";
  p->no_site.handle.index = MAX_SITES;
  return qd_thread_ring(p, "game") < 0 ? "The sample lane has no ring." : NULL;
}

qd_probe* qd_open(const qd_config* config, char* error, size_t error_size) {
  const char* wrong = check_config(config);
  qd_probe* p = wrong ? NULL : (qd_probe*)calloc(1, sizeof *p);
  if (!wrong) wrong = p ? start(p, config) : "There is no memory for the probe.";
  if (error && error_size) snprintf(error, error_size, "%s", wrong ? wrong : "");
  if (!wrong) return p;
  qd_close(p);
  return NULL;
}

/* ---- close ---- */

static void free_config(qd_config* c) {
  uint32_t i;
  for (i = 0; i < c->label_count; i++) {
    free((void*)(uintptr_t)c->labels[i].key);
    free((void*)(uintptr_t)c->labels[i].value);
  }
  free((void*)(uintptr_t)c->labels);
  free((void*)(uintptr_t)c->id);
  free((void*)(uintptr_t)c->name);
  free((void*)(uintptr_t)c->build_version);
  free((void*)(uintptr_t)c->build_commit);
  free((void*)(uintptr_t)c->build_id);
}

static void say_goodbye(qd_probe* p) {
  if (p->lane) __atomic_store_n(&p->lane->status.state, QD_STATE_CLOSED, __ATOMIC_RELEASE);
  if (p->stream.on) stream_ship(p);
  if (send_begin(p, QD_F_BYE)) send_end(p);
  link_flush(p);
}

void qd_close(qd_probe* p) {
  if (!p) return;
  say_goodbye(p);
  link_drop(p, "");
  if (qd_current_ring_ && qd_current_ring_->probe == p) qd_current_ring_ = NULL;
  declared_free(p);
  os_lane_free(p->base, p->lane_bytes, p->memfd);
  free(p->stream.token);
  free(p->in);
  qd_writer_free(&p->out);
  free_config(&p->config);
  free(p->path);
  os_lock_free(&p->lock);
  os_lock_free(&p->ring_lock);
  free(p);
}

/* ---- looking ---- */

int qd_connected(const qd_probe* p) {
  return p && __atomic_load_n(&p->live, __ATOMIC_RELAXED);
}
int qd_wants_entities(const qd_probe* p) {
  return qd_connected(p);
}
uint64_t qd_instance(const qd_probe* p) {
  return p ? p->instance : 0;
}
const char* qd_last_error(const qd_probe* p) {
  return p ? p->error : "The probe was not opened.";
}

void qd_get_stats(const qd_probe* p, qd_stats* out) {
  uint32_t i;
  memset(out, 0, sizeof *out);
  if (!p) return;
  for (i = 0; i < p->config.rings; i++) {
    const qd_ring_header* s = p->rings[i].shared;
    out->records += __atomic_load_n(&s->head, __ATOMIC_RELAXED);
    out->dropped_records += __atomic_load_n(&s->dropped, __ATOMIC_RELAXED);
    out->dropped_blobs += __atomic_load_n(&s->dropped_blobs, __ATOMIC_RELAXED);
    out->suppressed_logs += __atomic_load_n(&s->suppressed_logs, __ATOMIC_RELAXED);
  }
  out->dropped_records += __atomic_load_n(&p->ringless, __ATOMIC_RELAXED);
  out->misuses = __atomic_load_n(&p->misuses, __ATOMIC_RELAXED);
  out->connections = p->connections;
  out->parked_ns = p->parked_total_ns;
}
