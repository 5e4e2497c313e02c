/* SPDX-License-Identifier: Apache-2.0 */
/* Series, and freeing of everything declared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/internal.h"

/* ---- series ---- */

static uint32_t hash_text(uint32_t h, const char* text) {
  for (; text && *text; text++) h = (h ^ (uint8_t)*text) * 16777619u;
  return (h ^ 0xff) * 16777619u;
}

static uint32_t hash_desc(const qd_series_desc* d) {
  uint32_t i, h = hash_text(2166136261u, d->name);
  for (i = 0; i < d->dim_count; i++) h = hash_text(hash_text(h, d->dims[i].key), d->dims[i].value);
  return h;
}

static int same_text(const char* a, const char* b) {
  return strcmp(a ? a : "", b ? b : "") == 0;
}

static int is_series(const struct series* s, const qd_series_desc* d, uint32_t hash) {
  uint32_t i;
  if (s->hash != hash || s->dim_count != d->dim_count || !same_text(s->name, d->name)) return 0;
  for (i = 0; i < d->dim_count; i++)
    if (!same_text(s->dims[2 * i], d->dims[i].key) || !same_text(s->dims[2 * i + 1], d->dims[i].value)) return 0;
  return 1;
}

static void series_free(struct series* s) {
  uint32_t i;
  free(s->name);
  free(s->unit);
  free(s->description);
  for (i = 0; i < 2 * s->dim_count; i++) free(s->dims[i]);
  memset(s, 0, sizeof *s);
}

static void series_fill(struct series* s, const qd_series_desc* d, uint32_t hash) {
  uint32_t i;
  series_free(s);
  s->name = text_copy(d->name);
  s->unit = text_copy(d->unit);
  s->description = text_copy(d->description);
  s->dim_count = d->dim_count;
  for (i = 0; i < d->dim_count; i++) {
    s->dims[2 * i] = text_copy(d->dims[i].key);
    s->dims[2 * i + 1] = text_copy(d->dims[i].value);
  }
  s->hash = hash;
  s->is_f64 = d->is_f64;
  s->scale = d->scale;
  s->has_budget = d->has_budget;
  s->budget = d->budget;
}

static void series_send(qd_probe* p, int handle) {
  const struct series* s = &p->series[handle];
  qd_series_msg m;
  uint32_t i;
  qd_writer* w = send_begin(p, QD_F_SERIES);
  if (!w) return;
  m.handle = (uint32_t)handle;
  m.name = qd_str_of(s->name);
  m.unit = qd_str_of(s->unit);
  m.is_f64 = (uint8_t)(s->is_f64 != 0);
  m.scale = (int8_t)s->scale;
  m.description = qd_str_of(s->description);
  m.has_budget = (uint8_t)(s->has_budget != 0);
  m.budget = s->budget;
  m.count = (uint16_t)s->dim_count;
  qd_put_series(w, &m);
  for (i = 0; i < s->dim_count; i++) {
    qd_pair_item item;
    item.key = qd_str_of(s->dims[2 * i]);
    item.value = qd_str_of(s->dims[2 * i + 1]);
    qd_put_pair(w, &item);
  }
  send_end(p);
}

void series_send_all(qd_probe* p) {
  int i;
  for (i = 0; i < p->series_count; i++)
    if (p->series[i].alive) series_send(p, i);
}

/* The handle of the same series, else a new one, else that of one that ended. */
static int series_slot(qd_probe* p, const qd_series_desc* d, uint32_t hash) {
  int i, ended = -1;
  for (i = 0; i < p->series_count; i++) {
    if (is_series(&p->series[i], d, hash)) return i;
    if (!p->series[i].alive && ended < 0) ended = i;
  }
  if (p->series_count < QD_MAX_SERIES) return p->series_count++;
  return ended;
}

static const char* series_wrong(const qd_series_desc* d) {
  if (!d || !d->name || !*d->name || strlen(d->name) > 255) return "A series needs a name of 1 to 255 bytes.";
  if (d->dim_count > MAX_DIMS) return "A series may have at most 8 dimensions.";
  if (d->scale < -18 || d->scale > 18) return "A series' scale lies outside of -18 to 18.";
  return NULL;
}

