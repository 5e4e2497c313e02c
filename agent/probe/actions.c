/* SPDX-License-Identifier: Apache-2.0 */
/* Actions a process offers: run at a tick boundary, at most once an id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/internal.h"

enum { MOST_ARGS = 32, RESULT_BYTES = 1024 };

/* ---- declaring ---- */

static void action_send(qd_probe* p, const struct action* a) {
  qd_writer* w = send_begin(p, QD_F_ACTION);
  qd_action_msg m;
  uint32_t i;
  if (!w) return;
  m.name = qd_str_of(a->desc.name);
  m.description = qd_str_of(a->desc.description);
  m.risk = (uint8_t)a->desc.risk;
  m.count = (uint16_t)a->desc.arg_count;
  qd_put_action(w, &m);
  for (i = 0; i < a->desc.arg_count; i++) {
    const qd_arg_desc* d = &a->desc.args[i];
    qd_arg_item item;
    item.name = qd_str_of(d->name);
    item.type = (uint8_t)d->type;
    item.required = (uint8_t)(d->required != 0);
    item.description = qd_str_of(d->description);
    qd_put_arg(w, &item);
  }
  send_end(p);
}

void actions_send_all(qd_probe* p) {
  int i;
  for (i = 0; i < p->action_count; i++) action_send(p, &p->actions[i]);
}

static int copy_action(struct action* a, const qd_action_desc* d) {
  qd_arg_desc* args = d->arg_count ? (qd_arg_desc*)calloc(d->arg_count, sizeof *args) : NULL;
  uint32_t i;
  a->desc = *d;
  a->desc.name = text_copy(d->name);
  a->desc.description = text_copy(d->description);
  a->desc.arg_count = args ? d->arg_count : 0;
  a->desc.args = args;
  for (i = 0; i < a->desc.arg_count; i++) {
    args[i] = d->args[i];
    args[i].name = text_copy(d->args[i].name);
    args[i].description = text_copy(d->args[i].description);
  }
  return a->desc.name != NULL && a->desc.arg_count == d->arg_count;
}

int qd_action_declare(qd_probe* p, const qd_action_desc* d) {
  if (!p || !on_game_thread(p)) return -1;
  if (!p->actions) p->actions = (struct action*)calloc(MAX_ACTIONS, sizeof *p->actions);
  if (!d || !d->name || !*d->name || !d->run || d->arg_count > MOST_ARGS || !p->actions ||
      p->action_count >= MAX_ACTIONS) {
    set_error(p,
              "An action was not declared: it needs a name, a function and at most %d arguments; at most %d actions.",
              MOST_ARGS, MAX_ACTIONS);
    return -1;
  }
  if (!copy_action(&p->actions[p->action_count++], d)) return -1;
  action_send(p, &p->actions[p->action_count - 1]);
  return p->action_count - 1;
}

/* ---- running ---- */

static void finish(qd_probe* p, const qd_action_run* m, qd_outcome status, const char* text, uint64_t now, int keep) {
  qd_action_result r;
  qd_writer w;
  memset(&w, 0, sizeof w);
  w.max_bytes = QD_FRAME_MAX;
  r.id = m->id;
  r.name = m->name;
  r.status = (uint8_t)status;
  r.tick = p->tick;
  r.time_ns = now;
  r.text = qd_str_of(text);
  qd_frame_start(&w, QD_F_ACTION_RESULT);
  qd_put_action_result(&w, &r);
  if (qd_frame_finish(&w) == 0) {
    if (keep) result_keep(&p->runs, m->id, w.data, w.size);
    send_raw(p, w.data, w.size);
  }
  qd_writer_free(&w);
}

static const struct action* find(const qd_probe* p, qd_str name) {
  int i;
  for (i = 0; i < p->action_count; i++)
    if (qd_str_is(name, p->actions[i].desc.name)) return &p->actions[i];
  return NULL;
}

