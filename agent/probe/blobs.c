/* SPDX-License-Identifier: Apache-2.0 */
/* Entity frames, events, log lines, segments: written straight into the blob ring of the calling thread. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/probe/internal.h"

/* ---- entities ---- */

int qd_entities_begin(qd_probe* p, qd_entity_kind kind, uint64_t render_tick, uint32_t most) {
  qd_entities_header h;
  struct ring* r;
  uint8_t* to;
  if (!qd_connected(p)) return -1;
  r = ring_of_thread(p);
  if (!r || most > QD_FRAME_MAX / sizeof(qd_entity)) return -1;
  to = blob_open(p, r, (uint32_t)(sizeof h + most * sizeof(qd_entity)));
  if (!to) return -1;
  memset(&h, 0, sizeof h);
  h.tick = __atomic_load_n(&p->tick, __ATOMIC_RELAXED);
  h.render_tick = kind == QD_ENTITIES_AUTHORITATIVE ? h.tick << 16 : render_tick;
  h.kind = (uint32_t)kind;
  memcpy(to, &h, sizeof h);
  r->open_entities = 0;
  return 0;
}

void qd_entities_add(qd_probe* p, const qd_entity* e) {
  struct ring* r = p ? ring_of_thread(p) : NULL;
  size_t at;
  if (!r || !r->open_blob) return;
  at = sizeof(qd_entities_header) + (size_t)r->open_entities * sizeof *e;
  if (at + sizeof *e > r->open_most) return;
  memcpy(r->open_blob + sizeof(qd_blob_header) + at, e, sizeof *e);
  r->open_entities++;
}

void qd_entities_end(qd_probe* p) {
  struct ring* r = p ? ring_of_thread(p) : NULL;
  if (!r || !r->open_blob) return;
  memcpy(r->open_blob + sizeof(qd_blob_header) + offsetof(qd_entities_header, count), &r->open_entities, 4);
  blob_publish(r, QD_BLOB_ENTITIES, __atomic_load_n(&p->tick_ns, __ATOMIC_RELAXED),
               (uint32_t)(sizeof(qd_entities_header) + r->open_entities * sizeof(qd_entity)));
}

int qd_entities(qd_probe* p, qd_entity_kind kind, uint64_t render_tick, const qd_entity* entities, uint32_t count) {
  struct ring* r;
  if (qd_entities_begin(p, kind, render_tick, count) != 0) return -1;
  r = ring_of_thread(p);
  if (count)
    memcpy(r->open_blob + sizeof(qd_blob_header) + sizeof(qd_entities_header), entities, count * sizeof *entities);
  r->open_entities = count;
  qd_entities_end(p);
  return 0;
}

/* ---- texts ---- */

/* A writer into the open blob: never grows, never allocates. */
static int open_writer(qd_probe* p, struct ring* r, uint32_t most, qd_writer* w) {
  memset(w, 0, sizeof *w);
  w->data = blob_open(p, r, most);
  w->capacity = w->max_bytes = most;
  return w->data != NULL;
}

static uint32_t text_room(const char* text) {
  return 2 + (text ? (uint32_t)strnlen(text, QD_MAX_STRING) : 0);
}

static qd_str cut(const char* text) {
  qd_str s;
  s.data = text ? text : "";
  s.size = (uint32_t)strnlen(s.data, QD_MAX_STRING);
  return s;
}

static uint32_t value_room(const qd_value* v) {
  return 40 + (v->text && v->size < QD_MAX_STRING ? v->size : v->text ? QD_MAX_STRING : 0);
}

void qd_event(qd_probe* p, const char* name, const qd_field* fields, uint32_t count) {
  uint32_t i, most = 2 + text_room(name);
  struct ring* r;
  qd_event_blob m;
  qd_writer w;
  if (!p || !name || !__atomic_load_n(&p->attached, __ATOMIC_RELAXED)) return;
  r = ring_of_thread(p);
  if (!r) return;
  if (count > QD_MAX_FIELDS) {
    misuse(p);
    count = QD_MAX_FIELDS;
  }
  for (i = 0; i < count; i++) most += text_room(fields[i].name) + value_room(&fields[i].value);
  if (!open_writer(p, r, most, &w)) return;
  m.name = cut(name);
  m.count = (uint16_t)count;
  qd_put_event_blob(&w, &m);
  for (i = 0; i < count; i++) {
    qd_field_item item;
    item.name = cut(fields[i].name);
    item.value = fields[i].value;
    if (item.value.text && item.value.size > QD_MAX_STRING) item.value.size = QD_MAX_STRING;
    qd_put_field(&w, &item);
  }
  blob_publish(r, QD_BLOB_EVENT, qd_now_ns(), w.size);
}

/* At most so many a second and thread; the rest is counted and said with the next line. */
static int may_log(qd_probe* p, struct ring* r, uint64_t now) {
  if (now - r->log_window_ns >= UINT64_C(1000000000)) {
    r->log_window_ns = now;
    r->log_lines = 0;
  }
  if (r->log_lines++ < p->config.log_lines_per_second) return 1;
  r->log_suppressed++;
  __atomic_store_n(&r->shared->suppressed_logs, ++r->suppressed_logs, __ATOMIC_RELAXED);
  return 0;
}

void qd_log(qd_probe* p, qd_level level, const char* category, const char* text) {
  struct ring* r;
  uint64_t now;
  qd_log_blob m;
  qd_writer w;
  if (!p || !__atomic_load_n(&p->attached, __ATOMIC_RELAXED)) return;
  r = ring_of_thread(p);
  now = qd_now_ns();
  if (!r || !may_log(p, r, now)) return;
  if (!open_writer(p, r, 5 + text_room(category) + text_room(text), &w)) return;
  m.level = (uint8_t)level;
  m.suppressed = r->log_suppressed;
  m.category = cut(category);
  m.text = cut(text);
  qd_put_log_blob(&w, &m);
  if (blob_publish(r, QD_BLOB_LOG, now, w.size)) r->log_suppressed = 0;
}

void qd_logf(qd_probe* p, qd_level level, const char* category, const char* format, ...) {
  char text[2048];
  va_list args;
  if (!p || !__atomic_load_n(&p->attached, __ATOMIC_RELAXED)) return;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  qd_log(p, level, category, text);
}

void qd_segment_begin(qd_probe* p, const char* domain, const char* reason) {
  struct ring* r;
  qd_segment_blob m;
  qd_writer w;
  if (!p || !on_game_thread(p)) return;
  if (domain && qd_id_valid(qd_str_of(domain))) qd_str_copy(p->domain, sizeof p->domain, qd_str_of(domain));
  p->has_rendered = 0;
  r = ring_of_thread(p);
  if (!r || !open_writer(p, r, text_room(p->domain) + text_room(reason), &w)) return;
  m.domain = cut(p->domain);
  m.reason = cut(reason);
  qd_put_segment_blob(&w, &m);
  blob_publish(r, QD_BLOB_SEGMENT, qd_now_ns(), w.size);
}