qd_series qd_series_declare(qd_probe* p, const qd_series_desc* d) {
  const char* wrong = series_wrong(d);
  uint32_t hash;
  int slot;
  if (!p || !on_game_thread(p)) return -1;
  if (!p->series) p->series = (struct series*)calloc(QD_MAX_SERIES, sizeof *p->series);
  if (wrong || !p->series) {
    set_error(p, "%s", wrong ? wrong : "There is no memory for series.");
    return -1;
  }
  hash = hash_desc(d);
  slot = series_slot(p, d, hash);
  if (slot < 0) {
    set_error(p, "Series \"%s\" was not declared: a process may have at most %d.", d->name, QD_MAX_SERIES);
    return -1;
  }
  if (p->series[slot].alive) return slot;
  series_fill(&p->series[slot], d, hash);
  p->series[slot].alive = 1;
  series_send(p, slot);
  return slot;
}

static qd_series declare_short(qd_probe* p, const char* name, const char* unit, int is_f64, int scale) {
  qd_series_desc d;
  memset(&d, 0, sizeof d);
  d.name = name;
  d.unit = unit;
  d.is_f64 = is_f64;
  d.scale = scale;
  return qd_series_declare(p, &d);
}

qd_series qd_series_i64(qd_probe* p, const char* name, const char* unit, int scale) {
  return declare_short(p, name, unit, 0, scale);
}

qd_series qd_series_f64(qd_probe* p, const char* name, const char* unit) {
  return declare_short(p, name, unit, 1, 0);
}

void qd_series_end(qd_probe* p, qd_series series) {
  qd_series_end_msg m;
  qd_writer* w;
  if (!p || !on_game_thread(p) || series < 0 || series >= p->series_count || !p->series[series].alive) return;
  p->series[series].alive = 0;
  w = send_begin(p, QD_F_SERIES_END);
  if (!w) return;
  m.handle = (uint32_t)series;
  m.tick = p->tick;
  qd_put_series_end(w, &m);
  send_end(p);
}

/* ---- freeing ---- */

static void text_free(const char* text) {
  free((void*)(uintptr_t)text);
}

void param_free(struct param* m) {
  uint32_t i;
  text_free(m->desc.name);
  text_free(m->desc.unit);
  text_free(m->desc.group);
  text_free(m->desc.description);
  if (m->desc.initial.type == QD_TYPE_STRING) text_free(m->desc.initial.text);
  for (i = 0; i < m->desc.choice_count; i++) text_free(m->desc.choices[i]);
  free((void*)(uintptr_t)m->desc.choices);
  free(m->text);
}

static void action_free(struct action* a) {
  uint32_t i;
  for (i = 0; i < a->desc.arg_count; i++) {
    text_free(a->desc.args[i].name);
    text_free(a->desc.args[i].description);
  }
  free((void*)(uintptr_t)a->desc.args);
  text_free(a->desc.name);
  text_free(a->desc.description);
}

static void site_free(struct site* s) {
  free(s->name);
  free(s->file);
  free(s->fields);
  free(s);
}

static void free_small(qd_probe* p) {
  uint32_t i;
  for (i = 0; i < MAX_ARMS; i++) free(p->arms[i].text);
  for (i = 0; i < p->pending_count; i++) free(p->pending[i].body);
  for (i = 0; i < MAX_RESULTS; i++) {
    free(p->pushes.slots[i].frame);
    free(p->runs.slots[i].frame);
  }
}

void declared_free(qd_probe* p) {
  int i;
  for (i = 0; i < p->series_count; i++) series_free(&p->series[i]);
  for (i = 0; i < p->param_count; i++) param_free(&p->params[i]);
  for (i = 0; i < p->action_count; i++) action_free(&p->actions[i]);
  for (i = 0; i < p->site_count; i++) site_free(p->sites[i]);
  free(p->series);
  free(p->params);
  free(p->actions);
  free_small(p);
}