static const qd_arg_desc* arg_of(const struct action* a, const char* name) {
  uint32_t i;
  for (i = 0; i < a->desc.arg_count; i++)
    if (strcmp(a->desc.args[i].name, name) == 0) return &a->desc.args[i];
  return NULL;
}

static int has(const qd_field* args, uint32_t n, const char* name) {
  uint32_t i;
  for (i = 0; i < n; i++)
    if (strcmp(args[i].name, name) == 0) return 1;
  return 0;
}

static int fits(qd_type wanted, qd_value* v) {
  if (wanted == QD_TYPE_F64 && v->type == QD_TYPE_I64) *v = qd_f64((double)v->i64);
  if (wanted == QD_TYPE_ENUM && v->type == QD_TYPE_STRING) v->type = QD_TYPE_ENUM;
  return v->type == wanted;
}

/* Sentence, or NULL when the arguments are as declared. */
static const char* check_args(const struct action* a, qd_field* args, uint32_t n, char* why, size_t size) {
  uint32_t i;
  for (i = 0; i < n; i++) {
    const qd_arg_desc* d = arg_of(a, args[i].name);
    if (!d || !fits(d->type, &args[i].value)) {
      snprintf(why, size, "%s has no argument \"%.64s\"%s.", a->desc.name, args[i].name, d ? " of this type" : "");
      return why;
    }
  }
  for (i = 0; i < a->desc.arg_count; i++)
    if (a->desc.args[i].required && !has(args, n, a->desc.args[i].name)) {
      snprintf(why, size, "%s needs the argument \"%.64s\".", a->desc.name, a->desc.args[i].name);
      return why;
    }
  return NULL;
}

/* Copies with a NUL behind each text; `store` is as large as the frame plus one byte a text. */
static int read_args(qd_cursor* c, uint32_t n, qd_field* args, char* store) {
  uint32_t i;
  for (i = 0; i < n; i++) {
    qd_field_item item;
    if (!qd_get_field(c, &item)) return 0;
    args[i].name = qd_str_copy(store, item.name.size + 1u, item.name);
    store += item.name.size + 1u;
    args[i].value = item.value;
    if (!item.value.text) continue;
    memcpy(store, item.value.text, item.value.size);
    store[item.value.size] = 0;
    args[i].value.text = store;
    store += item.value.size + 1u;
  }
  return 1;
}

static void run(qd_probe* p, const struct action* a, const qd_action_run* m, qd_field* args, uint64_t now) {
  char text[RESULT_BYTES], why[REASON];
  const char* wrong = check_args(a, args, m->count, why, sizeof why);
  int failed;
  if (wrong) {
    finish(p, m, QD_REJECTED, wrong, now, 1);
    return;
  }
  text[0] = 0;
  failed = a->desc.run(a->desc.user, args, m->count, text, sizeof text);
  text[sizeof text - 1] = 0;
  finish(p, m, failed ? QD_FAILED : QD_APPLIED, text, now, 1);
}

void action_run(qd_probe* p, qd_cursor body, uint64_t now) {
  qd_field args[MOST_ARGS];
  const struct action* a;
  const struct result* known;
  qd_action_run m;
  char* store;
  if (!qd_get_action_run(&body, &m) || m.id.size < 1 || m.id.size > MAX_ID) return;
  known = result_find(&p->runs, m.id);
  if (known) {
    send_raw(p, known->frame, known->size);
    return;
  }
  a = find(p, m.name);
  store = (char*)malloc((size_t)(body.end - body.at) + 2 * MOST_ARGS);
  if (!a)
    finish(p, &m, QD_REJECTED, "This process offers no action of that name.", now, 1);
  else if (!store || m.count > MOST_ARGS || !read_args(&body, m.count, args, store))
    finish(p, &m, QD_REJECTED, "The arguments of the action are broken or too many.", now, 1);
  else
    run(p, a, &m, args, now);
  free(store);
}

void action_refuse(qd_probe* p, qd_cursor body, const char* reason) {
  qd_action_run m;
  if (qd_get_action_run(&body, &m)) finish(p, &m, QD_REJECTED, reason, qd_now_ns(), 0);
}
