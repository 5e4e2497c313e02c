/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/frames.h"

#include <stdlib.h>
#include <string.h>

/* ---- texts ---- */

qd_str qd_str_of(const char* text) {
  qd_str s;
  s.data = text ? text : "";
  s.size = (uint32_t)strlen(s.data);
  return s;
}

int qd_str_is(qd_str s, const char* text) {
  return qd_str_equal(s, qd_str_of(text));
}

int qd_str_equal(qd_str a, qd_str b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

char* qd_str_copy(char* to, size_t size, qd_str s) {
  size_t n = s.size < size ? s.size : size - 1;
  if (n > 0) memcpy(to, s.data, n);
  to[n] = 0;
  return to;
}

int qd_id_valid(qd_str id) {
  uint32_t i;
  if (id.size < 1 || id.size > 64) return 0;
  for (i = 0; i < id.size; i++) {
    char c = id.data[i];
    int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '.' && c != '_' && c != '-') return 0;
  }
  return 1;
}

/* ---- writing ---- */

void qd_writer_free(qd_writer* w) {
  uint32_t max = w->max_bytes;
  free(w->data);
  memset(w, 0, sizeof *w);
  w->max_bytes = max;
}

static uint8_t* room(qd_writer* w, uint32_t bytes) {
  if (w->failed || bytes > w->max_bytes - w->size) {
    w->failed = 1;
    return NULL;
  }
  if (w->size + bytes > w->capacity) {
    uint32_t capacity = w->capacity ? w->capacity : 1024;
    uint8_t* data;
    while (capacity < w->size + bytes) capacity *= 2;
    data = (uint8_t*)realloc(w->data, capacity);
    if (!data) {
      w->failed = 1;
      return NULL;
    }
    w->data = data;
    w->capacity = capacity;
  }
  w->size += bytes;
  return w->data + w->size - bytes;
}

static void put_int(qd_writer* w, uint64_t v, uint32_t bytes) {
  uint8_t* to = room(w, bytes);
  uint32_t i;
  for (i = 0; to && i < bytes; i++) to[i] = (uint8_t)(v >> (8 * i));
}

void qd_put_u8(qd_writer* w, uint8_t v) {
  put_int(w, v, 1);
}
void qd_put_u16(qd_writer* w, uint16_t v) {
  put_int(w, v, 2);
}
void qd_put_u32(qd_writer* w, uint32_t v) {
  put_int(w, v, 4);
}
void qd_put_u64(qd_writer* w, uint64_t v) {
  put_int(w, v, 8);
}

void qd_put_f64(qd_writer* w, double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  put_int(w, bits, 8);
}

void qd_put_raw(qd_writer* w, const void* data, uint32_t size) {
  uint8_t* to = room(w, size);
  if (to && size) memcpy(to, data, size);
}

void qd_put_str(qd_writer* w, qd_str s) {
  uint32_t size = s.size > UINT16_MAX ? UINT16_MAX : s.size;
  qd_put_u16(w, (uint16_t)size);
  qd_put_raw(w, s.data, size);
}

void qd_put_value(qd_writer* w, const qd_value* v) {
  uint32_t i, n = v->size < 4 ? v->size : 4;
  qd_str text;
  text.data = v->text ? v->text : "";
  text.size = v->text ? v->size : 0;
  qd_put_u8(w, (uint8_t)v->type);
  switch (v->type) {
    case QD_TYPE_BOOL:
      qd_put_u8(w, v->i64 != 0);
      break;
    case QD_TYPE_I64:
    case QD_TYPE_DURATION:
      qd_put_u64(w, (uint64_t)v->i64);
      break;
    case QD_TYPE_F64:
      qd_put_f64(w, v->vec[0]);
      break;
    case QD_TYPE_ENUM:
    case QD_TYPE_STRING:
      qd_put_str(w, text);
      break;
    case QD_TYPE_VEC:
      qd_put_u8(w, (uint8_t)n);
      for (i = 0; i < n; i++) qd_put_f64(w, v->vec[i]);
      break;
    case QD_TYPE_NONE:
      break;
  }
}

void qd_frame_start(qd_writer* w, qd_frame_type type) {
  w->frame = w->size;
  qd_put_u32(w, 0);
  qd_put_u16(w, (uint16_t)type);
  qd_put_u16(w, 0);
}

int qd_frame_finish(qd_writer* w) {
  uint32_t i, bytes = w->size - w->frame - QD_FRAME_HEAD;
  if (w->failed || bytes > QD_FRAME_MAX) {
    w->size = w->frame;
    w->failed = 0;
    return -1;
  }
  for (i = 0; i < 4; i++) w->data[w->frame + i] = (uint8_t)(bytes >> (8 * i));
  return 0;
}

/* ---- reading ---- */

qd_cursor qd_cursor_of(const void* data, size_t size) {
  qd_cursor c;
  c.at = (const uint8_t*)data;
  c.end = c.at + size;
  c.failed = 0;
  return c;
}

static const uint8_t* take(qd_cursor* c, size_t bytes) {
  const uint8_t* at = c->at;
  if (c->failed || (size_t)(c->end - c->at) < bytes) {
    c->failed = 1;
    return NULL;
  }
  c->at += bytes;
  return at;
}

static uint64_t get_int(qd_cursor* c, uint32_t bytes) {
  const uint8_t* at = take(c, bytes);
  uint64_t v = 0;
  uint32_t i;
  for (i = 0; at && i < bytes; i++) v |= (uint64_t)at[i] << (8 * i);
  return v;
}

uint8_t qd_get_u8(qd_cursor* c) {
  return (uint8_t)get_int(c, 1);
}
uint16_t qd_get_u16(qd_cursor* c) {
  return (uint16_t)get_int(c, 2);
}
uint32_t qd_get_u32(qd_cursor* c) {
  return (uint32_t)get_int(c, 4);
}
uint64_t qd_get_u64(qd_cursor* c) {
  return get_int(c, 8);
}

double qd_get_f64(qd_cursor* c) {
  uint64_t bits = get_int(c, 8);
  double v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

qd_str qd_get_str(qd_cursor* c) {
  qd_str s = {"", 0};
  uint32_t size = qd_get_u16(c);
  const uint8_t* at = take(c, size);
  if (at) {
    s.data = (const char*)at;
    s.size = size;
  }
  return s;
}

static void get_vec(qd_cursor* c, qd_value* v) {
  uint32_t i, n = qd_get_u8(c);
  if (n < 1 || n > 4) c->failed = 1;
  for (i = 0; i < n && !c->failed; i++) v->vec[i] = qd_get_f64(c);
  v->size = c->failed ? 0 : n;
}

qd_value qd_get_value(qd_cursor* c) {
  qd_value v;
  qd_str text;
  memset(&v, 0, sizeof v);
  v.type = (qd_type)qd_get_u8(c);
  switch (v.type) {
    case QD_TYPE_BOOL:
      v.i64 = qd_get_u8(c) != 0;
      break;
    case QD_TYPE_I64:
    case QD_TYPE_DURATION:
      v.i64 = (int64_t)qd_get_u64(c);
      break;
    case QD_TYPE_F64:
      v.vec[0] = qd_get_f64(c);
      break;
    case QD_TYPE_ENUM:
    case QD_TYPE_STRING:
      text = qd_get_str(c);
      v.text = text.data;
      v.size = text.size;
      break;
    case QD_TYPE_VEC:
      get_vec(c, &v);
      break;
    case QD_TYPE_NONE:
      break;
    default:
      c->failed = 1;
  }
  if (c->failed) memset(&v, 0, sizeof v);
  return v;
}

int64_t qd_frame_next(const uint8_t* data, size_t size, qd_frame* out) {
  qd_cursor c = qd_cursor_of(data, size);
  uint32_t bytes = qd_get_u32(&c);
  out->type = qd_get_u16(&c);
  (void)qd_get_u16(&c);
  if (size >= 4 && bytes > QD_FRAME_MAX) return -1;
  if (c.failed || (size_t)(c.end - c.at) < bytes) return 0;
  out->body = qd_cursor_of(c.at, bytes);
  return (int64_t)QD_FRAME_HEAD + bytes;
}
